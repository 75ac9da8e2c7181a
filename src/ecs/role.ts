import { AppError } from '../errors.ts'
import { asPolicyDocument, type NamedPolicy, type PolicyDocument } from '../iam/policy.ts'
import { isRecord, parseDocument } from './document.ts'
import type { RoleFacts } from './facts.ts'
import { managedPolicy } from './managed-policies.ts'

/** An execution role as far as it is known: its policies, and the ARNs of the managed policies that it wants attached. */
export type Role = RoleFacts & { readonly managedPolicyArns: readonly string[] }

/** Reads a role from JSON text; `what` names the file in errors. */
export function parseRole(text: string, what: string): Role {
  return asRole(parseDocument(text, what).value, what)
}

/**
 * Reads a role in the forms that people have: Portreeve's `{roleArn, trustPolicy, policies, managedPolicyArns, boundary}`, what
 * `aws iam get-role` and `get-account-authorization-details` answer, CloudFormation's `AWS::IAM::Role`, or one bare permission policy.
 */
export function asRole(value: unknown, what: string): Role {
  const role = unwrap(value)
  if (!role) throw new AppError('invalid_usage', `${what} is not a role: it must be a JSON object with policies.`)
  if ('Statement' in role) return bareRole([{ name: what, document: policy(role, what) }])
  if (!KNOWN.some((key) => key in role)) {
    throw new AppError(
      'invalid_usage',
      `${what} is not a role: give {"roleArn", "trustPolicy", "policies": [{"name", "document"}]}, the output of "aws iam get-role", or one policy document.`,
    )
  }
  const trust = role['trustPolicy'] ?? role['AssumeRolePolicyDocument']
  const inline = readNamedPolicies(role['policies'] ?? role['RolePolicyList'] ?? role['Policies'], `${what}: policies`)
  const attached = managedArns(role)
  const boundary = readBoundary(role['boundary'] ?? role['PermissionsBoundary'], what)
  const read = attached.map((arn) => managedPolicy(arn))
  const roleArn = role['roleArn'] ?? role['Arn']
  return {
    ...(typeof roleArn === 'string' ? { roleArn } : {}),
    ...(trust === undefined || trust === null ? {} : { trustPolicy: policy(trust, `${what}: trust policy`) }),
    policies: [
      ...inline,
      ...read.filter((policy) => policy !== undefined && !inline.some(({ name }) => name === policy.name)),
    ].filter((policy) => policy !== undefined),
    managedPolicyArns: attached,
    ...(boundary === 'unread' || role['boundaryUnread'] === true
      ? { boundaryUnread: true }
      : boundary
        ? { boundary }
        : {}),
    ...(typeof role['exists'] === 'boolean' ? { exists: role['exists'] } : {}),
    unreadPolicies: [
      ...new Set([
        ...textsOf(role['unreadPolicies']),
        ...attached.filter((arn, index) => !isRead(arn, read[index], inline)),
      ]),
    ],
  }
}

/** A managed policy is read when Portreeve knows it, or when the role's policies hold its document under its ARN. */
function isRead(arn: string, known: NamedPolicy | undefined, inline: readonly NamedPolicy[]): boolean {
  return known !== undefined || inline.some(({ name }) => name === arn)
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? (value as readonly unknown[]).filter((item) => typeof item === 'string') : []
}

const KNOWN = [
  'roleArn',
  'trustPolicy',
  'policies',
  'managedPolicyArns',
  'boundary',
  'Arn',
  'AssumeRolePolicyDocument',
  'RolePolicyList',
  'AttachedManagedPolicies',
  'Policies',
  'ManagedPolicyArns',
  'exists',
]

/** A role of which only permissions are known. */
export function bareRole(policies: readonly NamedPolicy[]): Role {
  return { policies, managedPolicyArns: [], unreadPolicies: [] }
}

function unwrap(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (!isRecord(value)) return undefined
  for (const key of ['Role', 'role', 'Properties']) {
    const inner = value[key]
    if (isRecord(inner)) return inner
  }
  const [detail] = Array.isArray(value['RoleDetailList']) ? (value['RoleDetailList'] as readonly unknown[]) : []
  return isRecord(detail) ? detail : value
}

function managedArns(role: Readonly<Record<string, unknown>>): readonly string[] {
  const value = role['managedPolicyArns'] ?? role['ManagedPolicyArns'] ?? role['AttachedManagedPolicies']
  if (!Array.isArray(value)) return []
  return (value as readonly unknown[]).flatMap((item) => {
    if (typeof item === 'string') return [item]
    const arn = isRecord(item) ? (item['PolicyArn'] ?? item['arn']) : undefined
    return typeof arn === 'string' ? [arn] : []
  })
}

function readBoundary(value: unknown, what: string): NamedPolicy | 'unread' | undefined {
  if (value === undefined || value === null) return undefined
  const arn = typeof value === 'string' ? value : isRecord(value) ? value['PermissionsBoundaryArn'] : undefined
  if (typeof arn === 'string') return managedPolicy(arn) ?? 'unread'
  return readNamedPolicies([value], `${what}: boundary`)[0]
}

/** Policies as a list (or one) of documents, `{name, document}`, `{PolicyName, PolicyDocument}`, or names of managed policies. */
export function readNamedPolicies(value: unknown, what: string): readonly NamedPolicy[] {
  if (value === undefined || value === null) return []
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  return list.flatMap((item, index) => {
    const place = `${what}[${index}]`
    const managed = typeof item === 'string' ? managedPolicy(item) : undefined
    if (managed) return [managed]
    if (!isRecord(item))
      throw new AppError('invalid_usage', `${place} must be a policy document or {"name", "document"}.`)
    const document = item['document'] ?? item['PolicyDocument'] ?? item['Document']
    const name = item['name'] ?? item['PolicyName']
    if (document === undefined && 'Statement' in item) return [{ name: place, document: policy(item, place) }]
    const known = typeof name === 'string' ? managedPolicy(name) : undefined
    if (document === undefined && known) return [known]
    return [{ name: typeof name === 'string' ? name : place, document: policy(document, place) }]
  })
}

function policy(value: unknown, what: string): PolicyDocument {
  try {
    // The IAM API gives documents as URL-encoded JSON, the CLI as objects.
    const document = typeof value === 'string' ? parseDocument(decodeURIComponent(value), what).value : value
    return asPolicyDocument(document, what)
  } catch (error) {
    if (error instanceof AppError) throw new AppError('invalid_usage', error.message, error.details)
    throw new AppError('invalid_usage', `${what} is not a policy document: it is text that cannot be decoded.`)
  }
}

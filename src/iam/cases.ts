import { AppError } from '../errors.ts'
import { parseArn } from './arn.ts'
import type { AuthorizationRequest, Decision, Policies } from './evaluate.ts'
import { asPolicyDocument, type NamedPolicy } from './policy.ts'

/** One IAM decision with the answer that its author expects, as `portreeve iam test` reads it. */
export type DecisionCase = {
  readonly id: string
  readonly request: AuthorizationRequest
  readonly policies: Policies
  readonly expected: Decision | undefined
}

const DECISIONS: readonly string[] = ['Allowed', 'ExplicitlyDenied', 'ImplicitlyDenied'] satisfies Decision[]

/**
 * Reads one case: `{id, principal, principalAccount, action, resource, resourceAccount, context, identityPolicies, boundary?,
 * serviceControlPolicies?, resourceControlPolicies?, resourcePolicy?, resourcePolicyIsOnlyGrant?, sessionPolicies?,
 * vpcEndpointPolicy?, expected?}`. A policy is a document, or `{name, document}`. `where` begins every error message.
 */
export function readDecisionCase(value: unknown, where: string): DecisionCase {
  const raw = objectOf(value, where)
  const text = (field: string, fallback?: string): string => {
    const found = raw[field] ?? fallback
    if (typeof found !== 'string') throw wrong(`${where}.${field}`, 'must be text')
    return found
  }
  const principal = text('principal')
  const resource = text('resource')
  if (!/^arn:[^:]*:[^:]*:[^:]*:[^:]*:.|^\d{12}$|^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(principal)) {
    throw wrong(
      `${where}.principal`,
      'must be the ARN of a role, session or user, or a service such as ecs-tasks.amazonaws.com',
    )
  }
  if (resource !== '*' && !parseArn(resource)) {
    throw wrong(`${where}.resource`, 'must be "*" or an ARN (arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE)')
  }
  const principalAccount = text('principalAccount', accountOf(principal))
  const one = (field: string) =>
    raw[field] === undefined ? undefined : namedPolicy(raw[field], `${where}.${field}`, field)
  const many = (field: string) => namedPolicies(raw[field], `${where}.${field}`, field)
  const levels = (field: string) =>
    raw[field] === undefined
      ? undefined
      : arrayOf(raw[field], `${where}.${field}`).map((level, index) =>
          namedPolicies(level, `${where}.${field}[${index}]`, `${field}[${index}]`),
        )
  const expected = raw['expected'] === undefined ? undefined : text('expected')
  if (expected !== undefined && !DECISIONS.includes(expected)) {
    throw wrong(`${where}.expected`, `must be one of ${DECISIONS.join(', ')}`)
  }
  const grant = raw['resourcePolicyIsOnlyGrant']
  if (grant !== undefined && grant !== 'key' && grant !== 'trust') {
    throw wrong(
      `${where}.resourcePolicyIsOnlyGrant`,
      'must be "key" (a KMS key policy) or "trust" (a role trust policy)',
    )
  }
  return {
    id: text('id', where),
    request: {
      principal,
      principalAccount,
      action: actionOf(text('action'), where),
      resource,
      resourceAccount: text('resourceAccount', accountOf(resource) || principalAccount),
      context: contextOf(raw['context'], `${where}.context`),
    },
    policies: {
      identityPolicies: raw['identityPolicies'] === undefined ? [] : many('identityPolicies'),
      boundary: one('boundary'),
      serviceControlPolicies: levels('serviceControlPolicies'),
      resourceControlPolicies: levels('resourceControlPolicies'),
      resourcePolicy: one('resourcePolicy'),
      resourcePolicyIsOnlyGrant: grant,
      sessionPolicies: raw['sessionPolicies'] === undefined ? undefined : many('sessionPolicies'),
      vpcEndpointPolicy: one('vpcEndpointPolicy'),
    },
    expected: expected as Decision | undefined,
  }
}

function accountOf(arn: string): string {
  return arn.split(':')[4] ?? ''
}

function actionOf(action: string, where: string): string {
  if (/^[a-zA-Z0-9-]+:[a-zA-Z0-9]+$/.test(action)) return action
  throw wrong(`${where}.action`, 'must be one action such as "ecr:BatchGetImage"')
}

function namedPolicies(value: unknown, where: string, field: string): readonly NamedPolicy[] {
  return arrayOf(value, where).map((item, index) => namedPolicy(item, `${where}[${index}]`, `${field}[${index}]`))
}

function namedPolicy(value: unknown, where: string, fallback: string): NamedPolicy {
  if (typeof value === 'object' && value !== null && 'document' in value) {
    const name = 'name' in value && typeof value.name === 'string' ? value.name : fallback
    return { name, document: asPolicyDocument(value.document, where) }
  }
  return { name: fallback, document: asPolicyDocument(value, where) }
}

function contextOf(value: unknown, where: string): AuthorizationRequest['context'] {
  const context = value === undefined ? {} : objectOf(value, where)
  for (const [key, item] of Object.entries(context)) {
    const texts: readonly unknown[] = Array.isArray(item) ? item : [item]
    if (texts.some((text) => typeof text !== 'string'))
      throw wrong(`${where}["${key}"]`, 'must be text or a list of texts')
  }
  return context as AuthorizationRequest['context']
}

function objectOf(value: unknown, where: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw wrong(where, 'must be an object')
}

function arrayOf(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value)) return value as readonly unknown[]
  throw wrong(where, 'must be a list')
}

function wrong(where: string, message: string): AppError {
  return new AppError('invalid_request', `${where} ${message}.`, { field: where })
}

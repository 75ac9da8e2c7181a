import { parseJsonText } from '../lib/json-text.ts'
import { type NamedPolicy, type PolicyDocument, policyProblems } from '../iam/policy.ts'
import { attempt, type MissingPermission, missingPermissions, type Outcome } from './attempt.ts'
import type { Aws } from './clients.ts'

export type AttachedPolicy = {
  readonly arn: string
  readonly name: string
  readonly document: PolicyDocument | undefined
}

/** A role as IAM has it. */
export type LiveRole = {
  readonly roleName: string
  readonly roleArn: string
  readonly path: string
  readonly description: string
  readonly trustPolicy: PolicyDocument
  readonly inline: readonly NamedPolicy[]
  /** Attached managed policies; a document is undefined when the caller may not read it. */
  readonly attached: readonly AttachedPolicy[]
  readonly boundary: AttachedPolicy | undefined
  readonly tags: Readonly<Record<string, string>>
}

/** A role that was looked for: undefined when IAM has none, or when the caller may not see it (then `missing` says why). */
export type RoleReading = { readonly role: LiveRole | undefined; readonly missing: readonly MissingPermission[] }

export async function readLiveRole(aws: Aws, roleName: string): Promise<RoleReading> {
  const iam = await aws.iam()
  const resource = `role ${roleName}`
  const found = await attempt('iam:GetRole', resource, () => iam.getRole({ RoleName: roleName }))
  const role = found.kind === 'found' ? found.value.Role : undefined
  if (!role?.Arn) return { role: undefined, missing: missingPermissions([found]) }
  const names = await everyPage(
    'iam:ListRolePolicies',
    role.Arn,
    (Marker) => iam.listRolePolicies({ RoleName: roleName, Marker }),
    (page) => page.PolicyNames,
  )
  const attachments = await everyPage(
    'iam:ListAttachedRolePolicies',
    role.Arn,
    (Marker) => iam.listAttachedRolePolicies({ RoleName: roleName, Marker }),
    (page) => page.AttachedPolicies,
  )
  const inline = await Promise.all(
    (valueOf(names) ?? []).map((PolicyName) =>
      attempt('iam:GetRolePolicy', role.Arn ?? resource, () => iam.getRolePolicy({ RoleName: roleName, PolicyName })),
    ),
  )
  const attached = await Promise.all(
    (valueOf(attachments) ?? []).map(async ({ PolicyArn = '', PolicyName = '' }) => ({
      arn: PolicyArn,
      name: PolicyName,
      read: await readManaged(aws, PolicyArn),
    })),
  )
  const boundaryArn = role.PermissionsBoundary?.PermissionsBoundaryArn
  const boundary = boundaryArn ? await readManaged(aws, boundaryArn) : undefined
  return {
    role: {
      roleName,
      roleArn: role.Arn,
      path: role.Path ?? '/',
      description: role.Description ?? '',
      trustPolicy: decodeDocument(role.AssumeRolePolicyDocument ?? '{}'),
      inline: inline.flatMap((outcome) =>
        outcome.kind === 'found' && outcome.value.PolicyName !== undefined
          ? [{ name: outcome.value.PolicyName, document: decodeDocument(outcome.value.PolicyDocument ?? '{}') }]
          : [],
      ),
      attached: attached.map(({ arn, name, read }) => ({ arn, name, document: valueOf(read) })),
      boundary:
        boundaryArn === undefined
          ? undefined
          : { arn: boundaryArn, name: boundaryArn.split('/').at(-1) ?? '', document: boundary && valueOf(boundary) },
      tags: Object.fromEntries((role.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value])),
    },
    missing: missingPermissions([
      names,
      attachments,
      ...inline,
      ...attached.map(({ read }) => read),
      ...(boundary ? [boundary] : []),
    ]),
  }
}

/** The document of a managed policy's default version. */
export async function readManaged(aws: Aws, arn: string): Promise<Outcome<PolicyDocument>> {
  const iam = await aws.iam()
  const policy = await attempt('iam:GetPolicy', arn, () => iam.getPolicy({ PolicyArn: arn }))
  if (policy.kind !== 'found') return policy
  const VersionId = policy.value.Policy?.DefaultVersionId ?? 'v1'
  const version = await attempt('iam:GetPolicyVersion', arn, () => iam.getPolicyVersion({ PolicyArn: arn, VersionId }))
  if (version.kind !== 'found') return version
  return { kind: 'found', value: decodeDocument(version.value.PolicyVersion?.Document ?? '{}') }
}

/** IAM gives documents as URL-encoded JSON. One that cannot be read as a policy allows nothing here. */
export function decodeDocument(text: string): PolicyDocument {
  const value = parseJsonText(text.trimStart().startsWith('%') ? decodeURIComponent(text) : text).value
  return policyProblems(value).some(({ path }) => path.length === 0) ? { Statement: [] } : (value as PolicyDocument)
}

function valueOf<T>(outcome: Outcome<T>): T | undefined {
  return outcome.kind === 'found' ? outcome.value : undefined
}

type Page = { readonly IsTruncated?: boolean | undefined; readonly Marker?: string | undefined }

async function everyPage<P extends Page, Item>(
  action: string,
  resource: string,
  read: (marker: string | undefined) => Promise<P>,
  itemsOf: (page: P) => readonly Item[] | undefined,
): Promise<Outcome<readonly Item[]>> {
  const items: Item[] = []
  let marker: string | undefined
  for (;;) {
    const from = marker
    const page = await attempt(action, resource, () => read(from))
    if (page.kind !== 'found') return page
    items.push(...(itemsOf(page.value) ?? []))
    marker = page.value.IsTruncated ? page.value.Marker : undefined
    if (marker === undefined) return { kind: 'found', value: items }
  }
}

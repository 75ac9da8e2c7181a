import { canonical, type Widening, widenings } from '../iam/cover.ts'
import { listOf, type NamedPolicy, type PolicyDocument, type PolicyStatement } from '../iam/policy.ts'
import type { LiveRole } from './live-role.ts'
import { isOwned, ownedPolicies, ownershipTags, staleTags } from './ownership.ts'

/** The role as somebody wants it. */
export type DesiredRole = {
  readonly roleName: string
  readonly path: string
  readonly description: string
  readonly trustPolicy: PolicyDocument
  readonly policies: readonly NamedPolicy[]
  readonly managedPolicyArns: readonly string[]
  /** undefined leaves the boundary as it is, null takes it away. */
  readonly boundaryArn: string | null | undefined
  readonly tags: Readonly<Record<string, string>>
}

/** One call of IAM that a plan makes. */
export type PlanStep =
  | { readonly kind: 'create-role'; readonly role: DesiredRole; readonly tags: Readonly<Record<string, string>> }
  | {
      readonly kind: 'tag-role'
      readonly tags: Readonly<Record<string, string>>
      readonly before: Readonly<Record<string, string>>
    }
  | { readonly kind: 'untag-role'; readonly keys: readonly string[]; readonly before: Readonly<Record<string, string>> }
  | { readonly kind: 'update-trust'; readonly document: PolicyDocument; readonly before: PolicyDocument }
  | { readonly kind: 'put-boundary'; readonly arn: string; readonly before: string | undefined }
  | { readonly kind: 'delete-boundary'; readonly before: string }
  | {
      readonly kind: 'put-policy'
      readonly name: string
      readonly document: PolicyDocument
      readonly before: PolicyDocument | undefined
    }
  | { readonly kind: 'delete-policy'; readonly name: string; readonly before: PolicyDocument }
  | { readonly kind: 'attach-policy'; readonly arn: string }
  | { readonly kind: 'detach-policy'; readonly arn: string }
  | { readonly kind: 'delete-role'; readonly roleName: string }

export type RolePlan = {
  readonly roleName: string
  readonly roleArn: string | undefined
  readonly steps: readonly PlanStep[]
  /** In words, what the role would allow that it does not allow today. A role that does not exist yet widens nothing. */
  readonly widens: readonly string[]
  /** Why the plan must not be carried out at all. */
  readonly refusal: string | undefined
  /** Policies on the role that are somebody else's and stay. */
  readonly foreign: readonly string[]
}

/** A managed policy's document by its ARN, for those that the plan attaches; undefined when nobody could read it. */
export type ManagedDocuments = ReadonlyMap<string, PolicyDocument | undefined>

/** The steps from the live role to the desired one: none when they agree. Policies that Portreeve did not put on the role stay. */
export function planRole(desired: DesiredRole, live: LiveRole | undefined, managed: ManagedDocuments): RolePlan {
  const recorded = ownershipTags({
    inline: desired.policies.map(({ name }) => name),
    attached: desired.managedPolicyArns,
  })
  const tags = { ...desired.tags, ...recorded }
  if (!live) {
    const steps: PlanStep[] = [
      { kind: 'create-role', role: desired, tags },
      ...desired.policies.map(({ name, document }): PlanStep => ({
        kind: 'put-policy',
        name,
        document,
        before: undefined,
      })),
      ...desired.managedPolicyArns.map((arn): PlanStep => ({ kind: 'attach-policy', arn })),
    ]
    return { roleName: desired.roleName, roleArn: undefined, steps, widens: [], refusal: undefined, foreign: [] }
  }
  const owned = ownedPolicies(live.tags)
  const refusal = isOwned(live) ? undefined : notOwned(live)
  const stray = (name: string) =>
    !owned.inline.includes(name) && !desired.policies.some((policy) => policy.name === name)
  const strayArn = (arn: string) => !owned.attached.includes(arn) && !desired.managedPolicyArns.includes(arn)
  const steps = [...policySteps(desired, live, owned.inline), ...attachmentSteps(desired, live, owned.attached)]
  const first: PlanStep[] = []
  if (canonical(live.trustPolicy) !== canonical(desired.trustPolicy)) {
    first.push({ kind: 'update-trust', document: desired.trustPolicy, before: live.trustPolicy })
  }
  if (typeof desired.boundaryArn === 'string' && desired.boundaryArn !== live.boundary?.arn) {
    first.push({ kind: 'put-boundary', arn: desired.boundaryArn, before: live.boundary?.arn })
  }
  if (desired.boundaryArn === null && live.boundary) first.push({ kind: 'delete-boundary', before: live.boundary.arn })
  return {
    roleName: desired.roleName,
    roleArn: live.roleArn,
    steps: withRecord([...first, ...steps], live.tags, tags, owned),
    widens: [
      ...widensTrust(desired, live),
      ...widensBoundary(desired, live, managed),
      ...widensPermissions(desired, live, managed, owned),
    ],
    refusal,
    foreign: [
      ...live.inline.filter(({ name }) => stray(name)).map(({ name }) => `inline policy ${name}`),
      ...live.attached.filter(({ arn }) => strayArn(arn)).map(({ arn }) => `managed policy ${arn}`),
    ],
  }
}

function notOwned(live: LiveRole): string {
  return `Role ${live.roleName} exists and is not Portreeve's. To hand it over, run: aws iam tag-role --role-name ${live.roleName} --tags Key=portreeve:managed,Value=true`
}

/** Puts the record of ownership around the steps: policies to come are recorded before they are made, so that a crash leaves none unknown. */
function withRecord(
  steps: readonly PlanStep[],
  live: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
  owned: { readonly inline: readonly string[]; readonly attached: readonly string[] },
): readonly PlanStep[] {
  const desired = ownedPolicies(wanted)
  const during = {
    ...wanted,
    ...ownershipTags({
      inline: [...owned.inline, ...desired.inline],
      attached: [...owned.attached, ...desired.attached],
    }),
  }
  const before = tagSteps(live, during)
  const after = tagSteps({ ...live, ...during }, wanted)
  const stale = staleTags({ ...live, ...during }, wanted)
  const untag: PlanStep[] =
    stale.length > 0 ? [{ kind: 'untag-role', keys: stale, before: pick({ ...live, ...during }, stale) }] : []
  return [...before, ...steps, ...after, ...untag]
}

function tagSteps(
  live: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): readonly PlanStep[] {
  const changed = Object.keys(wanted).filter((key) => live[key] !== wanted[key])
  return changed.length > 0 ? [{ kind: 'tag-role', tags: pick(wanted, changed), before: pick(live, changed) }] : []
}

function pick(from: Readonly<Record<string, string>>, keys: readonly string[]): Record<string, string> {
  return Object.fromEntries(keys.flatMap((key) => (from[key] === undefined ? [] : [[key, from[key]]])))
}

function policySteps(desired: DesiredRole, live: LiveRole, owned: readonly string[]): readonly PlanStep[] {
  const puts = desired.policies.flatMap(({ name, document }): PlanStep[] => {
    const before = live.inline.find((policy) => policy.name === name)?.document
    return before && canonical(before) === canonical(document) ? [] : [{ kind: 'put-policy', name, document, before }]
  })
  const deletes = live.inline
    .filter(({ name }) => owned.includes(name) && !desired.policies.some((policy) => policy.name === name))
    .map(({ name, document }): PlanStep => ({ kind: 'delete-policy', name, before: document }))
  return [...puts, ...deletes]
}

function attachmentSteps(desired: DesiredRole, live: LiveRole, owned: readonly string[]): readonly PlanStep[] {
  const has = new Set(live.attached.map(({ arn }) => arn))
  const attach = desired.managedPolicyArns
    .filter((arn) => !has.has(arn))
    .map((arn): PlanStep => ({ kind: 'attach-policy', arn }))
  const detach = [...has]
    .filter((arn) => owned.includes(arn) && !desired.managedPolicyArns.includes(arn))
    .map((arn): PlanStep => ({ kind: 'detach-policy', arn }))
  return [...attach, ...detach]
}

function widensTrust(desired: DesiredRole, live: LiveRole): readonly string[] {
  return widenings([live.trustPolicy], [desired.trustPolicy]).map(
    (widening) => `the trust policy ${describeWidening(widening)}`,
  )
}

function widensBoundary(desired: DesiredRole, live: LiveRole, managed: ManagedDocuments): readonly string[] {
  if (!live.boundary || desired.boundaryArn === undefined || desired.boundaryArn === live.boundary.arn) return []
  if (desired.boundaryArn === null) return [`the permissions boundary ${live.boundary.arn} goes`]
  const [before, after] = [live.boundary.document, managed.get(desired.boundaryArn)]
  if (before && after && widenings([before], [after]).length === 0) return []
  return [`the permissions boundary changes from ${live.boundary.arn} to ${desired.boundaryArn}`]
}

function widensPermissions(
  desired: DesiredRole,
  live: LiveRole,
  managed: ManagedDocuments,
  owned: { readonly inline: readonly string[]; readonly attached: readonly string[] },
): readonly string[] {
  const foreignInline = live.inline.filter(
    ({ name }) => !owned.inline.includes(name) && !desired.policies.some((one) => one.name === name),
  )
  const kept = live.attached.filter(
    ({ arn }) => desired.managedPolicyArns.includes(arn) || !owned.attached.includes(arn),
  )
  const added = desired.managedPolicyArns.filter((arn) => !live.attached.some((one) => one.arn === arn))
  const before = [...live.inline, ...live.attached].flatMap(({ document }) => document ?? [])
  const after = [...desired.policies, ...foreignInline, ...kept].flatMap(({ document }) => document ?? [])
  const unread = added
    .filter((arn) => managed.get(arn) === undefined)
    .map((arn) => `the managed policy ${arn}, which nobody could read, is attached`)
  const fresh = added.flatMap((arn) => managed.get(arn) ?? [])
  return [...unread, ...widenings(before, [...after, ...fresh]).map(describeWidening)]
}

function describeWidening({ kind, statement }: Widening): string {
  return `${kind === 'new-allow' ? 'allows' : 'no longer denies'} ${describeStatement(statement)}`
}

function describeStatement(statement: PolicyStatement): string {
  const what =
    statement.Action === undefined
      ? `everything but ${listOf(statement.NotAction).join(', ')}`
      : listOf(statement.Action).join(', ')
  const where =
    statement.Resource !== undefined
      ? ` on ${listOf(statement.Resource).join(', ')}`
      : statement.NotResource !== undefined
        ? ` on everything but ${listOf(statement.NotResource).join(', ')}`
        : ''
  const who = statement.Principal === undefined ? '' : ` for ${canonical(statement.Principal)}`
  const when = statement.Condition === undefined ? '' : ` when ${canonical(statement.Condition)}`
  return `${what}${where}${who}${when}`
}

/** The steps that delete a role: only what is Portreeve's, and the role only when nothing else is left on it. */
export function planDestroy(live: LiveRole): RolePlan {
  const owned = ownedPolicies(live.tags)
  const foreign = [
    ...live.inline.filter(({ name }) => !owned.inline.includes(name)).map(({ name }) => `inline policy ${name}`),
    ...live.attached.filter(({ arn }) => !owned.attached.includes(arn)).map(({ arn }) => `managed policy ${arn}`),
  ]
  const refusal = !isOwned(live)
    ? `Role ${live.roleName} is not Portreeve's: it lacks the tag portreeve:managed.`
    : foreign.length > 0
      ? `Role ${live.roleName} has policies that Portreeve did not make: ${foreign.join(', ')}. Remove them first.`
      : undefined
  const steps: readonly PlanStep[] = [
    ...live.inline.map(({ name, document }): PlanStep => ({ kind: 'delete-policy', name, before: document })),
    ...live.attached.map(({ arn }): PlanStep => ({ kind: 'detach-policy', arn })),
    { kind: 'delete-role', roleName: live.roleName },
  ]
  return {
    roleName: live.roleName,
    roleArn: live.roleArn,
    steps: refusal === undefined ? steps : [],
    widens: [],
    refusal,
    foreign,
  }
}

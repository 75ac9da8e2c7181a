import type { LintSubject, LocatedPolicy } from './subject.ts'
import type { Say } from './view.ts'

/** IAM quotas, in characters without white space where documents are meant. */
const MANAGED_LIMIT = 6144
const INLINE_LIMIT = 10_240
const TRUST_DEFAULT = 2048
const TRUST_LIMIT = 4096
const ROLE_NAME_LIMIT = 64
const MANAGED_PER_ROLE = 10

/** Sizes, counts and the role's name. */
export function lintLimits(
  subject: LintSubject,
  roleName: string | undefined,
  sayRole: Say,
  sayPolicy: (policy: LocatedPolicy) => Say,
): void {
  for (const policy of subject.policies) {
    const size = sizeOf(policy)
    const say = sayPolicy(policy)
    if ((policy.kind === 'managed' || policy.kind === 'boundary') && size > MANAGED_LIMIT) {
      say(
        'policy-too-large',
        [],
        `${policy.name} has ${size} characters without white space; a managed policy may have ${MANAGED_LIMIT}.`,
        'Split it in two, or name fewer resources with patterns.',
      )
    }
    if (policy.kind === 'trust' && size > TRUST_DEFAULT) {
      const over = size > TRUST_LIMIT
      say(
        'policy-too-large',
        [],
        `The trust policy has ${size} characters without white space; the quota is ${TRUST_DEFAULT}${over ? `, and no more than ${TRUST_LIMIT} on request` : ` unless raised to ${TRUST_LIMIT}`}.`,
        'Name fewer principals or conditions.',
        over ? 'error' : 'warning',
      )
    }
  }
  const inline = subject.policies.filter((policy) => policy.kind === 'inline')
  const total = inline.reduce((sum, policy) => sum + sizeOf(policy), 0)
  if (total > INLINE_LIMIT) {
    sayRole(
      'policy-too-large',
      [],
      `The inline policies have ${total} characters without white space together; a role may have ${INLINE_LIMIT}.`,
      'Move some into a managed policy.',
    )
  }
  const overOne = inline.find((policy) => sizeOf(policy) > MANAGED_LIMIT)
  if (overOne && total <= INLINE_LIMIT) {
    sayPolicy(overOne)(
      'policy-too-large',
      [],
      `${overOne.name} has ${sizeOf(overOne)} characters: it fits inline, but no managed policy of more than ${MANAGED_LIMIT}.`,
      'Keep it inline, or split it.',
      'info',
    )
  }
  if (subject.managedPolicyArns.length > MANAGED_PER_ROLE) {
    sayRole(
      'too-many-policies',
      [],
      `${subject.managedPolicyArns.length} managed policies are attached; the quota is ${MANAGED_PER_ROLE}.`,
      'Merge some, or ask for a higher quota (at most 25).',
    )
  }
  if (roleName === undefined || roleName.includes('⟨')) return
  if (roleName.length > ROLE_NAME_LIMIT) {
    sayRole(
      'bad-role-name',
      [],
      `The role name has ${roleName.length} characters; IAM takes ${ROLE_NAME_LIMIT}.`,
      'Shorten it.',
    )
  } else if (!/^[\w+=,.@-]+$/.test(roleName)) {
    sayRole(
      'bad-role-name',
      [],
      `"${roleName}" holds a character that IAM refuses in role names.`,
      'Use letters, digits and + = , . @ - _ only.',
    )
  }
}

function sizeOf(policy: LocatedPolicy): number {
  return JSON.stringify(policy.document).length
}

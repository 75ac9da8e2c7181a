import { type Principal, parseArn, roleNameOf } from './arn.ts'
import { compileGlob, globMatches } from './glob.ts'
import { listOf, type PolicyPrincipal } from './policy.ts'
import { compileText, type Matcher, type RequestContext, singleValue, variablesOf } from './variable.ts'

/** Actions compare without regard to case and know no variables. */
export function compileActions(actions: readonly string[]): (lowerAction: string) => boolean {
  const exact = new Set<string>()
  const globs: Matcher[] = []
  for (const action of actions) {
    const lower = action.toLowerCase()
    if (/[*?]/.test(lower)) globs.push(compileText(lower, { wildcards: true, variables: false }))
    else exact.add(lower)
  }
  return (action) => {
    if (exact.has(action)) return true
    for (const matches of globs) if (matches(action, noContext)) return true
    return false
  }
}

const empty: RequestContext = new Map()
const noContext = () => empty

/** Says whether a Resource or NotResource element covers a resource. */
export type ResourceTest = (resource: string, context: () => RequestContext) => boolean

/**
 * Resources compare with regard to case; a wildcard reaches over colons and slashes. Variables count when the version has them.
 * IAM takes only `*` and ARNs here: any other text covers nothing, and a NotResource with such a text leaves nothing over. The same
 * holds for a variable that has no value ("will not match any resource", IAM user guide, for Resource and NotResource alike) when
 * the parts before it speak of the same kind of resource.
 */
export function compileResources(resources: readonly string[], variables: boolean, inverted: boolean): ResourceTest {
  const sound = resources.every(isResourceText)
  if (inverted && !sound) return () => false
  const matchers = resources.filter(isResourceText).map((resource) => ({
    matches: compileText(resource, { wildcards: true, variables }),
    keys: variables ? variablesOf(resource) : [],
    sameKind: compileGlob(
      `${resource
        .replaceAll(/\$\{[^}]*\}/g, '*')
        .split(':')
        .slice(0, 5)
        .join(':')}:*`,
    ),
  }))
  if (!inverted) {
    const [only] = matchers
    if (only && matchers.length === 1) return only.matches
    return (value, context) => {
      for (const { matches } of matchers) if (matches(value, context)) return true
      return false
    }
  }
  return (value, context) => {
    for (const { matches, keys, sameKind } of matchers) {
      if (matches(value, context)) return false
      if (keys.some((key) => singleValue(context(), key) === undefined) && globMatches(sameKind, value)) return false
    }
    return true
  }
}

/** What IAM takes as a Resource: `*` or an ARN. */
export function isResourceText(text: string): boolean {
  return text === '*' || text.startsWith('arn:')
}

/**
 * How a Principal element names the one who asks. The difference decides: naming the account only delegates to its own policies,
 * naming the role grants within boundary and session policy, naming the session, the user, a service or everybody grants outright.
 */
export type PrincipalMatch = 'none' | 'account' | 'role' | 'direct'

const RANK: Readonly<Record<PrincipalMatch, number>> = { none: 0, account: 1, role: 2, direct: 3 }

export function strongerMatch(one: PrincipalMatch, other: PrincipalMatch): PrincipalMatch {
  return RANK[one] >= RANK[other] ? one : other
}

/** The one who asks, with the role's full ARN where the context knows it (`aws:PrincipalArn` keeps the path, a session ARN does not). */
export type Asker = { readonly principal: Principal; readonly account: string; readonly roleArn: string | undefined }

export function matchPrincipal(element: PolicyPrincipal, asker: Asker): PrincipalMatch {
  if (element === '*') return 'direct'
  let best: PrincipalMatch = 'none'
  for (const [kind, value] of Object.entries(element)) {
    for (const text of listOf(value)) best = strongerMatch(best, matchOne(kind, text, asker))
  }
  return best
}

function matchOne(kind: string, text: string, asker: Asker): PrincipalMatch {
  const { principal } = asker
  if (kind === 'Service') return principal.kind === 'service' && principal.name === text ? 'direct' : 'none'
  if (kind !== 'AWS') return principal.kind === 'other' && principal.arn === text ? 'direct' : 'none'
  if (text === '*') return 'direct'
  if (principal.kind === 'service') return 'none'
  if (text === principal.arn)
    return principal.kind === 'role' ? 'role' : principal.kind === 'root' ? 'account' : 'direct'
  if (/^\d{12}$/.test(text)) return text === asker.account ? 'account' : 'none'
  const arn = parseArn(text)
  if (arn?.service !== 'iam') return 'none'
  if (arn.resource === 'root') return arn.account === asker.account ? 'account' : 'none'
  if (principal.kind !== 'session' || !arn.resource.startsWith('role/')) return 'none'
  if (asker.roleArn !== undefined) return text === asker.roleArn ? 'role' : 'none'
  return arn.account === principal.account && roleNameOf(text) === principal.roleName ? 'role' : 'none'
}

import {
  listOf,
  type NamedPolicy,
  type PolicyCondition,
  type PolicyDocument,
  type PolicyStatement,
  statementsOf,
} from '../iam/policy.ts'
import { compileGlob, globMatches, globsMeet } from '../iam/glob.ts'
import { hasUnknown, unknownParts } from './need.ts'

/** What a call leaves unknown: condition keys that AWS would send but nobody has named, and its own resource's unknown parts. */
export type Unknowns = {
  readonly resource: string
  /** Whether a condition key (in lower case) has a value that nobody knows. */
  readonly isUnknownKey: (lowerKey: string) => boolean
}

type Mode = 'worst' | 'best'

/**
 * The policy as it stands in the worst or the best case: where a statement depends on something unknown, the worst case takes an Allow
 * for absent and a Deny for present, the best case the other way round. When both cases decide alike, the unknown does not matter.
 */
export function assume(policy: NamedPolicy, unknowns: Unknowns, mode: Mode): NamedPolicy {
  if (!dependsOnUnknown(policy.document, unknowns)) return policy
  const statements = statementsOf(policy.document).map((statement) => assumeStatement(statement, unknowns, mode))
  return { name: policy.name, document: { ...policy.document, Statement: statements } }
}

/** The names of the unknown things that a policy's statements on this action hang on. */
export function unknownsIn(policy: NamedPolicy, unknowns: Unknowns): readonly string[] {
  return statementsOf(policy.document).flatMap((statement) => [
    ...conditionKeys(statement.Condition).filter((key) => unknowns.isUnknownKey(key.toLowerCase())),
    ...textsOf(statement).flatMap(unknownParts),
  ])
}

type Traits = { readonly keys: readonly string[]; readonly marked: boolean }

const traits = new WeakMap<PolicyDocument, Traits>()

function dependsOnUnknown(document: PolicyDocument, unknowns: Unknowns): boolean {
  if (hasUnknown(unknowns.resource)) return true
  let known = traits.get(document)
  if (!known) {
    const statements = statementsOf(document)
    const keys = statements.flatMap((statement) => conditionKeys(statement.Condition).map((key) => key.toLowerCase()))
    known = { keys: [...new Set(keys)], marked: statements.some((statement) => textsOf(statement).some(hasUnknown)) }
    traits.set(document, known)
  }
  return known.marked || known.keys.some(unknowns.isUnknownKey)
}

function assumeStatement(statement: PolicyStatement, unknowns: Unknowns, mode: Mode): PolicyStatement {
  const applies = (statement.Effect === 'Allow') === (mode === 'best')
  const open = openParts(statement, unknowns)
  if (!open) return statement
  if (applies) return open.satisfied
  const { NotAction: _, ...rest } = statement
  return { ...rest, Action: [] }
}

/** The statement with its unknown parts taken as fulfilled, or undefined when none of its parts is unknown. */
function openParts(statement: PolicyStatement, unknowns: Unknowns): { satisfied: PolicyStatement } | undefined {
  const condition = knownConditions(statement.Condition, unknowns)
  const resources = listOf(statement.Resource)
  const literal = resources.some((resource) => !hasUnknown(resource) && covers(resource, unknowns.resource))
  const possible =
    !literal && resources.some((resource) => needsGuess(resource, unknowns) && couldMatch(resource, unknowns.resource))
  const actions = listOf(statement.Action)
  const guessedActions = actions.some(hasUnknown)
  const guessedPrincipal = JSON.stringify(statement.Principal ?? '').includes('⟨')
  if (condition === undefined && !possible && !guessedActions && !guessedPrincipal) return undefined
  return {
    satisfied: {
      ...statement,
      ...(condition === undefined ? {} : { Condition: condition }),
      ...(possible ? { Resource: '*' } : {}),
      ...(guessedActions ? { Action: '*' } : {}),
      ...(guessedPrincipal ? { Principal: '*' } : {}),
    },
  }
}

function needsGuess(resource: string, unknowns: Unknowns): boolean {
  return (hasUnknown(resource) && resource !== unknowns.resource) || hasUnknown(unknowns.resource)
}

/** Whether a resource pattern without unknown parts covers the call's resource whatever its unknown parts are. */
function covers(pattern: string, resource: string): boolean {
  return globMatches(compileGlob(pattern), resource)
}

/** Whether two patterns can mean the same text when their unknown parts can be anything. */
function couldMatch(one: string, other: string): boolean {
  const open = (text: string) => text.replace(/⟨[^⟩]*⟩/g, '*')
  return globsMeet(open(one), open(other))
}

/** The condition without the entries that hang on something unknown; undefined when there is none of those. */
function knownConditions(condition: PolicyCondition | undefined, unknowns: Unknowns): PolicyCondition | undefined {
  if (!condition) return undefined
  let dropped = false
  const kept = Object.entries(condition).map(([operator, keys]) => {
    const entries = Object.entries(keys).filter(([key, wanted]) => {
      const open = unknowns.isUnknownKey(key.toLowerCase()) || listOf(wanted).some((value) => hasUnknown(String(value)))
      if (open) dropped = true
      return !open
    })
    return [operator, Object.fromEntries(entries)] as const
  })
  return dropped ? Object.fromEntries(kept.filter(([, keys]) => Object.keys(keys).length > 0)) : undefined
}

function conditionKeys(condition: PolicyCondition | undefined): readonly string[] {
  return Object.values(condition ?? {}).flatMap((keys) => Object.keys(keys))
}

function textsOf(statement: PolicyStatement): readonly string[] {
  const conditions = Object.values(statement.Condition ?? {}).flatMap((keys) =>
    Object.values(keys).flatMap((value) => listOf(value).map(String)),
  )
  const principals =
    typeof statement.Principal === 'object' ? Object.values(statement.Principal).flatMap((value) => listOf(value)) : []
  return [...listOf(statement.Action), ...listOf(statement.Resource), ...principals, ...conditions]
}

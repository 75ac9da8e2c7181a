import { globCovers, globsMeet } from './glob.ts'
import { isResourceText } from './match.ts'
import { listOf, type PolicyDocument, type PolicyStatement, statementsOf } from './policy.ts'

/** Whether every call that `inner` speaks of is one that `outer` speaks of. A yes is certain, a no means "not proven". */
export function statementCovers(outer: PolicyStatement, inner: PolicyStatement): boolean {
  return (
    elementCovers(outer, inner, 'Action') &&
    elementCovers(outer, inner, 'Resource') &&
    samePrincipal(outer, inner) &&
    conditionCovers(outer, inner)
  )
}

function elementCovers(outer: PolicyStatement, inner: PolicyStatement, element: 'Action' | 'Resource'): boolean {
  const not = `Not${element}` as const
  const fold = (texts: readonly string[]) => (element === 'Action' ? texts.map((text) => text.toLowerCase()) : texts)
  // A resource text that is no ARN matches nothing; a NotResource with one, or with "*", makes its statement match nothing.
  const sound = (text: string) => element === 'Action' || isResourceText(text)
  const have = fold(listOf(inner[element])).filter(sound)
  const haveNot = fold(listOf(inner[not]))
  if ((outer[element] === undefined && outer[not] === undefined) || !haveNot.every(sound) || haveNot.includes('*'))
    return true
  if (inner[element] === undefined && inner[not] === undefined) return listOf(outer[element]).includes('*')
  if (outer[not] === undefined) {
    const want = fold(listOf(outer[element])).filter(sound)
    if (inner[not] !== undefined) return want.includes('*')
    return have.every((text) => want.some((candidate) => coversText(candidate, text)))
  }
  // What outer leaves out must be left out by inner too, or lie apart from it.
  return fold(listOf(outer[not])).every((text) => {
    if (haveNot.includes(text)) return true
    if (!sound(text) || (element === 'Resource' && text.includes('${'))) return false
    if (inner[not] !== undefined) return haveNot.some((item) => globCovers(item, text))
    return have.every((item) => !globsMeet(anyValue(item), text))
  })
}

/** A text with a variable is covered by itself and by what covers it for every value, which a pattern's `*` does. */
function coversText(outer: string, inner: string): boolean {
  if (outer === inner) return true
  return !outer.includes('${') && globCovers(outer, anyValue(inner))
}

function anyValue(text: string): string {
  return text.replaceAll(/\$\{[^}]*\}/g, '*')
}

function samePrincipal(outer: PolicyStatement, inner: PolicyStatement): boolean {
  return (
    canonical(outer.Principal) === canonical(inner.Principal) &&
    canonical(outer.NotPrincipal) === canonical(inner.NotPrincipal)
  )
}

/** Every test that outer makes must be one that inner makes with no more values; an outer without conditions makes none. */
function conditionCovers(outer: PolicyStatement, inner: PolicyStatement): boolean {
  const have = conditionTexts(inner)
  return [...conditionTexts(outer)].every(([key, text]) => have.get(key) === text)
}

function conditionTexts(statement: PolicyStatement): Map<string, string> {
  return new Map(
    Object.entries(statement.Condition ?? {}).flatMap(([operator, keys]) =>
      Object.entries(keys).map(([key, value]): [string, string] => [
        `${operator} ${key.toLowerCase()}`,
        canonical(listOf(value).map(String)),
      ]),
    ),
  )
}

/** What is left when each item that another one covers is taken away, later ones first. */
export function withoutCovered<T>(items: readonly T[], covers: (outer: T, inner: T) => boolean): T[] {
  const left = [...items]
  for (let index = left.length - 1; index >= 0; index -= 1) {
    const item = left[index] as T
    if (left.some((other, at) => at !== index && covers(other, item))) left.splice(index, 1)
  }
  return left
}

/** Equal texts for values that mean the same: members sorted, lists sorted and without repetition, one value like a list of one. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) {
    const items = [...new Set(value.map((item: unknown) => canonical(item)))].toSorted()
    return items.length === 1 ? (items[0] ?? '') : `[${items.join(',')}]`
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
    return `{${members.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`
  }
  return JSON.stringify(value) ?? 'null'
}

/** A way in which policies may allow more than they did: an allow that nothing covered, or a deny that nothing keeps. */
export type Widening = { readonly kind: 'new-allow' | 'lost-deny'; readonly statement: PolicyStatement }

/**
 * What `after` may allow and `before` did not, part by part: each single action and resource of an allow is judged for itself.
 * Empty means proven narrower or equal.
 */
export function widenings(before: readonly PolicyDocument[], after: readonly PolicyDocument[]): readonly Widening[] {
  const old = before.flatMap(versioned)
  const fresh = after.flatMap(versioned)
  const lacking = (effect: 'Allow' | 'Deny', parts: readonly Versioned[], cover: readonly Versioned[]) =>
    parts
      .filter(({ statement }) => statement.Effect === effect)
      .flatMap(({ statement, version }) => atoms(statement).map((atom) => ({ statement: atom, version })))
      .filter((atom) => !cover.some((one) => one.statement.Effect === effect && covers(one, atom)))
      .map(({ statement }) => statement)
  return [
    ...lacking('Allow', fresh, old).map((statement) => ({ kind: 'new-allow' as const, statement })),
    ...lacking('Deny', old, fresh).map((statement) => ({ kind: 'lost-deny' as const, statement })),
  ]
}

type Versioned = { readonly statement: PolicyStatement; readonly version: string | undefined }

function versioned(document: PolicyDocument): readonly Versioned[] {
  return statementsOf(document).map((statement) => ({ statement, version: document.Version }))
}

/** The version decides whether `${…}` is a variable: with such texts only statements of one version compare. */
function covers(outer: Versioned, inner: Versioned): boolean {
  const variables = [outer, inner].some(({ statement }) => JSON.stringify(statement).includes('${'))
  return (!variables || outer.version === inner.version) && statementCovers(outer.statement, inner.statement)
}

/** A statement as its single pairs of action and resource. */
function atoms(statement: PolicyStatement): readonly PolicyStatement[] {
  const { Sid: _sid, Action, Resource, ...rest } = statement
  const actions = Action === undefined ? [{}] : listOf(Action).map((text) => ({ Action: text }))
  const resources = Resource === undefined ? [{}] : listOf(Resource).map((text) => ({ Resource: text }))
  return actions.flatMap((action) => resources.map((resource) => ({ ...rest, ...action, ...resource })))
}

import { canonical, statementCovers, withoutCovered } from './cover.ts'
import { globCovers } from './glob.ts'
import { isResourceText } from './match.ts'
import { listOf, type PolicyDocument, type PolicyStatement, statementsOf } from './policy.ts'

/**
 * The same policy in fewer words: repeated and covered texts go, statements that another one covers go, and statements that differ
 * in their actions alone or in their resources alone become one. Every decision stays what it was. A statement that absorbs another
 * keeps its own Sid.
 */
export function minimise(document: PolicyDocument): PolicyDocument {
  let statements = statementsOf(document).map(tidy)
  for (;;) {
    const next = mergeOnce(dropCovered(statements))
    if (next.length === statements.length) return { ...document, Statement: next }
    statements = next
  }
}

function tidy(statement: PolicyStatement): PolicyStatement {
  const result: Record<string, unknown> = { ...statement }
  for (const element of ['Action', 'Resource', 'NotAction', 'NotResource'] as const) {
    const texts = statement[element]
    if (texts !== undefined) result[element] = simplest(dropCoveredTexts(listOf(texts), element.endsWith('Action')))
  }
  return result as PolicyStatement
}

function dropCoveredTexts(texts: readonly string[], action: boolean): readonly string[] {
  const covers = (outer: string, inner: string) =>
    action ? globCovers(outer.toLowerCase(), inner.toLowerCase()) : resourceCovers(outer, inner)
  return withoutCovered(texts, covers)
}

/** A text with a variable covers only its equal, for its value may be missing; one that is no ARN covers nothing. */
function resourceCovers(outer: string, inner: string): boolean {
  if (outer === inner) return true
  if (outer.includes('${') || inner.includes('${')) return false
  return isResourceText(outer) && globCovers(outer, inner)
}

function simplest(texts: readonly string[]): string | readonly string[] {
  const [only] = texts
  return texts.length === 1 && only !== undefined ? only : texts
}

function dropCovered(statements: readonly PolicyStatement[]): PolicyStatement[] {
  return withoutCovered(statements, (outer, inner) => outer.Effect === inner.Effect && statementCovers(outer, inner))
}

/** Merges the first two statements that can be one. */
function mergeOnce(statements: readonly PolicyStatement[]): PolicyStatement[] {
  for (const [index, one] of statements.entries()) {
    for (const [offset, other] of statements.slice(index + 1).entries()) {
      const element = mergeableIn(one, other)
      if (!element) continue
      const merged = tidy({ ...one, [element]: [...listOf(one[element]), ...listOf(other[element])] })
      return statements.flatMap((statement, at) =>
        at === index ? [merged] : at === index + 1 + offset ? [] : [statement],
      )
    }
  }
  return [...statements]
}

function mergeableIn(one: PolicyStatement, other: PolicyStatement): 'Action' | 'Resource' | undefined {
  const rest = (statement: PolicyStatement, element: 'Action' | 'Resource') => {
    const { Sid: _sid, [element]: _texts, ...others } = statement
    return canonical(others)
  }
  for (const element of ['Action', 'Resource'] as const) {
    if (one[element] === undefined || other[element] === undefined) continue
    if (rest(one, element) === rest(other, element)) return element
  }
  return undefined
}

import { listOf, type PolicyStatement } from '../iam/policy.ts'

/**
 * Fewer statements that grant the same: those with the same resources and condition share their actions, then those with the same actions
 * and condition share their resources. Never grants what no statement did.
 */
export function mergeStatements(statements: readonly PolicyStatement[]): readonly PolicyStatement[] {
  const byResource = mergeBy(statements, 'Action', (statement) => [
    listOf(statement.Resource).toSorted(),
    statement.Condition,
  ])
  return mergeBy(byResource, 'Resource', (statement) => [listOf(statement.Action).toSorted(), statement.Condition])
}

function mergeBy(
  statements: readonly PolicyStatement[],
  element: 'Action' | 'Resource',
  keyOf: (statement: PolicyStatement) => unknown,
): readonly PolicyStatement[] {
  const merged = new Map<string, PolicyStatement>()
  for (const statement of statements) {
    const key = JSON.stringify([statement.Effect, statement.Principal, keyOf(statement)])
    const known = merged.get(key)
    const values = [...new Set([...listOf(known?.[element]), ...listOf(statement[element])])]
    merged.set(key, { ...statement, ...known, [element]: values.length === 1 ? values[0] : values })
  }
  return [...merged.values()]
}

type Json = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : value === undefined ? [] : [value])

/** A statement with its members in one order and its lists sorted: order means nothing in a policy. */
function statement(value: unknown): unknown {
  if (!isRecord(value)) return value
  const sorted = (each: unknown) => {
    const values = listOf(each)
      .map(String)
      .toSorted((a, b) => a.localeCompare(b))
    return values.length === 1 ? values[0] : values
  }
  const { Sid, Effect, Principal, Action, Resource, Condition, ...rest } = value
  return {
    ...(Sid === undefined ? {} : { Sid }),
    Effect,
    ...(Principal === undefined ? {} : { Principal }),
    ...(Action === undefined ? {} : { Action: sorted(Action) }),
    ...(Resource === undefined ? {} : { Resource: sorted(Resource) }),
    ...rest,
    ...(Condition === undefined ? {} : { Condition }),
  }
}

/** A role as lines that can be compared: trust, then every statement of its policies. Null when the text is no role. */
export function comparable(text: string): string | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (!isRecord(value)) return null
  const documents =
    'Statement' in value
      ? [value]
      : listOf(value['policies']).map((policy) => (isRecord(policy) ? (policy['document'] ?? policy) : policy))
  const statements = documents.flatMap((document) => (isRecord(document) ? listOf(document['Statement']) : []))
  if (statements.length === 0 && !isRecord(value['trustPolicy'])) return null
  const trust = isRecord(value['trustPolicy']) ? listOf(value['trustPolicy']['Statement']) : []
  return JSON.stringify({ trust: trust.map(statement), permissions: statements.map(statement) }, null, 2)
}

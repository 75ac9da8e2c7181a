// Walks over what callers and models name as they like: arguments, results, labels.
import { isJson } from '../../llm/stream/json-scan.ts'
import type { Json, JsonObject } from '../../llm/spec.ts'

/** What becomes of one text; undefined leaves it. Names and numbers are `aside`: looked at like text, and no part of what was said. */
export type Visit = (text: string, aside?: boolean) => string | undefined

/** A number with fewer digits is nobody's. */
const LEAST_DIGITS = 9

/** Visits every name, text and long number below, for here no name means anything to the gateway. Changes in place; gives the value. */
export function walkOpen(value: Json, visit: Visit): Json {
  if (typeof value === 'string') return visit(value) ?? value
  if (typeof value === 'number') return (hasManyDigits(value) ? visit(String(value), true) : undefined) ?? value
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) for (const [index, item] of value.entries()) value[index] = walkOpen(item, visit)
  else walkMembers(value, visit)
  return value
}

const hasManyDigits = (value: number) => Number.isSafeInteger(value) && String(Math.abs(value)).length >= LEAST_DIGITS

function walkMembers(object: JsonObject, visit: Visit): void {
  let renamed = false
  const members = Object.entries(object).map(([name, value]): [string, Json] => {
    const other = visit(name, true)
    if (other !== undefined) renamed = true
    return [other ?? name, walkOpen(value, visit)]
  })
  if (renamed) for (const name of Object.keys(object)) delete object[name]
  const taken = new Set<string>()
  for (const [name, value] of members) {
    let own = name
    for (let count = 2; taken.has(own); count++) own = `${name} ${count}`
    taken.add(own)
    put(object, own, value)
  }
}

/** Sets a member whatever its name: `__proto__` is one like any other in JSON. */
export function put(object: JsonObject, name: string, value: Json): void {
  if (name === '__proto__')
    Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true })
  else object[name] = value
}

/** Arguments are read as what they are, so that no escape hides a text and none is broken. What is no JSON is a text. */
export function visitJson(text: string, visit: Visit): string | undefined {
  if (!isJson(Buffer.from(text))) return visit(text)
  let changed = false
  const value = walkOpen(JSON.parse(text) as Json, (part, aside) => {
    const other = visit(part, aside)
    if (other !== undefined) changed = true
    return other
  })
  return changed ? JSON.stringify(value) : undefined
}

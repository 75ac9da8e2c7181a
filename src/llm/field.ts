// Strict reading of what a caller sent: a wrong type is refused with the field's place.
import { AppError } from '../errors.ts'
import { asObject } from './json.ts'
import type { Json, JsonObject } from './spec.ts'

const kindOf = (value: unknown) =>
  value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : typeof value

export const refuse = (field: string, message: string) => new AppError('invalid_request', message, { field })

const mismatch = (field: string, expected: string, value: unknown) =>
  refuse(
    field,
    value === undefined ? `${field} is required: ${expected}` : `${field} must be ${expected}, not ${kindOf(value)}`,
  )

export function needText(value: unknown, field: string): string {
  if (typeof value !== 'string') throw mismatch(field, 'a string', value)
  return value
}

export function needObject(value: unknown, field: string): JsonObject {
  const object = asObject(value)
  if (object === undefined) throw mismatch(field, 'an object', value)
  return object
}

export function needList(value: unknown, field: string): Json[] {
  if (!Array.isArray(value)) throw mismatch(field, 'a list', value)
  return value as Json[]
}

/** `null` counts as not given, as all four formats have it. */
function optional<T>(value: unknown, read: (value: unknown) => T): T | undefined {
  return value === undefined || value === null ? undefined : read(value)
}

export const maybeText = (value: unknown, field: string) => optional(value, (given) => needText(given, field))
export const maybeObject = (value: unknown, field: string) => optional(value, (given) => needObject(given, field))
export const maybeList = (value: unknown, field: string) => optional(value, (given) => needList(given, field))

export const maybeNumber = (value: unknown, field: string) =>
  optional(value, (given) => {
    if (typeof given !== 'number' || !Number.isFinite(given)) throw mismatch(field, 'a number', given)
    return given
  })

export const maybeInteger = (value: unknown, field: string) =>
  optional(value, (given) => {
    if (typeof given !== 'number' || !Number.isInteger(given))
      throw refuse(field, `${field} must be a whole number, not ${String(given)}`)
    return given
  })

/** A count of at least one. */
export const maybeCount = (value: unknown, field: string) =>
  optional(value, (given) => {
    const count = maybeInteger(given, field) as number
    if (count < 1) throw refuse(field, `${field} must be at least 1, not ${count}`)
    return count
  })

export const maybeTruth = (value: unknown, field: string) =>
  optional(value, (given) => {
    if (typeof given !== 'boolean') throw mismatch(field, 'true or false', given)
    return given
  })

/** The entries of `body` that are not among `known`. */
export function unknownFields(body: JsonObject, known: ReadonlySet<string>): JsonObject {
  const extra: JsonObject = {}
  for (const [name, value] of Object.entries(body)) if (!known.has(name) && value !== undefined) extra[name] = value
  return extra
}

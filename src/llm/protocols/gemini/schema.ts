// JSON Schema ↔ the part of OpenAPI's schema that Gemini reads: https://ai.google.dev/api/caching#Schema
import { asObject, asText } from '../../json.ts'
import type { Json, JsonObject } from '../../spec.ts'

const KEPT = new Set([
  'title',
  'description',
  'format',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'minLength',
  'maxLength',
  'pattern',
  'minProperties',
  'maxProperties',
  'required',
  'propertyOrdering',
  'example',
  'default',
  'nullable',
])
/** Left out without changing what a model may answer, or known to be checked by nobody. */
const HARMLESS = new Set([
  '$schema',
  '$id',
  '$comment',
  'additionalProperties',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
  '$defs',
  'definitions',
  'strict',
  'unevaluatedProperties',
])
const FORMATS = new Set(['float', 'double', 'int32', 'int64', 'enum', 'date-time'])

class Inexpressible extends Error {}

/** The schema in Gemini's words, or undefined when it says something that they cannot (recursion, `oneOf` with limits, `patternProperties`, …). */
export function toGeminiSchema(schema: JsonObject): JsonObject | undefined {
  try {
    return convert(schema, schema, [])
  } catch (error) {
    if (error instanceof Inexpressible) return undefined
    throw error
  }
}

function resolve(reference: string, root: JsonObject): JsonObject {
  let place: Json | undefined = root
  for (const step of reference.replace(/^#\/?/, '').split('/')) {
    if (step === '') continue
    place = asObject(place)?.[decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')]
  }
  const found = asObject(place)
  if (!reference.startsWith('#') || found === undefined) throw new Inexpressible()
  return found
}

function convert(given: JsonObject, root: JsonObject, path: readonly string[]): JsonObject {
  const reference = asText(given['$ref'])
  if (reference !== undefined) {
    if (path.includes(reference)) throw new Inexpressible()
    const { $ref: _, ...beside } = given
    return convert({ ...resolve(reference, root), ...beside }, root, [...path, reference])
  }
  const out: JsonObject = {}
  for (const [name, value] of Object.entries(given)) {
    switch (name) {
      case 'type':
        writeType(value, out)
        break
      case 'properties':
        out['properties'] = Object.fromEntries(
          Object.entries(asObject(value) ?? {}).map(([key, inner]) => [key, convertAny(inner, root, path)]),
        )
        break
      case 'items':
        out['items'] = convertAny(value, root, path)
        break
      case 'anyOf':
      case 'oneOf':
        writeChoice(value as Json[], out, root, path)
        break
      case 'allOf': {
        const all = value as Json[]
        if (all.length !== 1) throw new Inexpressible()
        Object.assign(out, convertAny(all[0] as Json, root, path))
        break
      }
      case 'enum':
        writeEnum(value as Json[], out)
        break
      case 'const':
        writeEnum([value], out)
        break
      case 'format':
        if (FORMATS.has(value as string)) out['format'] = value
        break
      case 'exclusiveMinimum':
      case 'exclusiveMaximum':
        throw new Inexpressible()
      default:
        if (KEPT.has(name)) out[name] = value
        else if (!HARMLESS.has(name)) throw new Inexpressible()
    }
  }
  return out
}

function convertAny(value: Json, root: JsonObject, path: readonly string[]): JsonObject {
  if (value === true) return {}
  const object = asObject(value)
  if (object === undefined) throw new Inexpressible()
  return convert(object, root, path)
}

function writeType(value: Json, out: JsonObject): void {
  if (!Array.isArray(value)) {
    out['type'] = value
    return
  }
  const types = value.filter((type) => type !== 'null')
  if (types.length !== value.length) out['nullable'] = true
  if (types.length === 1) out['type'] = types[0] as Json
  else out['anyOf'] = types.map((type) => ({ type }))
}

/** "One of these or null" is Gemini's `nullable`. */
function writeChoice(values: readonly Json[], out: JsonObject, root: JsonObject, path: readonly string[]): void {
  const rest = values.filter((value) => asObject(value)?.['type'] !== 'null')
  if (rest.length !== values.length) out['nullable'] = true
  const converted = rest.map((value) => convertAny(value, root, path))
  if (converted.length === 1) Object.assign(out, converted[0])
  else out['anyOf'] = converted
}

/** Gemini's enums are strings. */
function writeEnum(values: readonly Json[], out: JsonObject): void {
  const rest = values.filter((value) => value !== null)
  if (rest.length !== values.length) out['nullable'] = true
  if (rest.some((value) => typeof value !== 'string')) throw new Inexpressible()
  out['enum'] = rest as Json[]
  out['type'] ??= 'string'
}

/** Gemini's schema as JSON Schema: types in lower case, `nullable` as a type. */
export function fromGeminiSchema(schema: JsonObject): JsonObject {
  const out: JsonObject = {}
  for (const [name, value] of Object.entries(schema)) {
    if (name === 'type' && typeof value === 'string') out['type'] = value.toLowerCase()
    else if (name === 'properties')
      out['properties'] = Object.fromEntries(
        Object.entries(asObject(value) ?? {}).map(([key, inner]) => [key, fromGeminiSchema(asObject(inner) ?? {})]),
      )
    else if (name === 'items') out['items'] = fromGeminiSchema(asObject(value) ?? {})
    else if (name === 'anyOf' && Array.isArray(value))
      out['anyOf'] = value.map((inner) => fromGeminiSchema(asObject(inner) ?? {}))
    else if (/^(?:min|max)(?:Items|Length|Properties)$/.test(name) && typeof value === 'string')
      out[name] = Number(value)
    else if (name !== 'nullable' && name !== 'propertyOrdering' && name !== 'example') out[name] = value
  }
  if (schema['nullable'] === true && typeof out['type'] === 'string') out['type'] = [out['type'], 'null']
  return out
}

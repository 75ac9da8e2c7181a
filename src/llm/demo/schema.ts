import { hashOf } from './tokens.ts'

/** As much of JSON Schema as tools and structured answers use. */
export type Schema = { readonly [key: string]: unknown }

type Context = { readonly root: Schema; readonly prompt: string; readonly depth: number; readonly name: string }

const DEEPEST = 12

/**
 * A value that satisfies `schema`, chosen from what `prompt` says where it can be (an enum value it names, a place, a number),
 * and the same for the same prompt. Covers `$ref` into the same document, combinators, formats and the usual bounds.
 */
export function sample(schema: Schema, prompt: string): unknown {
  return valueOf(schema, { root: schema, prompt, depth: 0, name: '' })
}

function valueOf(given: unknown, context: Context): unknown {
  const schema = resolve(given, context.root)
  if ('const' in schema) return schema['const']
  if (Array.isArray(schema['enum'])) return pick(schema['enum'], context.prompt)
  const branch = firstOf(schema['anyOf']) ?? firstOf(schema['oneOf'])
  if (branch) return valueOf({ ...without(schema, ['anyOf', 'oneOf']), ...resolve(branch, context.root) }, context)
  if (Array.isArray(schema['allOf']))
    return valueOf(merged(without(schema, ['allOf']), schema['allOf'], context.root), context)
  switch (typeOf(schema)) {
    case 'object':
      return objectOf(schema, context)
    case 'array':
      return arrayOf(schema, context)
    case 'integer':
      return numberOf(schema, context, true)
    case 'number':
      return numberOf(schema, context, false)
    case 'boolean':
      return !/\b(no|not|never|false|off|without)\b/i.test(context.prompt)
    case 'null':
      return null
    default:
      return textOf(schema, context)
  }
}

function typeOf(schema: Schema): string {
  const type = schema['type']
  if (typeof type === 'string') return type
  if (Array.isArray(type)) return String(type.find((each) => each !== 'null') ?? 'null')
  if ('properties' in schema) return 'object'
  return 'items' in schema ? 'array' : 'string'
}

function resolve(given: unknown, root: Schema, hops = 0): Schema {
  const schema = isSchema(given) ? given : {}
  const reference = schema['$ref']
  if (typeof reference !== 'string' || !reference.startsWith('#') || hops > DEEPEST) return schema
  let found: unknown = root
  for (const step of reference.slice(1).split('/').filter(Boolean)) {
    const key = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')
    found = isSchema(found) ? found[key] : undefined
  }
  return resolve({ ...without(schema, ['$ref']), ...(isSchema(found) ? found : {}) }, root, hops + 1)
}

function objectOf(schema: Schema, context: Context): Record<string, unknown> {
  const properties = isSchema(schema['properties']) ? schema['properties'] : {}
  const required = new Set(Array.isArray(schema['required']) ? schema['required'].map(String) : [])
  const made: Record<string, unknown> = {}
  for (const [name, property] of Object.entries(properties)) {
    // A recursive schema ends here: what is not required is left out once the value is deep.
    if (!required.has(name) && context.depth > 3) continue
    if (context.depth < DEEPEST) made[name] = valueOf(property, { ...context, depth: context.depth + 1, name })
  }
  return made
}

function arrayOf(schema: Schema, context: Context): unknown[] {
  const deeper = { ...context, depth: context.depth + 1 }
  const tuple = schema['prefixItems']
  if (Array.isArray(tuple)) return tuple.map((item) => valueOf(item, deeper))
  const least = numeric(schema['minItems']) ?? 0
  const most = numeric(schema['maxItems']) ?? Math.max(least, 2)
  const length = context.depth > 3 ? least : Math.min(most, Math.max(least, 2))
  const items = Array.from({ length }, (_, at) =>
    valueOf(schema['items'] ?? {}, { ...deeper, prompt: at ? `${context.prompt} ${at + 1}` : context.prompt }),
  )
  return schema['uniqueItems'] === true ? distinct(items, schema['items'], least) : items
}

/** Enum items may repeat; a set takes each member once. */
function distinct(items: readonly unknown[], item: unknown, least: number): unknown[] {
  const seen = new Map(items.map((value) => [JSON.stringify(value), value]))
  const choices = isSchema(item) && Array.isArray(item['enum']) ? item['enum'] : []
  for (const choice of choices) if (seen.size < least) seen.set(JSON.stringify(choice), choice)
  return [...seen.values()]
}

function numberOf(schema: Schema, context: Context, whole: boolean): number {
  const step = numeric(schema['multipleOf']) ?? (whole ? 1 : 0)
  const above = numeric(schema['exclusiveMinimum'])
  const below = numeric(schema['exclusiveMaximum'])
  const nudge = step || 0.5
  const least = Math.max(numeric(schema['minimum']) ?? -Infinity, above === undefined ? -Infinity : above + nudge)
  const most = Math.min(numeric(schema['maximum']) ?? Infinity, below === undefined ? Infinity : below - nudge)
  const said = Number(/-?\d+(\.\d+)?/.exec(context.prompt)?.[0] ?? (hashOf(context.prompt + context.name) % 9) + 1)
  const inside = Math.min(Math.max(said, least), most)
  if (!step) return inside
  const rounded = Math.round(inside / step) * step
  return rounded < least ? Math.ceil(least / step) * step : rounded > most ? Math.floor(most / step) * step : rounded
}

const FORMATS: Readonly<Record<string, string>> = {
  date: '2026-01-15',
  time: '09:30:00Z',
  'date-time': '2026-01-15T09:30:00Z',
  duration: 'PT1H',
  email: 'ada@example.com',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uri: 'https://example.com/',
  uuid: '3f2a8c1e-5b7d-4e90-8a6f-1c2d3e4f5a6b',
}

function textOf(schema: Schema, context: Context): string {
  const format = schema['format']
  if (typeof format === 'string' && FORMATS[format]) return FORMATS[format]
  const least = numeric(schema['minLength']) ?? 0
  const most = numeric(schema['maxLength']) ?? Infinity
  const text = subjectOf(context.prompt) || context.name || 'demo'
  return text.padEnd(least, '.').slice(0, most)
}

/** What a prompt is about, in a word or two: a quoted phrase, a name, or its last words. */
export function subjectOf(prompt: string): string {
  const quoted = /["“']([^"”']{1,60})["”']/u.exec(prompt)?.[1]
  if (quoted) return quoted
  const names = [...prompt.matchAll(/(?<=[\p{L}\p{N},;:] )\p{Lu}[\p{L}\p{N}-]*(?: \p{Lu}[\p{L}\p{N}-]*)*/gu)]
  const name = names.map(([found]) => found).find((found) => found !== 'I')
  return (
    name ??
    prompt
      .replaceAll(/[^\p{L}\p{N}\s-]/gu, '')
      .trim()
      .split(/\s+/)
      .slice(-2)
      .join(' ')
  )
}

function pick(choices: readonly unknown[], prompt: string): unknown {
  const said = prompt.toLowerCase()
  const named = choices.find((choice) => typeof choice === 'string' && choice && said.includes(choice.toLowerCase()))
  return named ?? choices[0] ?? null
}

function merged(base: Schema, parts: readonly unknown[], root: Schema): Schema {
  let whole: Schema = base
  for (const part of parts) {
    const next = resolve(part, root)
    whole = {
      ...whole,
      ...next,
      properties: { ...asSchema(whole['properties']), ...asSchema(next['properties']) },
      required: [...asList(whole['required']), ...asList(next['required'])],
    }
  }
  return Object.keys(asSchema(whole['properties'])).length
    ? { type: 'object', ...whole }
    : without(whole, ['properties'])
}

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const asSchema = (value: unknown): Schema => (isSchema(value) ? value : {})
const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const firstOf = (value: unknown): unknown =>
  asList(value).find((each) => !isSchema(each) || each['type'] !== 'null') ?? asList(value)[0]
const numeric = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)
const without = (schema: Schema, keys: readonly string[]): Schema =>
  Object.fromEntries(Object.entries(schema).filter(([key]) => !keys.includes(key)))

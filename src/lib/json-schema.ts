/** Whether a value is what the schema asks. `depth` bounds references that lead back to themselves. */
type Check = (value: unknown, depth: number) => boolean
type Schema = Readonly<Record<string, unknown>>
/** What compiling one keyword needs: its argument, the schema it stands in, and how to compile another. */
type Keyword = (argument: unknown, schema: Schema, compile: (schema: unknown) => Check) => Check

/** Deeper than this nothing is looked into: the value is refused. */
const DEEPEST = 256
const TOO_DEEP = new Error('too deep')

/**
 * Compiles a JSON Schema (2020-12, and the lists of `items` of draft 7) into a test of values. Throws an Error with words for the operator when
 * the schema is none, or uses what is not supported: nothing that it asks is left out in silence.
 */
export function compileJsonSchema(schema: unknown): (value: unknown) => boolean {
  const compiled = new Map<unknown, Check>()
  const compile = (part: unknown): Check => {
    if (typeof part === 'boolean') return () => part
    if (!isObject(part)) throw new Error('a schema must be an object, true or false')
    const known = compiled.get(part)
    if (known) return known
    const checks: Check[] = []
    const whole: Check = (value, depth) => {
      if (depth >= DEEPEST) throw TOO_DEEP
      return checks.every((check) => check(value, depth + 1))
    }
    // Before its keywords: they may refer to it.
    compiled.set(part, whole)
    for (const [name, argument] of Object.entries(part)) {
      if (UNSUPPORTED.has(name)) throw new Error(`"${name}" is not supported`)
      if (name === '$ref') checks.push(compile(resolve(schema, argument)))
      else if (Object.hasOwn(KEYWORDS, name)) checks.push(KEYWORDS[name]!(argument, part, compile))
    }
    return whole
  }
  const check = compile(schema)
  return (value) => {
    try {
      return check(value, 0)
    } catch (error) {
      if (error === TOO_DEEP) return false
      throw error
    }
  }
}

const UNSUPPORTED: ReadonlySet<string> = new Set([
  '$dynamicRef',
  '$recursiveRef',
  'unevaluatedProperties',
  'unevaluatedItems',
])

const isObject = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
  array: Array.isArray,
  object: isObject,
}

const ofNumber = (test: (value: number, bound: number) => boolean): Keyword => {
  return (argument) => {
    const bound = asNumber(argument)
    return (value) => typeof value !== 'number' || test(value, bound)
  }
}
const ofString = (make: (argument: unknown) => (value: string) => boolean): Keyword => {
  return (argument) => {
    const test = make(argument)
    return (value) => typeof value !== 'string' || test(value)
  }
}
const ofSize = (
  sizeOf: (value: unknown) => number | undefined,
  test: (size: number, bound: number) => boolean,
): Keyword => {
  return (argument) => {
    const bound = asNumber(argument)
    return (value) => {
      const size = sizeOf(value)
      return size === undefined || test(size, bound)
    }
  }
}
const least = (size: number, bound: number) => size >= bound
const most = (size: number, bound: number) => size <= bound
const lengthOf = (value: unknown) => (typeof value === 'string' ? Array.from(value).length : undefined)
const countOf = (value: unknown) => (Array.isArray(value) ? value.length : undefined)
const namesOf = (value: unknown) => (isObject(value) ? Object.keys(value).length : undefined)

const each = (value: unknown, test: (item: unknown, index: number) => boolean) =>
  !Array.isArray(value) || value.every((item, index) => test(item, index))

const properties = (schema: Schema) => Object.keys(asObject(schema['properties'] ?? {}))
const patterns = (schema: Schema) =>
  Object.keys(asObject(schema['patternProperties'] ?? {})).map((text) => new RegExp(text, 'u'))

const KEYWORDS: Readonly<Record<string, Keyword>> = {
  type: (argument, schema) => {
    const types = asTexts([argument].flat()).map((name) => {
      const test = Object.hasOwn(TYPES, name) ? TYPES[name] : undefined
      if (!test) throw new Error(`there is no type "${name}"`)
      return test
    })
    const nullable = schema['nullable'] === true
    return (value) => (nullable && value === null) || types.some((test) => test(value))
  },
  enum: (argument) => {
    const values = new Set(asList(argument).map(canonical))
    return (value) => values.has(canonical(value))
  },
  const: (argument) => (value) => canonical(value) === canonical(argument),
  minimum: ofNumber(least),
  maximum: ofNumber(most),
  exclusiveMinimum: ofNumber((value, bound) => value > bound),
  exclusiveMaximum: ofNumber((value, bound) => value < bound),
  multipleOf: ofNumber((value, unit) => Math.abs(value / unit - Math.round(value / unit)) < 1e-9),
  minLength: ofSize(lengthOf, least),
  maxLength: ofSize(lengthOf, most),
  pattern: ofString((argument) => {
    const pattern = new RegExp(asText(argument), 'u')
    return (value) => pattern.test(value)
  }),
  format: ofString((argument) => {
    // Loaded for who asks for a format, and at once: compiling cannot wait, and a process that serves calls is kept free of it else.
    const { fromJSONSchema } = require('zod') as typeof import('zod')
    const schema = fromJSONSchema({ type: 'string', format: asText(argument) })
    return (value) => schema.safeParse(value).success
  }),
  minItems: ofSize(countOf, least),
  maxItems: ofSize(countOf, most),
  uniqueItems: (argument) => (value) =>
    argument !== true || !Array.isArray(value) || new Set(value.map(canonical)).size === value.length,
  prefixItems: (argument, _, compile) => {
    const checks = asList(argument).map(compile)
    return (value, depth) => each(value, (item, index) => checks[index]?.(item, depth) ?? true)
  },
  items: (argument, schema, compile) => {
    if (Array.isArray(argument)) return KEYWORDS['prefixItems']!(argument, schema, compile)
    const first = asList(schema['prefixItems'] ?? []).length
    const check = compile(argument)
    return (value, depth) => each(value, (item, index) => index < first || check(item, depth))
  },
  additionalItems: (argument, schema, compile) => {
    const first = Array.isArray(schema['items']) ? schema['items'].length : Infinity
    const check = compile(argument)
    return (value, depth) => each(value, (item, index) => index < first || check(item, depth))
  },
  contains: (argument, schema, compile) => {
    const check = compile(argument)
    const [fewest, highest] = [asNumber(schema['minContains'] ?? 1), asNumber(schema['maxContains'] ?? Infinity)]
    return (value, depth) => {
      if (!Array.isArray(value)) return true
      const found = value.filter((item) => check(item, depth)).length
      return found >= fewest && found <= highest
    }
  },
  minProperties: ofSize(namesOf, least),
  maxProperties: ofSize(namesOf, most),
  required: (argument) => {
    const names = asTexts(asList(argument))
    return (value) => !isObject(value) || names.every((name) => Object.hasOwn(value, name))
  },
  dependentRequired: (argument) => {
    const needs = Object.entries(asObject(argument)).map(([name, others]) => [name, asTexts(asList(others))] as const)
    return (value) =>
      !isObject(value) ||
      needs.every(
        ([name, others]) => !Object.hasOwn(value, name) || others.every((other) => Object.hasOwn(value, other)),
      )
  },
  dependentSchemas: (argument, _, compile) => {
    const checks = Object.entries(asObject(argument)).map(([name, schema]) => [name, compile(schema)] as const)
    return (value, depth) =>
      !isObject(value) || checks.every(([name, check]) => !Object.hasOwn(value, name) || check(value, depth))
  },
  properties: (argument, _, compile) => {
    const checks = Object.entries(asObject(argument)).map(([name, schema]) => [name, compile(schema)] as const)
    return (value, depth) =>
      !isObject(value) || checks.every(([name, check]) => !Object.hasOwn(value, name) || check(value[name], depth))
  },
  patternProperties: (argument, _, compile) => {
    const checks = Object.entries(asObject(argument)).map(
      ([text, schema]) => [new RegExp(text, 'u'), compile(schema)] as const,
    )
    return (value, depth) =>
      !isObject(value) ||
      Object.entries(value).every(([name, item]) =>
        checks.every(([text, check]) => !text.test(name) || check(item, depth)),
      )
  },
  additionalProperties: (argument, schema, compile) => {
    const [named, matched, check] = [new Set(properties(schema)), patterns(schema), compile(argument)]
    return (value, depth) =>
      !isObject(value) ||
      Object.entries(value).every(
        ([name, item]) => named.has(name) || matched.some((text) => text.test(name)) || check(item, depth),
      )
  },
  propertyNames: (argument, _, compile) => {
    const check = compile(argument)
    return (value, depth) => !isObject(value) || Object.keys(value).every((name) => check(name, depth))
  },
  allOf: (argument, _, compile) => {
    const checks = asList(argument).map(compile)
    return (value, depth) => checks.every((check) => check(value, depth))
  },
  anyOf: (argument, _, compile) => {
    const checks = asList(argument).map(compile)
    return (value, depth) => checks.some((check) => check(value, depth))
  },
  oneOf: (argument, _, compile) => {
    const checks = asList(argument).map(compile)
    return (value, depth) => checks.filter((check) => check(value, depth)).length === 1
  },
  not: (argument, _, compile) => {
    const check = compile(argument)
    return (value, depth) => !check(value, depth)
  },
  if: (argument, schema, compile) => {
    const [check, then, otherwise] = [argument, schema['then'] ?? true, schema['else'] ?? true].map(compile)
    return (value, depth) => (check!(value, depth) ? then! : otherwise!)(value, depth)
  },
}

/** `#`, `#/$defs/name`: references into the same document. */
function resolve(root: unknown, reference: unknown): unknown {
  const text = asText(reference)
  if (!/^#(?:\/|$)/.test(text)) throw new Error(`"$ref": "${text}" is not supported: only "#" and "#/…" are`)
  let at = root
  for (const part of text.split('/').slice(1)) {
    const name = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
    at = typeof at === 'object' && at !== null && Object.hasOwn(at, name) ? (at as Schema)[name] : undefined
  }
  if (at === undefined) throw new Error(`"$ref": "${text}" leads nowhere`)
  return at
}

/** The same text for equal values, whatever the order of their names. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    isObject(part) ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1))) : part,
  )
}

function asNumber(value: unknown): number {
  if (typeof value !== 'number') throw new Error('a bound must be a number')
  return value
}

function asText(value: unknown): string {
  if (typeof value !== 'string') throw new Error('"pattern", "format", "$ref", types and names must be text')
  return value
}

const asTexts = (values: readonly unknown[]) => values.map(asText)

function asList(value: unknown): readonly unknown[] {
  if (!Array.isArray(value))
    throw new Error('"enum", "required", "allOf", "anyOf", "oneOf" and "prefixItems" must be lists')
  return value
}

function asObject(value: unknown): Schema {
  if (!isObject(value)) throw new Error('"properties" and its like must be objects')
  return value
}

import { z } from 'zod'

export type Path = readonly (string | number)[]

/** `providers[0].base_url` */
export function nameOf(path: Path): string {
  return path.map((step, index) => (typeof step === 'number' ? `[${step}]` : index ? `.${step}` : step)).join('')
}

/** The schema of the value at a path, wrappers taken off; undefined where it depends on the value. */
export function schemaAt(schema: z.ZodType, path: Path): z.ZodType | undefined {
  let at: z.ZodType | undefined = unwrapped(schema)
  for (const step of path) {
    if (at instanceof z.ZodObject) at = at.shape[String(step)] as z.ZodType | undefined
    else if (at instanceof z.ZodArray) at = at.element as z.ZodType
    else if (at instanceof z.ZodRecord) at = at.valueType as z.ZodType
    else return undefined
    if (at) at = unwrapped(at)
  }
  return at
}

/** The field names that an object may have at a path, of every variant where there are several. */
export function fieldsAt(schema: z.ZodType, path: Path): string[] {
  const at = schemaAt(schema, path)
  if (at instanceof z.ZodObject) return Object.keys(at.shape)
  if (at instanceof z.ZodDiscriminatedUnion || at instanceof z.ZodUnion) {
    return [...new Set((at.options as z.ZodType[]).flatMap((option) => fieldsAt(option, [])))]
  }
  return []
}

/** The paths of every value that its schema marks as secret. */
export function secretPaths(schema: z.ZodType, value: unknown, path: Path = []): Path[] {
  if (value === undefined || value === null) return []
  if (isSecret(schema)) return [path]
  const at = unwrapped(schema)
  if (isSecret(at)) return [path]
  if (Array.isArray(value)) {
    if (!(at instanceof z.ZodArray)) return []
    return value.flatMap((item, index) => secretPaths(at.element as z.ZodType, item, [...path, index]))
  }
  if (typeof value !== 'object') return []
  const variants =
    at instanceof z.ZodDiscriminatedUnion || at instanceof z.ZodUnion ? (at.options as z.ZodType[]) : [at]
  const found = new Map<string, Path>()
  for (const [name, item] of Object.entries(value)) {
    for (const variant of variants) {
      const field = schemaAt(variant, [name]) && fieldOf(variant, name)
      for (const each of field ? secretPaths(field, item, [...path, name]) : []) found.set(each.join('\n'), each)
    }
  }
  return [...found.values()]
}

/** A copy with each secret as `change` says; undefined removes it. */
export function changeSecrets<T>(
  schema: z.ZodType,
  value: T,
  change: (secret: string, path: Path) => string | undefined,
): T {
  const copy = structuredClone(value)
  for (const path of secretPaths(schema, copy)) {
    const parent = path.slice(0, -1).reduce<unknown>((at, step) => (at as Record<string | number, unknown>)[step], copy)
    const fields = parent as Record<string | number, unknown>
    const last = path.at(-1) ?? ''
    const changed = change(String(fields[last]), path)
    if (changed === undefined) delete fields[last]
    else fields[last] = changed
  }
  return copy
}

function fieldOf(schema: z.ZodType, name: string): z.ZodType | undefined {
  const at = unwrapped(schema)
  if (at instanceof z.ZodObject) return at.shape[name] as z.ZodType | undefined
  return at instanceof z.ZodRecord ? (at.valueType as z.ZodType) : undefined
}

function isSecret(schema: z.ZodType): boolean {
  return schema.meta()?.['secret'] === true
}

function unwrapped(schema: z.ZodType): z.ZodType {
  if (isSecret(schema)) return schema
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodNullable) {
    return unwrapped(schema.unwrap() as z.ZodType)
  }
  return schema
}

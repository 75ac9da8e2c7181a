import { z } from 'zod'

type Bare<T> = T extends z.ZodDefault<infer I> ? Bare<I> : T extends z.ZodOptional<infer I> ? Bare<I> : T

type MergeOf<S extends z.ZodRawShape> = z.ZodObject<
  { [K in keyof S]: z.ZodOptional<z.ZodNullable<Bare<S[K]> extends z.ZodType ? Bare<S[K]> : z.ZodType>> },
  z.core.$strict
>

/**
 * The merge patch of an object: every field optional, null removes it, and so in the objects within it. Defaults are taken off, so that
 * a field left out is never reset; what the patch makes of the whole is validated against the whole schema afterwards.
 */
export function mergePatchOf<S extends z.ZodRawShape>(schema: z.ZodObject<S>): MergeOf<S> {
  const shape: Record<string, z.ZodType> = {}
  for (const [name, field] of Object.entries(schema.shape))
    shape[name] = patchOf(bare(field as z.ZodType))
      .nullable()
      .optional()
  return z.strictObject(shape) as unknown as MergeOf<S>
}

function patchOf(field: z.ZodType): z.ZodType {
  if (field instanceof z.ZodObject) return mergePatchOf(field)
  if (field instanceof z.ZodRecord)
    return z.record(field.keyType, patchOf(bare(field.valueType as z.ZodType)).nullable())
  return field
}

function bare(field: z.ZodType): z.ZodType {
  if (field instanceof z.ZodDefault || field instanceof z.ZodOptional) return bare(field.unwrap() as z.ZodType)
  return field
}

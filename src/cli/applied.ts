import { resolve } from 'node:path'
import { parse } from 'yaml'
import type { z } from 'zod'
import { scopeOf } from '../config/config.ts'
import { HIDDEN } from '../config/hidden.ts'
import { resolveReference } from '../config/reference.ts'
import { readIssue, valueAt } from '../contract/issue-words.ts'
import { changeSecrets, nameOf, type Path, secretPaths } from '../contract/schema-path.ts'
import { AppError } from '../errors.ts'
import type { Io } from './io.ts'

/** What the reader of a document must know of its kind. */
type Shape = {
  readonly one: string
  readonly many: string
  readonly field: 'name' | 'id'
  readonly schema: z.ZodType
  readonly within?: (document: Record<string, unknown>) => readonly unknown[] | undefined
}

/** One thing of a document. */
export type Applied = { readonly name: string; readonly value: unknown }

/**
 * The things of a document, judged by the schema of portreeve.yaml. References to the environment and to files are those of whoever
 * types the command: the gateway would refuse to look them up for a caller.
 */
export function thingsIn(text: string, shape: Shape, path: string, io: Io): Applied[] {
  const { one, many, schema, field, within } = shape
  let document: unknown
  try {
    document = parse(text)
  } catch (error) {
    throw new AppError('invalid_request', `this is neither YAML nor JSON: ${(error as Error).message.split('\n')[0]}`)
  }
  const inside = isObject(document) ? (document[many] ?? within?.(document)) : undefined
  const things: unknown[] = [inside ?? document].flat()
  if (things.length === 0) throw new AppError('invalid_request', `there is no ${one} in it`)
  const scope = { ...scopeOf(resolve(io.cwd, path), io.env), whenSet: 'for this command' }
  return things.map((thing, index) => {
    const given = isObject(thing) ? thing[field] : undefined
    const name = typeof given === 'string' ? given : String(index + 1)
    const read = schema.safeParse(thing)
    if (!read.success) {
      const [finding] = read.error.issues.flatMap((issue) => readIssue(schema, issue, thing))
      throw refusal(one, name, finding?.path ?? [], finding?.message ?? 'it is not valid')
    }
    const value = changeSecrets(schema, read.data, (secret, at) => {
      const resolved = resolveReference(secret, scope)
      if ('missing' in resolved) throw refusal(one, name, at, resolved.missing)
      return resolved.value
    })
    return { name, value }
  })
}

/** Refuses `(hidden)`, which "show" prints in place of a secret, where no secret is kept that it could stand for. */
export function refuseHidden({ one, schema }: Shape, { name, value }: Applied, before: unknown): void {
  for (const path of secretPaths(schema, value)) {
    // Entries of a list are told apart by what names them, not by their place: the management API knows.
    const listed = before !== undefined && path.some((step) => typeof step === 'number')
    if (valueAt(value, path) === HIDDEN && !listed && valueAt(before, path) === undefined)
      throw refusal(
        one,
        name,
        path,
        `${HIDDEN} stands for a secret that is kept, and none is; give it, best as "env:NAME"`,
      )
  }
}

/** Without the secrets that stay as they are. */
export function withoutHidden<T>(schema: z.ZodType, value: T): T {
  return changeSecrets(schema, value, (secret) => (secret === HIDDEN ? undefined : secret))
}

function refusal(one: string, name: string, path: Path, message: string): AppError {
  return new AppError('invalid_request', `${one} ${name}: ${path.length ? `${nameOf(path)}: ` : ''}${message}`)
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

import type { Guard } from '../contract/guard.ts'
import { AppError } from '../errors.ts'
import { compileJsonSchema } from '../lib/json-schema.ts'
import { PatternError } from '../lib/linear/parse.ts'
import { scannerOf } from '../lib/linear/scanner.ts'
import type { SourceTraffic } from './source.ts'

/** Checks what the schema cannot: names are used once, patterns and schemas can be compiled. `attempt` collects findings by place. */
export function compileTraffic(
  source: Partial<SourceTraffic>,
  attempt: (place: string, make: () => void) => void,
): SourceTraffic {
  const { limits = [], budgets = [], guards = [], cache, overload, responses, sharing } = source
  for (const [section, list] of Object.entries({ limits, budgets, guards }))
    for (const [index, { name }] of list.entries())
      if (list.findIndex((other) => other.name === name) < index)
        attempt(`${section}[${index}].name`, () => {
          throw new AppError('invalid_configuration', `"${name}" is used twice: choose another name`)
        })
  for (const guard of guards) attempt(`guards.${guard.name}`, () => checkGuard(guard))
  return { limits, budgets, guards, cache, overload, responses, sharing }
}

function checkGuard(guard: Guard): void {
  if (guard.kind === 'patterns') {
    if (guard.patterns.length + guard.words.length === 0)
      throw new AppError('invalid_configuration', 'words and patterns are both empty: name at least one')
    for (const [index, pattern] of guard.patterns.entries()) {
      try {
        scannerOf([pattern], !guard.case_sensitive)
      } catch (error) {
        if (!(error instanceof PatternError)) throw error
        throw new AppError('invalid_configuration', `patterns[${index}]: ${error.message}`, {}, error)
      }
    }
  }
  if (guard.kind === 'json_schema') {
    try {
      compileJsonSchema(guard.schema)
    } catch (error) {
      throw new AppError('invalid_configuration', `schema: ${(error as Error).message}`, {}, error)
    }
  }
}

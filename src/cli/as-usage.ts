import { AppError } from '../errors.ts'
import type { Command } from './command.ts'

/**
 * What the management API refuses of a value that was typed, said of what was typed: `/models/0` is `--model`. Anything else stays as
 * it is.
 */
export function asUsage(error: AppError, command: Command): AppError {
  const { findings = [] } = error.details
  if (error.code !== 'invalid_request' || findings.length === 0) return error
  const named = findings.map(({ place, message }) => ({ given: givenAt(place, command), place, message }))
  if (named.some(({ given }) => given === undefined)) return error
  const text = named.map(({ given, place, message }) => `${given}: ${message.replace(`${place}: `, '')}`).join('; ')
  const field = String(named[0]?.given)
  return new AppError('invalid_usage', `${text.replace(/\.?$/, '.')} See "portreeve ${command.name} --help".`, {
    field,
  })
}

/** What fills the field of a body at `/field…`: an option, its name in the singular or without its unit, or an argument. */
function givenAt(pointer: string, { options = {}, positionals = [] }: Command): string | undefined {
  const field = /^\/(\w+)/.exec(pointer)?.[1]?.replaceAll('_', '-')
  if (field === undefined) return undefined
  const option = [field, field.replace(/s$/, ''), field.replace(/-at$/, '')].find((name) => options[name]?.value)
  return option ? `--${option}` : positionals.find(({ name }) => name === field.toUpperCase())?.name
}

import { parseArgs } from 'node:util'
import { AppError } from '../errors.ts'
import { closest } from '../lib/closest.ts'
import { asUsage } from './as-usage.ts'
import type { Command, Input, Option } from './command.ts'
import { commandHelp, overview } from './help.ts'
import type { Io } from './io.ts'
import { version } from '../lib/version.ts'

/**
 * Runs one command line and resolves to the exit code: 0 ok, 1 failed, 2 wrong usage. Never throws: an `AppError` is printed
 * with its remedy (as `{error}` under `--json`), anything else as an internal error with its stack on standard error.
 */
export async function runCommandLine(argv: readonly string[], commands: readonly Command[], io: Io): Promise<number> {
  const words = argv.filter((word) => !word.startsWith('-'))
  if (argv.length === 0 || argv[0] === 'help' || (argv[0]?.startsWith('-') && argv.some(isHelp))) {
    const asked = find(commands, argv.slice(1))
    const ofNoun = commands.filter(({ name }) => name.split(' ')[0] === argv[1])
    if (argv[0] === 'help' && argv[1] !== undefined && !argv[1].startsWith('-') && ofNoun.length === 0)
      return unknownCommand(argv.slice(1), commands, io)
    io.out(asked ? commandHelp(asked) : overview(ofNoun.length > 0 ? ofNoun : commands))
    return 0
  }
  if (argv[0] === '--version' || argv[0] === 'version') {
    io.out(`${version}\n`)
    return 0
  }
  const command = find(commands, argv)
  if (!command) return unknownCommand(words, commands, io)
  const rest = argv.slice(command.name.split(' ').length)
  if (rest.some(isHelp)) {
    io.out(commandHelp(command))
    return 0
  }
  const json = rest.includes('--json')
  try {
    return (await command.run(readInput(command, rest), io)) ?? 0
  } catch (error) {
    return report(error instanceof AppError ? asUsage(error, command) : error, command, json, io)
  }
}

const isHelp = (word: string): boolean => word === '--help' || word === '-h'

function find(commands: readonly Command[], argv: readonly string[]): Command | undefined {
  for (const words of [3, 2, 1]) {
    const name = argv.slice(0, words).join(' ')
    const command = commands.find((candidate) => candidate.name === name)
    if (command) return command
  }
  return undefined
}

function unknownCommand(words: readonly string[], commands: readonly Command[], io: Io): number {
  const asked = words.slice(0, 2).join(' ')
  const ofNoun = commands.filter((command) => command.name.split(' ')[0] === words[0])
  if (ofNoun.length > 0) io.err(`portreeve ${words[0]} needs one of: ${ofNoun.map((c) => c.name).join(', ')}\n`)
  else {
    const near = closest(
      asked,
      commands.map((command) => command.name),
    )
    io.err(
      `Unknown command "${asked}".${near ? ` Did you mean "portreeve ${near}"?` : ''} "portreeve help" lists all.\n`,
    )
  }
  return 2
}

function readInput(command: Command, argv: readonly string[]): Input {
  const options: Record<string, Option> = { ...command.options }
  const spec: Record<string, { type: 'string' | 'boolean'; multiple?: boolean }> = { json: { type: 'boolean' } }
  for (const [name, option] of Object.entries(options)) {
    spec[name] = option.value ? { type: 'string', multiple: true } : { type: 'boolean' }
  }
  const parsed = parse(argv, spec, command)
  const values = parsed.values as Record<string, string[] | boolean | undefined>
  const list = (name: string): readonly string[] => {
    const value = values[name]
    return Array.isArray(value) ? value : []
  }
  for (const [name, option] of Object.entries(options)) {
    const given = list(name)
    if (option.required && given.length === 0) throw usage(command, `--${name} ${option.value ?? ''} is required`, name)
    if (!option.many && given.length > 1) throw usage(command, `--${name} may be given once`, name)
    const wrong = option.choices && given.find((value) => !option.choices?.includes(value))
    if (wrong !== undefined) throw usage(command, `--${name} ${wrong}: use one of ${option.choices?.join(', ')}`, name)
  }
  checkPositionals(command, parsed.positionals)
  const text = (name: string) => list(name)[0] ?? options[name]?.default
  return {
    text,
    list,
    flag: (name) => values[name] === true,
    integer: (name, bounds = {}) => {
      const value = text(name)
      if (value === undefined) return undefined
      const number = Number(value)
      const { min = 0, max = Number.MAX_SAFE_INTEGER } = bounds
      if (!/^-?\d+$/.test(value) || number < min || number > max) {
        throw usage(command, `--${name} ${value}: use a whole number from ${min} to ${max}`, name)
      }
      return number
    },
    positionals: parsed.positionals,
    json: values['json'] === true,
  }
}

function parse(
  argv: readonly string[],
  options: NonNullable<Parameters<typeof parseArgs>[0]>['options'],
  command: Command,
) {
  try {
    return parseArgs({ args: [...argv], options: options ?? {}, allowPositionals: true, strict: true })
  } catch (error) {
    const message = error instanceof Error ? error.message.split('. ')[0] : String(error)
    const unknown = /'(--?[^' ]+)/.exec(message ?? '')?.[1]?.replace(/^-+/, '')
    const near = unknown && !(unknown in (options ?? {})) ? closest(unknown, Object.keys(options ?? {})) : undefined
    throw usage(command, `${message}${near ? `. Did you mean --${near}?` : ''}`)
  }
}

function checkPositionals(command: Command, given: readonly string[]): void {
  const known = command.positionals ?? []
  const missing = known.find((positional, index) => positional.required && given[index] === undefined)
  if (missing) throw usage(command, `${missing.name} is missing: ${missing.about}`)
  if (given.length > known.length && !known.at(-1)?.many) {
    throw usage(command, `"${given[known.length]}" is one argument too many`)
  }
}

function usage(command: Command, message: string, option?: string): AppError {
  return new AppError(
    'invalid_usage',
    `${message.replace(/[?.]?$/, (end) => end || '.')} See "portreeve ${command.name} --help".`,
    option ? { field: `--${option}` } : {},
  )
}

function report(error: unknown, command: Command, json: boolean, io: Io): number {
  if (!(error instanceof AppError)) {
    io.err(
      `portreeve ${command.name}: unexpected error, please report it.\n${error instanceof Error ? error.stack : String(error)}\n`,
    )
    return 1
  }
  if (json) io.out(`${JSON.stringify({ error: { code: error.code, message: error.message, ...error.details } })}\n`)
  else {
    io.err(`portreeve ${command.name}: ${error.message}\n`)
    const findings = error.details.findings ?? []
    // One finding alone has often been said already.
    const said = findings.length === 1 && error.message.includes(findings[0]?.message ?? '')
    for (const finding of said ? [] : findings) io.err(`  ${finding.place}: ${finding.message}\n`)
  }
  return error.code === 'invalid_usage' ? 2 : 1
}

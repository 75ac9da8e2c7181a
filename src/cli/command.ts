import type { Io } from './io.ts'

/** One option of a command. `value` names the argument in the help (`FILE`, `N`); an option without it is a switch. */
export type Option = {
  readonly about: string
  readonly value?: string
  readonly many?: boolean
  readonly required?: boolean
  readonly choices?: readonly string[]
  readonly default?: string
}

/** A positional argument. Only the last one may be `many`. */
export type Positional = {
  readonly name: string
  readonly about: string
  readonly required?: boolean
  readonly many?: boolean
}

/** What a command receives: options by name, positionals in order. */
export type Input = {
  /** The option's value, or its default; undefined when it was not given. */
  readonly text: (option: string) => string | undefined
  /** Every value of a repeatable option. */
  readonly list: (option: string) => readonly string[]
  readonly flag: (option: string) => boolean
  /** A whole number, refused with the option's name when it is none or out of bounds. */
  readonly integer: (option: string, bounds?: { min?: number; max?: number }) => number | undefined
  readonly positionals: readonly string[]
  /** `--json`, which every command has. */
  readonly json: boolean
}

/** A command as data: the runner parses, renders help, and turns errors into messages and exit codes. */
export type Command = {
  /** Noun and verb, as typed: `keys create`. */
  readonly name: string
  readonly summary: string
  /** Not for people: left out of the overview. */
  readonly hidden?: boolean
  /** Text below the summary in the command's own help. */
  readonly about?: string
  readonly positionals?: readonly Positional[]
  readonly options?: Readonly<Record<string, Option>>
  readonly examples?: readonly string[]
  /** Resolves to the exit code; nothing means 0. */
  readonly run: (input: Input, io: Io) => Promise<number | void> | number | void
}

export function defineCommand(command: Command): Command {
  return command
}

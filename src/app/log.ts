import type { Config } from '../config/config.ts'

const LEVELS = ['debug', 'info', 'warn', 'error'] as const
type Level = (typeof LEVELS)[number]

/** One line of JSON for each event, on standard error. Values are escaped by JSON: no text can forge a line. */
export type Log = (
  level: Level,
  message: string,
  fields?: Readonly<Record<string, string | number | boolean | null>>,
) => void

export function createLog(
  level: Config['logLevel'],
  write: (text: string) => void,
  now: () => Date = () => new Date(),
): Log {
  const least = LEVELS.indexOf(level)
  return (at, message, fields = {}) => {
    if (LEVELS.indexOf(at) < least) return
    const line = JSON.stringify({ ts: now().toISOString(), level: at, msg: message, ...fields })
    // JSON leaves the two Unicode line ends as they are; a log reader may not.
    write(`${line.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')}\n`)
  }
}

/** What an error that was expected says to the log: its message as part of a sentence, without a place, for nothing here is wrong. */
export function sayError(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/[.\s]+$/, '')
}

/** What an unexpected error says to the log: its kind and place, and its message. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const place =
    error.stack
      ?.split('\n')
      .find((line) => line.trim().startsWith('at '))
      ?.trim() ?? ''
  return `${error.name}: ${error.message} ${place}`.trim()
}

import type { Call } from '../contract/api/calls.ts'

const COLUMNS = [
  'id',
  'started_at',
  'key_id',
  'key_name',
  'team',
  'application',
  'end_user',
  'endpoint',
  'dialect',
  'stream',
  'model_asked',
  'provider',
  'model_served',
  'status',
  'error_code',
  'finish_reason',
  'cost_micros',
  'price_source',
  'first_byte_ms',
  'total_ms',
  'overhead_ms',
  'bytes_in',
  'bytes_out',
  'cache',
] as const satisfies readonly (keyof Call)[]
const TOKENS = ['input', 'cache_read', 'cache_write_5m', 'cache_write_1h', 'output', 'reasoning'] as const

/** The first line of the file. */
export const csvHead = line([...COLUMNS, ...TOKENS.map((name) => `${name}_tokens`), 'attempts'])

export function csvLine(call: Call): string {
  return line([
    ...COLUMNS.map((name) => call[name]),
    ...TOKENS.map((name) => call.usage?.[name] ?? null),
    call.attempts.length,
  ])
}

function line(values: readonly (string | number | boolean | null)[]): string {
  return `${values.map(cell).join(',')}\r\n`
}

/** RFC 4180; a text that a spreadsheet would run as a formula begins with an apostrophe. */
function cell(value: string | number | boolean | null): string {
  if (value === null) return ''
  if (typeof value !== 'string') return String(value)
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

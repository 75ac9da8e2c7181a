/** One column: its head, and what it shows of a row. Numbers stand at the right. */
export type Column<Row> = { readonly head: string; readonly of: (row: Row) => string; readonly right?: boolean }

/** Rows as aligned columns, the last one without trailing blanks. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const lines = [columns.map(({ head }) => head), ...rows.map((row) => columns.map(({ of }) => of(row)))]
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => Bun.stringWidth(line[index] ?? ''))))
  return lines
    .map((line) =>
      line
        .map((cell, index) => {
          const blanks = ' '.repeat(Math.max(0, (widths[index] ?? 0) - Bun.stringWidth(cell)))
          return columns[index]?.right ? blanks + cell : cell + blanks
        })
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('')
}

const UNITS = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const

/** A moment as people say it: `3 minutes ago`, `in 2 days`; a dash for none. */
export function relative(time: string | null | undefined, now: number): string {
  if (!time) return '-'
  const seconds = Math.round((Date.parse(time) - now) / 1000)
  // The next larger unit begins at two of it: "45 days" says more than "1 month".
  const [unit, length] =
    UNITS.find(([, each]) => Math.abs(seconds) >= (each > 86_400 ? 2 * each : each)) ?? (['second', 1] as const)
  if (Math.abs(seconds) < 5) return 'now'
  const count = Math.round(Math.abs(seconds) / length)
  const words = `${count} ${unit}${count === 1 ? '' : 's'}`
  return seconds < 0 ? `${words} ago` : `in ${words}`
}

/** Micro-dollars as dollars with the digits that matter; a dash for an unknown cost. */
export function dollars(micros: number | null | undefined): string {
  if (micros === null || micros === undefined) return '-'
  if (micros === 0) return '$0'
  return `$${(micros / 1e6).toFixed(micros >= 1e6 ? 2 : micros >= 10_000 ? 4 : 6)}`
}

/** Milliseconds short enough for a column. */
export function duration(milliseconds: number): string {
  return milliseconds < 1_000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`
}

const SPAN = /^(\d+)(m|h|d|w)$/
const SPAN_MS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const

/** `15m`, `2h`, `30d`, `4w` as milliseconds; undefined for anything else. */
export function spanOf(text: string): number | undefined {
  const match = SPAN.exec(text)
  return match ? Number(match[1]) * SPAN_MS[match[2] as keyof typeof SPAN_MS] : undefined
}

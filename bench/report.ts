import type { Column, Goal, Metrics, Scenario } from './scenario.ts'

/** All rounds of one contender in one scenario. */
export type Row = { readonly contender: string; readonly title: string; readonly rounds: readonly Metrics[] }

export type Table = { readonly scenario: Scenario; readonly rows: readonly Row[] }

export type Verdict = { readonly says: string; readonly bound: string; readonly value: string; readonly ok: boolean }

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return sorted.length % 2 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Half the distance between the extremes, as a share of the median. */
export function spread(values: readonly number[]): number {
  const middle = median(values)
  return middle === 0 ? 0 : (Math.max(...values) - Math.min(...values)) / 2 / middle
}

function figure(value: number, column: Pick<Column, 'digits' | 'unit'>): string {
  const text = value.toLocaleString('en-US', {
    minimumFractionDigits: column.digits ?? 0,
    maximumFractionDigits: column.digits ?? 0,
  })
  return `${text}${column.unit ? ` ${column.unit}` : ''}`
}

function cell(row: Row, column: Column): string {
  const values = row.rounds.map((round) => round[column.id] ?? Number.NaN)
  const middle = figure(median(values), column)
  return values.length > 1 ? `${middle} ±${Math.round(spread(values) * 100)}%` : middle
}

/** What the goals of a scenario come to. A figure that could not be measured misses its goal. */
export function verdicts({ scenario, rows }: Table): Verdict[] {
  const of = (contender: string, column: string) => {
    const row = rows.find((candidate) => candidate.contender === contender)
    return row ? median(row.rounds.map((round) => round[column] ?? Number.NaN)) : Number.NaN
  }
  return scenario.goals.map((goal) => verdictOf(goal, goal.value(of)))
}

function verdictOf(goal: Goal, value: number): Verdict {
  const bound =
    goal.atMost === undefined ? `at least ${goal.atLeast}${goal.unit}` : `at most ${goal.atMost}${goal.unit}`
  const ok = value <= (goal.atMost ?? Infinity) && value >= (goal.atLeast ?? -Infinity)
  return { says: goal.says, bound, value: Number.isNaN(value) ? 'not measured' : `${value.toFixed(2)}${goal.unit}`, ok }
}

function grid(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]!.map((_, index) => Math.max(...lines.map((line) => line[index]!.length)))
  return lines
    .map((line) =>
      line
        .map((text, index) => (index === 0 ? text.padEnd(widths[0]!) : text.padStart(widths[index]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function lines({ scenario, rows }: Table): string[][] {
  return [
    ['', ...scenario.columns.map(({ title }) => title)],
    ...rows.map((row) => [row.title, ...scenario.columns.map((column) => cell(row, column))]),
  ]
}

/** A table for the terminal. */
export function asText(table: Table): string {
  const judged = verdicts(table).map(
    ({ ok, says, value, bound }) => `${ok ? 'ok    ' : 'MISSED'}  ${says}: ${value} (${bound})`,
  )
  return [table.scenario.title, grid(lines(table)), ...judged].join('\n')
}

/** The same as Markdown, for the results folder. */
export function asMarkdown(table: Table): string {
  const [header = [], ...body] = lines(table)
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const judged = verdicts(table).map(
    ({ ok, says, value, bound }) => `- ${ok ? 'ok' : '**MISSED**'}: ${says}: ${value} (${bound})`,
  )
  return [
    `## ${table.scenario.title}`,
    '',
    row(header),
    row(header.map(() => '---')),
    ...body.map(row),
    '',
    ...judged,
    '',
  ].join('\n')
}

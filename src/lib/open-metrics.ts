// The text of metrics, after OpenMetrics 1.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/) and the older format of Prometheus.

/** Labels by name; one whose value is empty is left out, which means the same. */
export type Labels = Readonly<Record<string, string>>

/** One value. A text is a number that a float would not hold exactly. */
export type Sample = { readonly labels: Labels; readonly value: number | string }

/** `counts` are of each bucket alone, one more than there are bounds: the last is of what lies above all. */
export type HistogramSample = { readonly labels: Labels; readonly counts: readonly number[]; readonly sum: number }

/** What is said under one name. Counters are named without `_total`, infos without `_info`: the text adds it. */
export type MetricFamily = {
  readonly name: string
  readonly help: string
  /** The end of the name, where it says in what it counts: `seconds`, `bytes`. */
  readonly unit?: string
} & (
  | { readonly type: 'counter' | 'gauge' | 'info'; readonly samples: readonly Sample[] }
  | { readonly type: 'histogram'; readonly bounds: readonly number[]; readonly samples: readonly HistogramSample[] }
)

export type MetricsFormat = 'openmetrics' | 'prometheus'

export const METRICS_TYPES: Readonly<Record<MetricsFormat, string>> = {
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
}

const LONGEST_VALUE = 200

/** The format that a client likes best; OpenMetrics for who likes both or says nothing. */
export function metricsFormat(accept: string | null): MetricsFormat {
  let openmetrics = 0
  let prometheus = 0
  for (const range of (accept ?? '*/*').split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    const said = parameters.find((parameter) => parameter.startsWith('q='))
    const quality = said === undefined ? 1 : Number(said.slice(2)) || 0
    if (type === 'application/openmetrics-text') openmetrics = Math.max(openmetrics, quality)
    if (type === 'text/plain' || type === 'text/*') prometheus = Math.max(prometheus, quality)
  }
  return prometheus > openmetrics ? 'prometheus' : 'openmetrics'
}

export function renderMetrics(families: readonly MetricFamily[], format: MetricsFormat): string {
  let text = ''
  for (const family of families) text += renderFamily(family, format)
  return format === 'openmetrics' ? `${text}# EOF\n` : text
}

const SUFFIXES = { counter: '_total', info: '_info', gauge: '', histogram: '' } as const

function renderFamily(family: MetricFamily, format: MetricsFormat): string {
  const { name, type, help, unit } = family
  const sampleName = name + SUFFIXES[type]
  const modern = format === 'openmetrics'
  // The older format knows no infos, and gives a family the name of its samples.
  const title = modern ? name : sampleName
  let text = `# TYPE ${title} ${type === 'info' && !modern ? 'gauge' : type}\n`
  if (modern && unit !== undefined) text += `# UNIT ${title} ${unit}\n`
  text += `# HELP ${title} ${modern ? escapeValue(help) : escapeHelp(help)}\n`
  if (family.type !== 'histogram') {
    for (const { labels, value } of family.samples) text += `${sampleName}${labelText(labels)} ${value}\n`
    return text
  }
  for (const { labels, counts, sum } of family.samples) {
    let below = 0
    for (const [index, count] of counts.entries()) {
      below += count
      const bound = family.bounds[index]
      const le = bound === undefined ? '+Inf' : decimal(bound)
      text += `${name}_bucket${labelText({ ...labels, le })} ${below}\n`
    }
    text += `${name}_count${labelText(labels)} ${below}\n${name}_sum${labelText(labels)} ${sum}\n`
  }
  return text
}

/** OpenMetrics wants bounds to look like floats. */
function decimal(bound: number): string {
  return Number.isInteger(bound) ? `${bound}.0` : String(bound)
}

function labelText(labels: Labels): string {
  const parts: string[] = []
  for (const name in labels) if (labels[name] !== '') parts.push(`${name}="${escapeValue(labels[name]!)}"`)
  return parts.length === 0 ? '' : `{${parts.join(',')}}`
}

/**
 * A name that a client may have chosen, as a label's value: not long, and valid Unicode. Do it before values are told apart: two that are the same
 * afterwards must be one.
 */
export function labelValue(name: string): string {
  const text = name.toWellFormed()
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE).toWellFormed()}…`
}

function escapeValue(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

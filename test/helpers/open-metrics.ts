/** One sample as it was read. */
export type ReadSample = {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export type ReadFamily = {
  readonly name: string
  readonly type: string
  readonly unit: string | undefined
  readonly help: string
  readonly samples: readonly ReadSample[]
}

const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  counter: ['_total'],
  gauge: [''],
  info: ['_info'],
  histogram: ['_bucket', '_count', '_sum'],
}

/** Reads OpenMetrics text as strictly as the specification asks. Throws with the number of the line that is wrong. */
export function readOpenMetrics(text: string): ReadFamily[] {
  if (!text.endsWith('\n# EOF\n') && text !== '# EOF\n') throw new Error('the text does not end in "# EOF"')
  const families = new Map<string, { -readonly [K in keyof ReadFamily]: ReadFamily[K] } & { samples: ReadSample[] }>()
  const seen = new Set<string>()
  let current: string | undefined
  for (const [index, line] of text.split('\n').slice(0, -2).entries()) {
    const fail = (why: string) => new Error(`line ${index + 1}: ${why}: ${line}`)
    const [, keyword, name = '', rest = ''] = /^# (TYPE|UNIT|HELP) ([a-zA-Z_:][\w:]*) (.*)$/.exec(line) ?? []
    if (keyword !== undefined) {
      if (keyword === 'TYPE') {
        if (families.has(name)) throw fail('the family was there before')
        if (!(rest in SUFFIXES)) throw fail('no such type')
        families.set(name, { name, type: rest, unit: undefined, help: '', samples: [] })
        current = name
      }
      const family = families.get(name)
      if (!family || current !== name || family.samples.length > 0) throw fail('it does not belong here')
      if (keyword === 'UNIT' && !name.endsWith(`_${rest}`)) throw fail('the name does not end in the unit')
      if (keyword === 'UNIT') family.unit = rest
      if (keyword === 'HELP') family.help = unescape(rest)
      continue
    }
    const family = families.get(current ?? '')
    const sample = readSample(line)
    if (!family || !sample) throw fail('no sample of a known family')
    if (!SUFFIXES[family.type]!.some((suffix) => family.name + suffix === sample.name)) throw fail('the wrong suffix')
    const identity = `${sample.name}${JSON.stringify(Object.entries(sample.labels).toSorted(byName))}`
    if (seen.has(identity)) throw fail('the sample was there before')
    seen.add(identity)
    if (family.type !== 'gauge' && !(sample.value >= 0)) throw fail('less than nothing')
    family.samples.push(sample)
  }
  for (const family of families.values()) if (family.type === 'histogram') checkHistogram(family)
  return [...families.values()]
}

function readSample(line: string): ReadSample | undefined {
  const [, name = '', inner = '', number = ''] =
    /^([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\n"])*",?)*)\})? (\S+)$/.exec(line) ?? []
  const value = number === '+Inf' ? Infinity : Number(number)
  if (name === '' || number === '' || Number.isNaN(value) || inner.endsWith(',')) return undefined
  const labels: Record<string, string> = {}
  for (const [, label = '', text = ''] of inner.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\n"])*)"/g)) {
    if (label in labels) return undefined
    labels[label] = unescape(text)
  }
  return { name, labels, value }
}

function unescape(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter))
}

/** Buckets grow, end in +Inf, and what is there is what was counted. */
function checkHistogram({ name, samples }: ReadFamily): void {
  const groups = new Map<string, { bounds: number[]; counts: number[]; count?: number; sum?: number }>()
  for (const { name: sample, labels, value } of samples) {
    const { le, ...rest } = labels
    const key = JSON.stringify(Object.entries(rest).toSorted(byName))
    const group = groups.get(key) ?? { bounds: [], counts: [] }
    groups.set(key, group)
    if (sample.endsWith('_bucket')) {
      group.bounds.push(le === '+Inf' ? Infinity : Number(le))
      group.counts.push(value)
    } else group[sample.endsWith('_sum') ? 'sum' : 'count'] = value
  }
  for (const [key, { bounds, counts, count, sum }] of groups) {
    const grows = (list: number[]) => list.every((each, at) => at === 0 || each >= list[at - 1]!)
    if (!grows(bounds) || !grows(counts) || bounds.at(-1) !== Infinity || counts.at(-1) !== count || sum === undefined)
      throw new Error(`${name} ${key} is no histogram`)
  }
}

/** The sum of the samples whose labels are these. */
export function sumOf(
  families: readonly ReadFamily[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  return families
    .flatMap(({ samples }) => samples)
    .filter(
      (sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
    )
    .reduce((sum, { value }) => sum + value, 0)
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1
}

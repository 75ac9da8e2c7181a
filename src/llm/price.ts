// What a call costs. Prices are compiled once into integers; a call is then a dozen multiplications, exact and rounded once.
import type { Usage } from './spec.ts'

/**
 * US dollars: for a million tokens of each class, for a thousand of each count, for an hour of sound. A class that is absent costs what
 * the class around it costs (cached input what input costs, reasoning what output costs); a count that is absent costs nothing.
 */
export type Rates = {
  readonly input?: number
  readonly cacheRead?: number
  /** Writes that live five minutes, and one hour where `cacheWrite1h` is absent. */
  readonly cacheWrite?: number
  readonly cacheWrite1h?: number
  readonly inputAudio?: number
  readonly inputImage?: number
  readonly output?: number
  readonly reasoning?: number
  readonly outputAudio?: number
  readonly outputImage?: number
  readonly requests?: number
  readonly webSearches?: number
  readonly fileSearches?: number
  readonly pages?: number
  readonly annotatedPages?: number
  readonly messages?: number
  readonly audioHours?: number
}

export type PriceRule = {
  readonly rates: Rates
  /** Rates that replace all others where the whole input has more tokens than `above`; rising. */
  readonly tiers?: readonly { readonly above: number; readonly rates: Rates }[]
  /** Holds from this day on (`2026-03-13`, UTC). */
  readonly from?: string
  /** Holds between these times of the day, in seconds after midnight UTC; over midnight when the first is later. */
  readonly between?: readonly [number, number]
  /** The shortest sound that is charged. */
  readonly leastAudioMs?: number
}

/** Who said what a model costs. The last rule that holds counts, else the first. */
export type Price = { readonly rules: readonly PriceRule[]; readonly source: string }

/** What is charged beside tokens, where the caller knows it. */
export type Extras = {
  readonly audioMs?: number
  readonly pages?: number
  readonly annotatedPages?: number
  readonly messages?: number
}

/** `micros` are whole micro-dollars, rounded half up once. An unknown price is no price: it is never 0. */
export type Cost =
  | { readonly priced: true; readonly micros: number; readonly source: string }
  | { readonly priced: false; readonly micros: null; readonly source: null }

const CLASSES = [
  'input',
  'cacheRead',
  'cacheWrite',
  'cacheWrite1h',
  'inputAudio',
  'inputImage',
  'output',
  'reasoning',
  'outputAudio',
  'outputImage',
  'requests',
  'webSearches',
  'fileSearches',
  'pages',
  'annotatedPages',
  'messages',
  'audioHours',
] as const satisfies readonly (keyof Rates)[]

type PricedClass = (typeof CLASSES)[number]

const AROUND: Readonly<Partial<Record<PricedClass, PricedClass>>> = {
  cacheRead: 'input',
  cacheWrite: 'input',
  cacheWrite1h: 'cacheWrite',
  inputAudio: 'input',
  inputImage: 'input',
  reasoning: 'output',
  outputAudio: 'output',
  outputImage: 'output',
  annotatedPages: 'pages',
}

/** Micro-dollars for one of each class: a whole part, and a rest in `1 / divisor`. Same order as CLASSES. */
type Flat = {
  readonly above: number
  readonly whole: Float64Array
  readonly rest: Float64Array
  readonly divisor: number
}

type CompiledRule = {
  readonly tiers: readonly [Flat, ...Flat[]]
  readonly fromMs: number
  readonly between: readonly [number, number] | undefined
  readonly leastAudioMs: number
}

export type CompiledPrice = { readonly source: string; readonly rules: readonly [CompiledRule, ...CompiledRule[]] }

const UNPRICED: Cost = { priced: false, micros: null, source: null }
const PARTS = 1_000_000

export function compilePrice(price: Price): CompiledPrice {
  const rules = price.rules.map((rule) => ({
    tiers: [{ above: -1, rates: rule.rates }, ...(rule.tiers ?? [])].map(({ above, rates }) => flatten(above, rates)),
    fromMs: rule.from ? Date.parse(`${rule.from}T00:00:00Z`) : -Infinity,
    between: rule.between,
    leastAudioMs: rule.leastAudioMs ?? 0,
  }))
  return { source: price.source, rules: rules as unknown as CompiledPrice['rules'] }
}

function flatten(above: number, rates: Rates): Flat {
  const each = CLASSES.map((name) => unitOf(name) * (rateOf(rates, name) ?? 0))
  const scale = commonScale(each)
  const divisor = PARTS * scale
  const whole = new Float64Array(CLASSES.length)
  const rest = new Float64Array(CLASSES.length)
  for (const [at, micros] of each.entries()) {
    const parts = Math.round(micros * divisor)
    rest[at] = parts % divisor
    whole[at] = (parts - rest[at]!) / divisor
  }
  return { above, whole, rest, divisor }
}

const rateOf = (rates: Rates, name: PricedClass): number | undefined =>
  rates[name] ?? (AROUND[name] ? rateOf(rates, AROUND[name]) : undefined)

/** Micro-dollars for one, when the rate is one dollar: a million tokens, a thousand counts, an hour in milliseconds. */
function unitOf(name: PricedClass): number {
  if (name === 'audioHours') return 1 / 3.6
  return CLASSES.indexOf(name) >= CLASSES.indexOf('requests') ? 1000 : 1
}

/** The least number that makes a whole number of millionths out of each value: 1 for decimals, 3 for a price of a twelfth of a dollar. */
function commonScale(values: readonly number[]): number {
  const wholeAt = (scale: number) =>
    values.every((value) => {
      const parts = value * PARTS * scale
      return Math.abs(parts - Math.round(parts)) <= 1e-9 * Math.max(1, parts / 1e6)
    })
  for (let scale = 1; scale <= 1000; scale++) if (wholeAt(scale)) return scale
  return 1000
}

/** Counts by class, each token in one class only; filled again for each call. */
const counts = new Float64Array(CLASSES.length)

function count(usage: Usage, extras: Extras | undefined, leastAudioMs: number): void {
  const audioIn = Math.min(usage.audioIn, usage.inputUncached)
  const imageIn = Math.min(usage.imageIn, usage.inputUncached - audioIn)
  const audioOut = Math.min(usage.audioOut, usage.output)
  const imageOut = Math.min(usage.imageOut, usage.output - audioOut)
  counts[0] = usage.inputUncached - audioIn - imageIn
  counts[1] = usage.cacheRead
  counts[2] = usage.cacheWrite5m
  counts[3] = usage.cacheWrite1h
  counts[4] = audioIn
  counts[5] = imageIn
  counts[6] = usage.output - audioOut - imageOut
  counts[7] = usage.reasoning
  counts[8] = audioOut
  counts[9] = imageOut
  counts[10] = 1
  counts[11] = usage.serverTools['web_search'] ?? 0
  counts[12] = usage.serverTools['file_search'] ?? 0
  counts[13] = extras?.pages ?? 0
  counts[14] = extras?.annotatedPages ?? 0
  counts[15] = extras?.messages ?? 0
  const audioMs = extras?.audioMs ?? 0
  counts[16] = audioMs > 0 ? Math.max(audioMs, leastAudioMs) : 0
}

function ruleAt(price: CompiledPrice, atMs: number): CompiledRule {
  const { rules } = price
  for (let at = rules.length - 1; at > 0; at--) {
    const rule = rules[at]!
    if (atMs < rule.fromMs) continue
    if (!rule.between) return rule
    const [start, end] = rule.between
    const second = (atMs % 86_400_000) / 1000
    if (end < start ? second >= start || second < end : second >= start && second < end) return rule
  }
  return rules[0]
}

function tierFor(rule: CompiledRule, usage: Usage): Flat {
  const { tiers } = rule
  if (tiers.length === 1) return tiers[0]
  const input = usage.inputUncached + usage.cacheRead + usage.cacheWrite5m + usage.cacheWrite1h
  let found = tiers[0]
  for (const tier of tiers) if (input > tier.above) found = tier
  return found
}

/** What a call costs at a moment (milliseconds since 1970). Exact for up to 10⁸ tokens of a class. */
export function costMicros(price: CompiledPrice | undefined, usage: Usage, atMs: number, extras?: Extras): Cost {
  if (!price) return UNPRICED
  const rule = ruleAt(price, atMs)
  const { whole, rest, divisor } = tierFor(rule, usage)
  count(usage, extras, rule.leastAudioMs)
  let micros = 0
  let parts = divisor / 2
  for (let at = 0; at < counts.length; at++) {
    const many = counts[at]!
    micros += many * whole[at]!
    parts += many * rest[at]!
  }
  return { priced: true, micros: micros + (parts - (parts % divisor)) / divisor, source: price.source }
}

/** The same by class, in micro-dollars with their fraction: for people. Classes that cost nothing are left out. */
export function costByClass(
  price: CompiledPrice,
  usage: Usage,
  atMs: number,
  extras?: Extras,
): Partial<Record<PricedClass, number>> {
  const rule = ruleAt(price, atMs)
  const { whole, rest, divisor } = tierFor(rule, usage)
  count(usage, extras, rule.leastAudioMs)
  const made = CLASSES.map((name, at) => [name, counts[at]! * (whole[at]! + rest[at]! / divisor)] as const)
  return Object.fromEntries(made.filter(([, micros]) => micros > 0))
}

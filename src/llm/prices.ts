import { findModel } from './catalog.ts'
import { DEMO_PRICE } from './demo/models.ts'
import { compilePrice, type CompiledPrice, type Price, type Rates } from './price.ts'

/** A price that the company set itself, in micro-dollars for a million tokens. A class left out follows the catalogue. */
export type PriceOverride = {
  /** The account's id in the configuration. */
  readonly provider: string
  readonly model: string
  readonly input?: number | undefined
  readonly output?: number | undefined
  readonly cacheRead?: number | undefined
  readonly cacheWrite?: number | undefined
}

/**
 * Prices of models, compiled when they are first asked and kept. `provider` is the account's id, `type` its entry in the registry.
 * Undefined where nobody knows the price.
 */
export type Prices = (provider: string, type: string, model: string) => CompiledPrice | undefined

export function compilePrices(overrides: readonly PriceOverride[] = []): Prices {
  const own = new Map(overrides.map((override) => [keyOf(override.provider, override.model), override]))
  const known = new Map<string, CompiledPrice | undefined>()
  return (provider, type, model) => {
    const key = keyOf(provider, model)
    if (known.has(key)) return known.get(key)
    const override = own.get(key)
    const listed = type === 'demo' ? DEMO_PRICE : findModel(type, model)?.price
    const price = override ? compilePrice(overridden(listed, ratesOf(override))) : listed && compilePrice(listed)
    // Callers name models: the memory of names is bounded, what falls out is compiled again.
    if (known.size >= LARGEST) known.clear()
    known.set(key, price)
    return price
  }
}

function overridden(listed: Price | undefined, own: Rates): Price {
  if (!listed) return { rules: [{ rates: own }], source: 'override' }
  const rules = listed.rules.map((rule) => ({
    ...rule,
    rates: { ...rule.rates, ...own },
    ...(rule.tiers && { tiers: rule.tiers.map(({ above, rates }) => ({ above, rates: { ...rates, ...own } })) }),
  }))
  return { rules, source: 'override' }
}

const LARGEST = 10_000
const keyOf = (provider: string, model: string) => `${provider}\n${model.toLowerCase()}`

function ratesOf(override: PriceOverride): Rates {
  const rates: { -readonly [K in keyof Rates]: number } = {}
  for (const name of ['input', 'output', 'cacheRead', 'cacheWrite'] as const)
    if (override[name] !== undefined) rates[name] = override[name] / 1e6
  return rates
}

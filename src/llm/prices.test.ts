import { calcPrice, type Usage as GenaiUsage } from '@pydantic/genai-prices'
import { describe, expect, it } from 'bun:test'
import { assert, integer, nat, property, record } from 'fast-check'
import { genaiProviders, rulesOf } from '../../scripts/catalog/genai-prices.ts'
import { idsBy } from '../../scripts/catalog/providers.ts'
import { findModel } from './catalog.ts'
import { compilePrice, costByClass, costMicros, type CompiledPrice, type Extras } from './price.ts'
import { compilePrices } from './prices.ts'
import type { Usage } from './spec.ts'
import { inputTotal, makeUsage, outputTotal } from './usage.ts'

const providers = await genaiProviders()
const all = providers.flatMap((provider) => provider.models.map((model) => ({ provider: provider.id, model })))

/** Classes summed to micro-dollars without rounding: what `costMicros` rounds. */
const exact = (price: CompiledPrice, usage: Usage, at: number, extras?: Extras) =>
  Object.values(costByClass(price, usage, at, extras)).reduce((sum, micros) => sum + micros, 0)

/** The same usage in the words of the oracle: totals, with their parts named. */
function theirs(usage: Usage, extras: Extras = {}): GenaiUsage {
  return {
    input_tokens: inputTotal(usage),
    cache_read_tokens: usage.cacheRead,
    cache_write_tokens: usage.cacheWrite5m + usage.cacheWrite1h,
    cache_write_5m_tokens: usage.cacheWrite5m,
    cache_write_1h_tokens: usage.cacheWrite1h,
    input_audio_tokens: usage.audioIn,
    input_image_tokens: usage.imageIn,
    cache_audio_read_tokens: 0,
    cache_image_read_tokens: 0,
    output_tokens: outputTotal(usage),
    output_reasoning_tokens: usage.reasoning,
    output_audio_tokens: usage.audioOut,
    output_image_tokens: usage.imageOut,
    web_searches: usage.serverTools['web_search'] ?? 0,
    storage_searches: usage.serverTools['file_search'] ?? 0,
    ...(extras.audioMs !== undefined && {
      audio_seconds: extras.audioMs / 1000,
      input_audio_seconds: extras.audioMs / 1000,
    }),
    ...(extras.pages !== undefined && { input_document_pages: extras.pages + (extras.annotatedPages ?? 0) }),
    ...(extras.annotatedPages !== undefined && { input_annotated_document_pages: extras.annotatedPages }),
    ...(extras.messages !== undefined && { input_text_messages: extras.messages }),
  }
}

const usages = record({
  plain: nat(400_000),
  cacheRead: nat(300_000),
  cacheWrite5m: nat(100_000),
  cacheWrite1h: nat(100_000),
  text: nat(60_000),
  reasoning: nat(60_000),
  audioIn: nat(20_000),
  imageIn: nat(20_000),
  audioOut: nat(20_000),
  imageOut: nat(20_000),
  webSearches: nat(20),
  fileSearches: nat(20),
}).map(({ plain, text, webSearches, fileSearches, ...rest }) =>
  makeUsage({
    ...rest,
    inputUncached: plain + rest.audioIn + rest.imageIn,
    output: text + rest.audioOut + rest.imageOut,
    serverTools: { web_search: webSearches, file_search: fileSearches },
  }),
)
const moments = integer({ min: Date.parse('2025-01-01'), max: Date.parse('2027-06-30') })
const extras = record({ audioMs: nat(4_000_000), pages: nat(500), annotatedPages: nat(500), messages: nat(500) })

describe('prices equal those of the oracle', () => {
  it('knows every model that the oracle prices', () => {
    expect(all.length).toBeGreaterThan(1600)
    const unknown = all
      .filter(({ provider, model }) => !rulesOf(model, provider))
      .map(({ provider, model }) => `${provider}/${model.id}`)
    // Listed without a price and without a word that they are free: unknown here, 0 there.
    expect(unknown.length).toBeLessThan(15)
  })

  it('for every model and random usage, at any moment, to a billionth of a dollar', () => {
    const compiled = all.flatMap(({ provider, model }) => {
      const rules = rulesOf(model, provider)
      return rules
        ? [
            {
              model,
              price: compilePrice({ rules, source: 'test' }),
              oracle: providers.find(({ id }) => id === provider)!,
            },
          ]
        : []
    })
    assert(
      property(usages, extras, moments, (usage, extra, at) => {
        for (const { model, price, oracle } of compiled) {
          // The model is matched by its own id, so that the comparison is of prices and not of matching.
          const alone = { ...oracle, models: [{ ...model, match: { equals: model.id } }] }
          const expected = calcPrice(theirs(usage, extra), model.id, {
            provider: alone,
            timestamp: new Date(at),
          })!.total_price
          const micros = exact(price, usage, at, extra)
          if (Math.abs(micros / 1e6 - expected) > 1e-9)
            throw new Error(`${oracle.id}/${model.id}: ${micros / 1e6} is not ${expected}`)
          const cost = costMicros(price, usage, at, extra)
          if (!cost.priced || Math.abs(cost.micros - micros) > 0.5 + 1e-4)
            throw new Error(`${model.id}: ${cost.micros} is not ${micros} rounded`)
        }
      }),
      { numRuns: 25 },
    )
  })

  it('finds the same price by name', () => {
    const ids = idsBy('genai')
    const at = Date.parse('2026-11-23T12:00:00Z')
    const usage = makeUsage({ inputUncached: 12_345, cacheRead: 6_789, output: 2_345, reasoning: 678 })
    const names = ['-2025-09-29', '-20250929', '', '-latest']
    for (const { provider, model } of all) {
      const id = ids.get(provider)
      if (!id) continue
      for (const ending of names) {
        const name = model.id + ending
        const expected = calcPrice(theirs(usage), name, { providerId: provider, timestamp: new Date(at) })
        const price = findModel(id, name)?.price
        if (!expected || !price || !Object.keys(expected.model_price).length) continue
        if (!price.source.startsWith('@pydantic')) throw new Error(`${id}/${name} is priced by ${price.source}`)
        const difference = exact(compilePrice(price), usage, at) / 1e6 - expected.total_price
        if (Math.abs(difference) > 1e-9) throw new Error(`${id}/${name}: ${difference} off`)
      }
    }
  })
})

describe('costs', () => {
  const prices = compilePrices([{ provider: 'mine', model: 'GPT-4o', input: 1_500_000, output: 3 }])
  const at = Date.parse('2026-11-23T12:00:00Z')

  it('prices each token once', () => {
    const price = compilePrice({
      source: 'test',
      rules: [{ rates: { input: 3, cacheRead: 0.3, cacheWrite: 3.75, cacheWrite1h: 6, output: 15 } }],
    })
    const usage = makeUsage({
      inputUncached: 100,
      cacheRead: 1000,
      cacheWrite5m: 200,
      cacheWrite1h: 300,
      output: 50,
      reasoning: 10,
    })
    expect(costMicros(price, usage, at)).toEqual({ priced: true, micros: 300 + 300 + 750 + 1800 + 900, source: 'test' })
    expect(costByClass(price, usage, at)).toEqual({
      input: 300,
      cacheRead: 300,
      cacheWrite: 750,
      cacheWrite1h: 1800,
      output: 750,
      reasoning: 150,
    })
  })

  it.each([
    [0.5, 1, 1],
    [0.499999, 1, 0],
    [0.1, 5, 1],
    [0.1, 4, 0],
    [1 / 12, 6, 1],
    [1 / 12, 5, 0],
    [0.18000000000000002, 25, 5],
    [30, 100_000_000, 3_000_000_000],
  ])('rounds half up once: %d dollars a million × %d tokens is %d', (input, tokens, micros) => {
    const price = compilePrice({ source: 'test', rules: [{ rates: { input } }] })
    expect(costMicros(price, makeUsage({ inputUncached: tokens }), at)).toMatchObject({ micros })
  })

  it('says that a price is unknown, never 0', () => {
    expect(costMicros(prices('x', 'openai-compatible', 'llama'), makeUsage({ inputUncached: 5 }), at)).toEqual({
      priced: false,
      micros: null,
      source: null,
    })
    expect(
      costMicros(prices('x', 'openrouter', 'qwen/qwq-32b:free'), makeUsage({ inputUncached: 5 }), at),
    ).toMatchObject({ priced: true, micros: 0 })
  })

  it('lets the company set a price, for that account alone', () => {
    const usage = makeUsage({ inputUncached: 1_000_000, output: 1_000_000 })
    expect(costMicros(prices('mine', 'openai', 'gpt-4o'), usage, at)).toEqual({
      priced: true,
      micros: 1_500_003,
      source: 'override',
    })
    expect(costMicros(prices('other', 'openai', 'gpt-4o'), usage, at)).toMatchObject({
      source: expect.stringContaining('genai-prices'),
    })
  })

  it('lets a class that the company left out follow the catalogue, in every tier', () => {
    const own = compilePrices([
      { provider: 'mine', model: 'gpt-4o', input: 1_000_000 },
      { provider: 'mine', model: 'nobody-knows', input: 1_000_000 },
    ])
    const cost = (of: typeof own, model: string, usage: Partial<Usage>) =>
      costMicros(of('mine', 'openai', model), makeUsage(usage), at).micros
    for (const usage of [{ output: 1_000_000 }, { cacheRead: 1_000_000 }])
      expect(cost(own, 'gpt-4o', usage)).toBe(cost(compilePrices(), 'gpt-4o', usage))
    expect(cost(own, 'gpt-4o', { inputUncached: 3_000_000 })).toBe(3_000_000)
    expect(cost(own, 'nobody-knows', { inputUncached: 10, cacheRead: 10 })).toBe(20)
    const tiered = compilePrices([{ provider: 'mine', model: 'gemini-2.5-pro', input: 7_000_000 }])
    const whole = costMicros(tiered('mine', 'google', 'gemini-2.5-pro'), makeUsage({ inputUncached: 500_000 }), at)
    expect(whole.micros).toBe(3_500_000)
  })

  it('takes the tier by the whole input, and the price of the hour', () => {
    const tiered = prices('a', 'google', 'gemini-2.5-pro')!
    const micros = (cacheRead: number) =>
      costMicros(tiered, makeUsage({ inputUncached: 100_000, cacheRead }), at).micros!
    expect(micros(100_001)).toBeGreaterThan(micros(100_000) * 1.9)
    const hourly = compilePrice({
      source: 'test',
      rules: [{ rates: { input: 1 } }, { rates: { input: 2 }, between: [23 * 3600, 3600] }],
    })
    const atTime = (time: string) =>
      costMicros(hourly, makeUsage({ inputUncached: 10 }), Date.parse(`2026-11-23T${time}Z`)).micros
    expect(['22:59:59', '23:00:00', '00:30:00', '01:00:00'].map(atTime)).toEqual([10, 20, 20, 10])
  })
})

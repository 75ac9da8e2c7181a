import { describe, expect, it } from 'bun:test'
import {
  capabilitiesOf,
  catalogFacts,
  catalogProviders,
  currentModels,
  findModel,
  modelsOf,
  searchModels,
} from './catalog.ts'
import { matches, withDashedDay } from './catalog-match.ts'
import { findProvider } from './providers.ts'

describe('the catalogue', () => {
  it('is large, priced, and of known providers', () => {
    const all = catalogProviders().flatMap(modelsOf)
    expect(all.length).toBe(catalogFacts().models)
    expect(all.length).toBeGreaterThan(1500)
    expect(all.filter(({ price }) => price).length).toBeGreaterThan(1500)
    expect(all.filter(({ capabilities }) => capabilities.contextTokens).length).toBeGreaterThan(1500)
    expect(all.filter(({ shutdown }) => shutdown).length).toBeGreaterThan(300)
    expect(all.filter(({ released }) => released).length).toBeGreaterThan(900)
    for (const provider of catalogProviders()) expect(findProvider(provider)?.id).toBe(provider)
  })

  it('lists no names of families, and on a day only what can be called', () => {
    const ids = (provider: string) => modelsOf(provider).map(({ id }) => id)
    expect(ids('openai')).toContain('gpt-4o')
    expect(ids('openai').some((id) => id.endsWith('-'))).toBe(false)
    const dated = modelsOf('anthropic').find(({ shutdown }) => shutdown)!
    const listed = (day: string) => currentModels('anthropic', Date.parse(day)).some(({ id }) => id === dated.id)
    expect([listed('2025-01-01'), listed(dated.shutdown!)]).toEqual([!dated.deprecated, false])
  })

  it('knows what the demo can do', () => {
    expect(capabilitiesOf('demo', 'parley')).toMatchObject({ tools: true, jsonSchema: true, reasoning: false })
    expect(findModel('demo', 'parley')).not.toHaveProperty('price')
  })

  it('lists a model once for each provider', () => {
    for (const provider of catalogProviders()) {
      const ids = modelsOf(provider).map(({ id }) => id.toLowerCase())
      expect(ids.length).toBe(new Set(ids).size)
    }
  })

  it.each([
    ['openai', 'gpt-4o', { contextTokens: 128_000, maxOutputTokens: 16_384, tools: true, reasoning: false }],
    ['openai', 'gpt-4o-2024-11-20', { contextTokens: 128_000 }],
    ['anthropic', 'claude-opus-4-8', { reasoning: true, reasoningControl: 'effort', temperature: false }],
    ['anthropic', 'claude-sonnet-4-5-20250929', { reasoning: true, reasoningControl: 'budget', temperature: true }],
    [
      'google',
      'gemini-2.5-flash',
      { reasoningControl: 'budget', input: ['text', 'image', 'audio', 'video', 'document'] },
    ],
    ['amazon-bedrock', 'us.anthropic.claude-sonnet-4-5-20250929-v1:0', { tools: true }],
    ['anthropic', 'claude-opus-4-1', { reasoning: true, tools: true }],
    ['azure-openai', 'gpt-5-mini', { tools: true }],
    ['google-vertex-anthropic', 'claude-sonnet-4-5@20250929', { tools: true, contextTokens: 200_000 }],
  ])('%s/%s', (provider, model, known) => {
    expect(capabilitiesOf(provider, model)).toMatchObject(known)
  })

  it('knows nothing of what nobody knows', () => {
    expect(findModel('openai', 'nobody-heard-of-it')).toBeUndefined()
    expect(findModel('openai-compatible', 'gpt-4o')).toBeUndefined()
    expect(capabilitiesOf('nobody', 'x')).toEqual({})
  })

  it('searches by words and filters', () => {
    const found = searchModels('claude sonnet', { provider: 'anthropic', tools: true })
    expect(found.length).toBeGreaterThan(2)
    expect(found.every(({ id, name }) => `${id} ${name}`.toLowerCase().includes('sonnet'))).toBe(true)
    expect(searchModels('', { kind: 'embedding', provider: 'openai' }).map(({ id }) => id)).toContain(
      'text-embedding-3-small',
    )
    expect(searchModels('gpt-4o', { provider: 'openai', input: 'audio' }).length).toBeLessThan(
      searchModels('gpt-4o', { provider: 'openai' }).length,
    )
    expect(searchModels('zzzz-nothing')).toEqual([])
  })
})

it.each([
  [[['=gpt-4o']], 'gpt-4o', true],
  [[['^gpt-4o', '$-mini']], 'gpt-4o-mini', true],
  [[['^gpt-4o', '$-mini']], 'gpt-4o', false],
  [[['=x'], ['*sonnet']], 'claude-sonnet-4', true],
  [[['/^claude-\\d$']], 'claude-4', true],
])('%j means %s: %p', (match, name, meant) => {
  expect(matches(match, name)).toBe(meant)
})

it.each([
  ['claude-sonnet-4-5-20250929', 'claude-sonnet-4-5-2025-09-29'],
  ['claude-20250231', undefined],
  ['gpt-4o', undefined],
])('%s dashed is %p', (name, dashed) => {
  expect(withDashedDay(name)).toBe(dashed)
})

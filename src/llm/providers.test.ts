import { describe, expect, it } from 'bun:test'
import { homeOf, placesOf, urlAt } from './address.ts'
import { findProvider, operationsOf, PROVIDERS, providersInEnvironment, searchProviders } from './providers.ts'
import { SOURCES } from './providers/sources.ts'

const PROTOCOLS = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini',
  'bedrock-converse',
  'cohere-v2',
  'ollama',
]
const vendors = PROVIDERS.filter(({ kind }) => kind !== 'built-in')

describe('every provider', () => {
  it('is known once', () => {
    expect(new Set(PROVIDERS.map(({ id }) => id)).size).toBe(PROVIDERS.length)
    expect(vendors.filter(({ chat }) => chat.length).length).toBeGreaterThanOrEqual(120)
  })

  it.each(vendors.map((provider) => [provider.id, provider] as const))('%s is whole', (_, provider) => {
    expect(provider.id).toMatch(/^[a-z0-9][a-z0-9-]*$/)
    expect(provider.name).not.toBe('')
    expect(provider.docs).toStartWith('https://')
    expect(provider.chat.length + operationsOf(provider).length).toBeGreaterThan(0)
    for (const { protocol } of provider.chat) expect(PROTOCOLS).toContain(protocol)
    for (const name of [...provider.keys, ...provider.sharedKeys, ...provider.addresses])
      expect(name).toMatch(/^[A-Z0-9][A-Z0-9_]+$/)
    expect(provider.keys.length + provider.sharedKeys.length + provider.addresses.length).toBeGreaterThan(0)
    for (const codes of Object.values(provider.sources))
      for (const code of codes.split(',')) expect(Object.keys(SOURCES)).toContain(code)
    const variables = Object.fromEntries(Object.keys(provider.variables).map((name) => [name, 'value']))
    const places = [...placesOf(provider, { variables }), homeOf(provider, { variables })]
    for (const { baseUrl } of places) {
      const url = new URL(baseUrl)
      expect(url.protocol).toBe(provider.kind === 'self-hosted' ? 'http:' : 'https:')
      expect(baseUrl).not.toMatch(/[{}]|\/$|\/\/.*\/\//)
    }
  })

  it('switches on by names that no other provider claims', () => {
    const names = PROVIDERS.flatMap(({ keys, addresses }) => [...keys, ...addresses])
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([])
    const shared = new Set(PROVIDERS.flatMap(({ sharedKeys }) => sharedKeys))
    expect(['GITHUB_TOKEN', 'AWS_ACCESS_KEY_ID', 'CLOUDFLARE_API_TOKEN'].every((name) => shared.has(name))).toBe(true)
  })
})

describe('addresses', () => {
  const place = (id: string, settings: Parameters<typeof placesOf>[1], at = 0) =>
    placesOf(findProvider(id)!, settings)[at]!

  it.each([
    ['openai', {}, 0, '/chat/completions', 'https://api.openai.com/v1/chat/completions'],
    [
      'openai',
      { baseUrl: 'http://127.0.0.1:9100/v1/' },
      0,
      '/chat/completions',
      'http://127.0.0.1:9100/v1/chat/completions',
    ],
    [
      'amazon-bedrock',
      {},
      0,
      '/model/{model}/converse',
      'https://bedrock-runtime.us-east-1.amazonaws.com/model/a%2Fb%3A0/converse',
    ],
    [
      'azure-openai',
      { variables: { resource: 'acme' } },
      0,
      '/chat/completions',
      'https://acme.openai.azure.com/openai/v1/chat/completions',
    ],
    [
      'azure-openai-classic',
      { variables: { resource: 'https://acme.openai.azure.com/' } },
      0,
      '/deployments/{model}/chat/completions',
      'https://acme.openai.azure.com/openai/deployments/a%2Fb%3A0/chat/completions?api-version=2024-10-21',
    ],
    [
      'google-vertex',
      { variables: { project: 'p', location: 'europe-west4' } },
      0,
      '/models/m:generateContent',
      'https://europe-west4-aiplatform.googleapis.com/v1/projects/p/locations/europe-west4/publishers/google/models/m:generateContent',
    ],
    [
      'google-vertex',
      { variables: { project: 'p' } },
      0,
      '/models/m:generateContent',
      'https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google/models/m:generateContent',
    ],
    [
      'databricks',
      { variables: { host: 'https://dbc-1.cloud.databricks.com' } },
      0,
      '/x',
      'https://dbc-1.cloud.databricks.com/serving-endpoints/x',
    ],
    ['deepseek', {}, 1, '/messages', 'https://api.deepseek.com/anthropic/v1/messages'],
    ['ollama', { baseUrl: 'http://box:11434' }, 1, '/chat/completions', 'http://box:11434/v1/chat/completions'],
  ])('%s %j', (id, settings, at, path, url) => {
    expect(urlAt(place(id, settings, at), path, 'a/b:0')).toBe(url)
  })

  it('keeps to the given address: a surface with an address of its own is not reachable there', () => {
    const minimax = placesOf(findProvider('minimax')!, { baseUrl: 'http://proxy/anthropic/v1' })
    expect(minimax.map(({ protocol }) => protocol)).toEqual(['anthropic-messages'])
  })

  it.each([
    ['azure-openai', 'resource'],
    ['openai-compatible', 'base_url'],
    ['databricks', 'host'],
  ])('says what %s is missing', (id, name) => {
    expect(() => placesOf(findProvider(id)!)).toThrow(name)
  })
})

describe('the environment', () => {
  const ids = (env: Record<string, string>) =>
    providersInEnvironment(env).map(({ provider, key }) => [provider.id, key])

  it.each([
    [
      { OPENAI_API_KEY: 'x', ANTHROPIC_API_KEY: 'y' },
      [
        ['openai', 'OPENAI_API_KEY'],
        ['anthropic', 'ANTHROPIC_API_KEY'],
      ],
    ],
    [{ GOOGLE_API_KEY: 'x' }, [['google', 'GOOGLE_API_KEY']]],
    [{ GOOGLE_API_KEY: 'x', GEMINI_API_KEY: 'y' }, [['google', 'GEMINI_API_KEY']]],
    [{ OPENAI_API_KEY: ' ' }, []],
    [{ GITHUB_TOKEN: 'x', AWS_ACCESS_KEY_ID: 'y', AWS_SECRET_ACCESS_KEY: 'z', WANDB_API_KEY: 'w' }, []],
    [{ MOONSHOT_API_KEY: 'x' }, [['moonshot', 'MOONSHOT_API_KEY']]],
    [{ AZURE_API_KEY: 'x' }, []],
    [{ AZURE_API_KEY: 'x', AZURE_RESOURCE_NAME: 'acme' }, [['azure-openai', 'AZURE_API_KEY']]],
    [{ AWS_BEARER_TOKEN_BEDROCK: 'x' }, [['amazon-bedrock', 'AWS_BEARER_TOKEN_BEDROCK']]],
  ])('%j', (env, found) => {
    expect(ids(env as unknown as Record<string, string>)).toEqual(found as [string, string][])
  })

  it('finds a server of one’s own by its address', () => {
    const [found] = providersInEnvironment({ OLLAMA_HOST: 'box:11434' })
    expect(found).toMatchObject({ provider: { id: 'ollama' }, baseUrl: 'http://box:11434' })
    expect(found).not.toHaveProperty('key')
    const [vllm] = providersInEnvironment({ HOSTED_VLLM_API_BASE: 'http://gpu:8000/v1/', HOSTED_VLLM_API_KEY: 'k' })
    expect(vllm).toMatchObject({ provider: { id: 'vllm' }, key: 'HOSTED_VLLM_API_KEY', baseUrl: 'http://gpu:8000/v1' })
  })
})

it.each([
  ['bedrock', 'amazon-bedrock'],
  ['Claude aws', 'anthropic-aws'],
  ['rerank embeddings', 'cohere'],
  ['gemini lab', 'google'],
])('searches %s', (text, id) => {
  expect(searchProviders(text).map((provider) => provider.id)).toContain(id)
})

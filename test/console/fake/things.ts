import type { AliasView } from '../../../src/contract/api/aliases.ts'
import type { KeyView } from '../../../src/contract/api/keys.ts'
import type { ModelView } from '../../../src/contract/api/models.ts'
import type { ProviderView, RegistryEntry } from '../../../src/contract/api/providers.ts'
import { KEYS } from './calls.ts'

const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString()
const kept = { origin: 'database' as const, version: 3, created_at: hoursAgo(900), updated_at: hoursAgo(40) }

export const keys: KeyView[] = KEYS.map((key, index) => ({
  ...kept,
  ...key,
  team: key.team,
  ...(key.application ? { application: key.application } : { application: undefined }),
  models: index === 0 ? ['fast', 'openai/*'] : index === 2 ? ['demo/*'] : ['*'],
  priority: 'normal',
  on_unsupported: 'drop',
  hint: `prk_live_…${['k3Qz', 'wxyz', '9fJ2', 'Lm0a'][index]}`,
  status: index === 3 ? 'expired' : 'active',
  origin: index === 2 ? 'file' : 'database',
  created_by: 'ada@harbour.example',
  last_used_at: index === 3 ? hoursAgo(400) : hoursAgo(0.02 + index),
  revoked_at: null,
  used: {
    calls: 182_340 >> (index * 2),
    tokens: 412_000_000 >> (index * 2),
    cost_micros: 714_220_000 >> (index * 2),
    unpriced_calls: 0,
  },
}))

const provider = (
  id: string,
  label: string,
  state: ProviderView['status']['state'],
  detail: string,
  calls: number,
  failures: number,
): ProviderView => ({
  ...kept,
  id,
  type: id,
  label,
  enabled: state !== 'disabled',
  api_key: {
    reference: id === 'local' ? null : `env:${id.toUpperCase()}_API_KEY`,
    last4: null,
    found: state !== 'no-key',
  },
  api_keys: [],
  status: { state, detail, calls, failures, last_call_at: calls ? hoursAgo(0.01) : null },
})

export const providers: ProviderView[] = [
  {
    ...provider('openai', 'OpenAI', 'healthy', 'Answers: 4,210 calls in the last hour, 99.7 % well.', 4210, 12),
    api_key: { reference: null, last4: 'w9Qd', found: true },
  },
  provider(
    'anthropic',
    'Anthropic',
    'failing',
    '18 of the last 60 calls failed with 529 overloaded. Calls go to the fallbacks of their aliases.',
    610,
    184,
  ),
  provider('google', 'Google Gemini', 'healthy', 'Answers: 1,903 calls in the last hour, 99.9 % well.', 1903, 2),
  provider(
    'mistral',
    'Mistral AI',
    'no-key',
    'No key: set MISTRAL_API_KEY where the gateway runs, or enter a key here.',
    0,
    0,
  ),
  {
    ...provider('local', 'OpenAI-compatible', 'unused', 'Set up, and not called yet.', 0, 0),
    type: 'openai-compatible',
    base_url: 'http://10.0.4.17:8000/v1',
    origin: 'file',
  },
  {
    ...provider('demo', 'Demo', 'healthy', 'Built in. Answers offline with deterministic text.', 3, 0),
    origin: 'built-in',
    api_key: null,
  },
]

export const aliases: AliasView[] = [
  {
    ...kept,
    name: 'fast',
    strategy: 'weighted',
    sticky_by: 'key',
    targets: [
      { provider: 'openai', model: 'gpt-5.1-mini', weight: 70, priority: 0 },
      { provider: 'google', model: 'gemini-3-flash', weight: 30, priority: 0 },
      { provider: 'mistral', model: 'mistral-medium-3', weight: 1, priority: 1 },
    ],
    canary: { provider: 'local', model: 'qwen3-32b', percent: 5 },
    fallbacks: [{ provider: 'anthropic', model: 'claude-sonnet-4-5' }],
    hold_back: 1,
    continue_streams: false,
  },
  {
    ...kept,
    name: 'careful',
    strategy: 'priority',
    sticky_by: 'key',
    targets: [
      { provider: 'anthropic', model: 'claude-sonnet-4-5', weight: 1, priority: 0 },
      { provider: 'openai', model: 'gpt-5.1-mini', weight: 1, priority: 1, when: { tools: false } },
    ],
    fallbacks: [],
    mirror: { provider: 'local', model: 'qwen3-32b', percent: 10 },
    hold_back: 1,
    continue_streams: false,
    origin: 'file',
  },
]

const model = (
  provider: string,
  name: string,
  capabilities: string[],
  context: number | null,
  input: number | null,
  output: number | null,
): ModelView => ({
  id: `${provider}/${name}`,
  provider,
  model: name,
  label: null,
  kind: capabilities.includes('embeddings') ? 'embeddings' : 'chat',
  capabilities,
  context_tokens: context,
  output_tokens: context && 32_000,
  price: input === null ? null : { input, ...(output === null ? {} : { output }), cache_read: input / 10 },
  price_source: input === null ? null : 'genai-prices 2026-09-23',
  overridden: name === 'mistral-medium-3',
  shutdown_at: name === 'gpt-4o-mini' ? '2027-02-01T00:00:00Z' : null,
  set_up: true,
})

export const models: ModelView[] = [
  model('openai', 'gpt-5.1-mini', ['tools', 'vision', 'json_schema', 'reasoning'], 400_000, 250_000, 2_000_000),
  model('openai', 'gpt-5.1', ['tools', 'vision', 'json_schema', 'reasoning'], 400_000, 1_250_000, 10_000_000),
  model('openai', 'gpt-4o-mini', ['tools', 'vision', 'json_schema'], 128_000, 150_000, 600_000),
  model('openai', 'text-embedding-3-large', ['embeddings'], 8_191, 130_000, null),
  model('anthropic', 'claude-sonnet-4-5', ['tools', 'vision', 'reasoning'], 200_000, 3_000_000, 15_000_000),
  model('anthropic', 'claude-haiku-4-5', ['tools', 'vision', 'reasoning'], 200_000, 1_000_000, 5_000_000),
  model(
    'google',
    'gemini-3-flash',
    ['tools', 'vision', 'audio', 'json_schema', 'reasoning'],
    1_048_576,
    300_000,
    2_500_000,
  ),
  model('mistral', 'mistral-medium-3', ['tools', 'vision'], 131_072, 400_000, 2_000_000),
  model('local', 'qwen3-32b', ['tools', 'reasoning'], 131_072, null, null),
  model('demo', 'chat', ['tools', 'json_schema'], 8_192, 0, 0),
]

export const registry: RegistryEntry[] = (
  [
    ['anthropic', 'Anthropic', 'https://api.anthropic.com/v1', 'ANTHROPIC_API_KEY', 24],
    ['azure', 'Azure OpenAI', 'https://{resource}.openai.azure.com', 'AZURE_API_KEY', 31],
    ['cohere', 'Cohere', 'https://api.cohere.com/v2', 'COHERE_API_KEY', 18],
    ['deepseek', 'DeepSeek', 'https://api.deepseek.com', 'DEEPSEEK_API_KEY', 4],
    ['google', 'Google Gemini', 'https://generativelanguage.googleapis.com/v1beta', 'GEMINI_API_KEY', 29],
    ['groq', 'Groq', 'https://api.groq.com/openai/v1', 'GROQ_API_KEY', 21],
    ['mistral', 'Mistral AI', 'https://api.mistral.ai/v1', 'MISTRAL_API_KEY', 26],
    ['openai', 'OpenAI', 'https://api.openai.com/v1', 'OPENAI_API_KEY', 58],
    ['openrouter', 'OpenRouter', 'https://openrouter.ai/api/v1', 'OPENROUTER_API_KEY', 340],
    ['xai', 'xAI', 'https://api.x.ai/v1', 'XAI_API_KEY', 12],
  ] as const
).map(([type, label, base_url, variable, count]) => ({
  type,
  label,
  base_url,
  variables: base_url.includes('{resource}') ? ['resource'] : [],
  environment: [variable],
  needs_key: true,
  documentation: `https://docs.example/${type}`,
  models: count,
}))

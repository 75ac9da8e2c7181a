import { defineProvider } from '../provider.ts'
import type { PrefixRule } from '../target.ts'

/** Claude up to 4.5, under the names of every platform; later models refuse a conversation that ends with the assistant. */
export const PREFILL = {
  models: [
    '*claude-instant*',
    '*claude-2*',
    '*claude-v2*',
    '*claude-3*',
    '*claude-sonnet-4-0*',
    '*claude-sonnet-4-2025*',
    '*claude-sonnet-4@*',
    '*claude-sonnet-4-5*',
    '*claude-opus-4-0*',
    '*claude-opus-4-2025*',
    '*claude-opus-4@*',
    '*claude-opus-4-1*',
    '*claude-opus-4-5*',
    '*claude-haiku-4-5*',
  ],
  source:
    'https://docs.claude.com/en/docs/prefill-claudes-response; the end of it: https://platform.claude.com/docs/en/about-claude/models/whats-new-claude-4-6',
} as const satisfies Partial<PrefixRule>

const VERSION = {
  headers: { 'anthropic-version': '2023-06-01' },
  prefix: { protocol: 'anthropic-messages', ...PREFILL },
} as const

/** Its OpenAI-shaped path is left out on purpose: it ignores what the native one carries (schemas, caching, signatures). */
export const anthropic = defineProvider({
  id: 'anthropic',
  name: 'Anthropic',
  kind: 'lab',
  baseUrl: 'https://api.anthropic.com/v1',
  auth: { scheme: 'header', name: 'x-api-key' },
  chat: ['anthropic-messages'],
  operations: { native: ['count-tokens', 'batches', 'files'] },
  keys: ['ANTHROPIC_API_KEY'],
  quirks: VERSION,
  docs: 'https://docs.anthropic.com/en/docs/about-claude/models',
  sources: { address: 'A,P', auth: 'A,P', environment: 'M', docs: 'M' },
})

export const anthropicAws = defineProvider({
  id: 'anthropic-aws',
  name: 'Claude Platform on AWS',
  kind: 'cloud',
  baseUrl: 'https://aws-external-anthropic.{region}.api.aws/v1',
  auth: { scheme: 'header', name: 'x-api-key' },
  chat: ['anthropic-messages'],
  variables: {
    region: { about: 'AWS region', environment: ['AWS_REGION', 'AWS_DEFAULT_REGION'], default: 'us-east-1' },
  },
  keys: ['ANTHROPIC_AWS_API_KEY'],
  quirks: VERSION,
  docs: 'https://docs.claude.com',
  notes: ['some accounts name their workspace in a header: see the vendor’s page'],
  sources: { address: 'A,K', auth: 'A', environment: 'A', docs: 'K' },
})

/** Speaks Anthropic's format for models of its own. */
export const thinkingMachines = defineProvider({
  id: 'thinkingmachines',
  name: 'Thinking Machines (Tinker)',
  kind: 'lab',
  baseUrl: 'https://tinker.thinkingmachines.dev/services/tinker-prod/anthropic/api/v1',
  auth: { scheme: 'header', name: 'x-api-key' },
  chat: ['anthropic-messages'],
  keys: ['TINKER_API_KEY'],
  quirks: { headers: VERSION.headers },
  docs: 'https://tinker-docs.thinkingmachines.ai/tinker/compatible-apis/anthropic/',
  sources: { address: 'M', auth: 'M', environment: 'M', docs: 'M' },
})

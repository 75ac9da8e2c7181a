import { defineProvider } from '../provider.ts'
import type { Quirks } from '../target.ts'

const QUIRKS: Quirks = {
  rename: { max_completion_tokens: 'max_tokens', seed: 'random_seed' },
  toolIds: 'nine-alphanumeric',
  toolChoiceRequired: 'any',
  noStreamOptions: true,
  reasoningInput: 'thinking',
  prefix: {
    protocol: 'openai-chat',
    message: { prefix: true },
    echoes: true,
    source: 'https://docs.mistral.ai/guides/prefix/; the echo: https://github.com/vercel/ai/pull/3256',
  },
}

export const mistral = defineProvider({
  id: 'mistral',
  name: 'Mistral AI',
  kind: 'lab',
  baseUrl: 'https://api.mistral.ai/v1',
  chat: ['openai-chat'],
  operations: { openai: ['embeddings', 'moderations', 'transcriptions'], native: ['batches', 'ocr'] },
  keys: ['MISTRAL_API_KEY'],
  quirks: QUIRKS,
  docs: 'https://docs.mistral.ai/getting-started/models/',
  sources: { address: 'A,P', auth: 'A,P', environment: 'M', docs: 'M' },
})

export const codestral = defineProvider({
  id: 'codestral',
  name: 'Mistral Codestral endpoint',
  kind: 'lab',
  baseUrl: 'https://codestral.mistral.ai/v1',
  chat: ['openai-chat'],
  operations: { native: ['completions'] },
  keys: ['CODESTRAL_API_KEY'],
  quirks: QUIRKS,
  docs: 'https://docs.mistral.ai/',
  notes: ['its key differs from that of api.mistral.ai'],
  sources: { address: 'L', auth: 'L', environment: 'L', docs: 'K' },
})

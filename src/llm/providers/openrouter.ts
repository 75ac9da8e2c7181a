import { defineProvider } from '../provider.ts'

export const openrouter = defineProvider({
  id: 'openrouter',
  name: 'OpenRouter',
  kind: 'aggregator',
  baseUrl: 'https://openrouter.ai/api/v1',
  chat: ['openai-chat', 'openai-responses'],
  operations: { openai: ['embeddings'] },
  keys: ['OPENROUTER_API_KEY'],
  quirks: { reasoningControl: 'reasoning', reasoningInput: 'reasoning_details', accepts: ['top_k', 'cache_control'] },
  docs: 'https://openrouter.ai/models',
  notes: ['the headers HTTP-Referer and X-Title name the application'],
  sources: { address: 'D,L', auth: 'L,LD', environment: 'M', docs: 'M' },
})

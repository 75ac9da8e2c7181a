import { defineProvider } from '../provider.ts'

export const xai = defineProvider({
  id: 'xai',
  name: 'xAI (Grok)',
  kind: 'lab',
  baseUrl: 'https://api.x.ai/v1',
  chat: ['openai-chat', 'openai-responses'],
  operations: { openai: ['completions', 'embeddings', 'images', 'realtime'] },
  keys: ['XAI_API_KEY'],
  quirks: { usage: 'reasoning-excluded' },
  docs: 'https://docs.x.ai/docs/models',
  sources: { address: 'A,P', auth: 'A,P', environment: 'M', docs: 'M' },
})

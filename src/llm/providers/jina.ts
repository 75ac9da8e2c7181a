import { defineProvider } from '../provider.ts'

export const jina = defineProvider({
  id: 'jina',
  name: 'Jina AI',
  kind: 'embeddings',
  baseUrl: 'https://api.jina.ai/v1',
  chat: [],
  operations: { openai: ['embeddings'], cohere: ['rerank'] },
  keys: ['JINA_API_KEY', 'JINA_AI_API_KEY'],
  docs: 'https://jina.ai/embeddings/',
  sources: { address: 'P,L', auth: 'P', environment: 'L,K', docs: 'L' },
})

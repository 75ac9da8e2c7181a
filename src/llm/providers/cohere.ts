import { defineProvider } from '../provider.ts'

export const cohere = defineProvider({
  id: 'cohere',
  name: 'Cohere',
  kind: 'lab',
  baseUrl: 'https://api.cohere.com/v2',
  chat: ['cohere-v2'],
  operations: { cohere: ['embeddings', 'rerank'], native: ['batches', 'files'] },
  keys: ['COHERE_API_KEY', 'CO_API_KEY'],
  docs: 'https://docs.cohere.com/docs/models',
  sources: { address: 'A', auth: 'A,P,E', environment: 'M,K', docs: 'M' },
})

import { defineProvider } from '../provider.ts'

export const voyage = defineProvider({
  id: 'voyage',
  name: 'Voyage AI',
  kind: 'embeddings',
  baseUrl: 'https://api.voyageai.com/v1',
  chat: [],
  operations: { voyage: ['embeddings', 'rerank'] },
  keys: ['VOYAGE_API_KEY'],
  docs: 'https://docs.voyageai.com',
  sources: { address: 'A,P', auth: 'A,P', environment: 'A', docs: 'K' },
})

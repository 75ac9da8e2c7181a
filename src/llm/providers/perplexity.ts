import { defineProvider } from '../provider.ts'

export const perplexity = defineProvider({
  id: 'perplexity',
  name: 'Perplexity (Sonar)',
  kind: 'lab',
  baseUrl: 'https://api.perplexity.ai',
  chat: ['openai-chat'],
  operations: { native: ['search', 'embeddings'] },
  keys: ['PERPLEXITY_API_KEY'],
  quirks: { rename: { max_completion_tokens: 'max_tokens' }, noStreamOptions: true },
  docs: 'https://docs.perplexity.ai',
  notes: ['each search is charged beside the tokens'],
  sources: { address: 'A,P', auth: 'A,P', environment: 'A,D', docs: 'M' },
})

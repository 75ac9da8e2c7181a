import { defineProvider } from '../provider.ts'

export const ollama = defineProvider({
  id: 'ollama',
  name: 'Ollama (local)',
  kind: 'self-hosted',
  baseUrl: 'http://localhost:11434',
  auth: { scheme: 'none' },
  // Clients of OpenAI and Anthropic pass through; what has to be translated anyway goes to the native format, which says more.
  chat: ['ollama', { protocol: 'openai-chat', path: '/v1' }, { protocol: 'anthropic-messages', path: '/v1' }],
  operations: { openai: ['embeddings', 'completions'] },
  quirks: { paths: { embeddings: '/v1/embeddings', completions: '/v1/completions' } },
  addresses: ['OLLAMA_API_BASE', 'OLLAMA_HOST'],
  docs: 'https://docs.ollama.com',
  sources: { address: 'L,K', auth: 'P,L', environment: 'L', docs: 'K' },
})

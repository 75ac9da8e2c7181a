import { defineProvider } from '../provider.ts'

export const ollama = defineProvider({
  id: 'ollama',
  name: 'Ollama (local)',
  kind: 'self-hosted',
  baseUrl: 'http://localhost:11434',
  auth: { scheme: 'none' },
  chat: [{ protocol: 'openai-chat', path: '/v1' }, 'ollama', { protocol: 'anthropic-messages', path: '/v1' }],
  operations: { ollama: ['embeddings'] },
  addresses: ['OLLAMA_API_BASE', 'OLLAMA_HOST'],
  docs: 'https://docs.ollama.com',
  sources: { address: 'L,K', auth: 'P,L', environment: 'L', docs: 'K' },
})

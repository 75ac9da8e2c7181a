import { defineProvider } from '../provider.ts'

export const groq = defineProvider({
  id: 'groq',
  name: 'Groq',
  kind: 'host',
  baseUrl: 'https://api.groq.com/openai/v1',
  chat: ['openai-chat', 'openai-responses'],
  operations: { openai: ['transcriptions', 'translations', 'speech'] },
  keys: ['GROQ_API_KEY'],
  docs: 'https://console.groq.com/docs/models',
  notes: ['a JSON schema cannot be combined with tools or streaming'],
  sources: { address: 'A,P', auth: 'A,P', environment: 'M', docs: 'M' },
})

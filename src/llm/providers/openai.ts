import { defineProvider } from '../provider.ts'

export const openai = defineProvider({
  id: 'openai',
  name: 'OpenAI',
  kind: 'lab',
  baseUrl: 'https://api.openai.com/v1',
  chat: ['openai-chat', 'openai-responses'],
  operations: {
    openai: [
      'completions',
      'embeddings',
      'moderations',
      'images',
      'image-edits',
      'speech',
      'transcriptions',
      'translations',
      'files',
      'batches',
      'fine-tuning',
      'realtime',
    ],
  },
  keys: ['OPENAI_API_KEY'],
  docs: 'https://platform.openai.com/docs/models',
  notes: ['the headers OpenAI-Organization and OpenAI-Project choose who pays'],
  sources: { address: 'A,P', auth: 'A,P', environment: 'M', docs: 'M' },
})

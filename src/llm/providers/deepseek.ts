import { defineProvider } from '../provider.ts'

export const deepseek = defineProvider({
  id: 'deepseek',
  name: 'DeepSeek',
  kind: 'lab',
  baseUrl: 'https://api.deepseek.com',
  chat: [
    'openai-chat',
    {
      protocol: 'anthropic-messages',
      path: '/anthropic/v1',
      auth: { scheme: 'header', name: 'x-api-key' },
      quirks: {},
    },
  ],
  keys: ['DEEPSEEK_API_KEY'],
  quirks: {
    rename: { max_completion_tokens: 'max_tokens' },
    textOnly: true,
    structured: 'json_object',
    reasoningInput: 'reasoning_content',
    reasoningControl: 'thinking',
    prefix: {
      protocol: 'openai-chat',
      message: { prefix: true },
      path: '/beta/chat/completions',
      source: 'https://api-docs.deepseek.com/guides/chat_prefix_completion',
    },
  },
  docs: 'https://api-docs.deepseek.com/quick_start/pricing',
  notes: ['prices differ by the hour of the day'],
  sources: { address: 'A,M', auth: 'A,P', environment: 'M', docs: 'M' },
})

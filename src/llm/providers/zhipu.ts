import { defineProvider } from '../provider.ts'
import type { Quirks } from '../target.ts'

const QUIRKS: Quirks = {
  rename: { max_completion_tokens: 'max_tokens' },
  reasoningControl: 'thinking',
  reasoningInput: 'reasoning_content',
  structured: 'json_object',
}

export const zhipu = defineProvider({
  id: 'zhipu',
  name: 'Zhipu AI (bigmodel.cn)',
  kind: 'lab',
  baseUrl: 'https://open.bigmodel.cn/api/paas/v4',
  chat: ['openai-chat'],
  operations: { openai: ['embeddings'] },
  keys: ['ZHIPU_API_KEY'],
  quirks: QUIRKS,
  docs: 'https://docs.z.ai/guides/overview/pricing',
  sources: { address: 'D,P', auth: 'P', environment: 'M', docs: 'M' },
})

export const zai = defineProvider({
  id: 'zai',
  name: 'Z.AI (Zhipu international)',
  kind: 'lab',
  baseUrl: 'https://api.z.ai/api/paas/v4',
  chat: ['openai-chat'],
  keys: ['ZAI_API_KEY'],
  sharedKeys: ['ZHIPU_API_KEY'],
  quirks: QUIRKS,
  docs: 'https://docs.z.ai/guides/overview/pricing',
  notes: ['the coding plan has its own address: https://api.z.ai/api/coding/paas/v4'],
  sources: { address: 'D,P,L', auth: 'P', environment: 'M,L', docs: 'M' },
})

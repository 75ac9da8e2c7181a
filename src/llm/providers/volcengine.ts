import { defineProvider } from '../provider.ts'
import type { Quirks } from '../target.ts'

const QUIRKS: Quirks = { reasoningControl: 'thinking' }

export const volcengine = defineProvider({
  id: 'volcengine',
  name: 'Volcengine Ark (Doubao)',
  kind: 'cloud',
  baseUrl: 'https://ark.cn-beijing.volces.com/api/v3',
  chat: ['openai-chat', 'openai-responses'],
  operations: { openai: ['embeddings'] },
  keys: ['ARK_API_KEY', 'VOLCENGINE_API_KEY'],
  quirks: QUIRKS,
  docs: 'https://www.volcengine.com/docs/82379/1330310',
  notes: ['the model may be the id of an endpoint (ep-…)'],
  sources: { address: 'L,O', auth: 'L', environment: 'L', docs: 'M' },
})

export const byteplus = defineProvider({
  id: 'byteplus',
  name: 'BytePlus ModelArk (ByteDance international)',
  kind: 'cloud',
  baseUrl: 'https://ark.ap-southeast.bytepluses.com/api/v3',
  chat: ['openai-chat'],
  operations: { native: ['video'] },
  sharedKeys: ['ARK_API_KEY'],
  quirks: QUIRKS,
  docs: 'https://docs.byteplus.com/en/docs/ModelArk',
  sources: { address: 'A', auth: 'A', environment: 'A', docs: 'K' },
})

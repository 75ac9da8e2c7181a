import { defineProvider } from '../provider.ts'

const asBearer = { scheme: 'bearer' } as const

export const minimax = defineProvider({
  id: 'minimax',
  name: 'MiniMax (international)',
  kind: 'lab',
  baseUrl: 'https://api.minimax.io/anthropic/v1',
  auth: { scheme: 'header', name: 'x-api-key' },
  chat: ['anthropic-messages', { protocol: 'openai-chat', baseUrl: 'https://api.minimax.io/v1', auth: asBearer }],
  operations: { native: ['speech'] },
  keys: ['MINIMAX_API_KEY'],
  docs: 'https://platform.minimax.io/docs/guides/quickstart',
  sources: { address: 'A,D,L,LD', auth: 'A,L', environment: 'M', docs: 'M' },
})

export const minimaxCn = defineProvider({
  id: 'minimax-cn',
  name: 'MiniMax (China)',
  kind: 'lab',
  baseUrl: 'https://api.minimaxi.com/anthropic/v1',
  auth: { scheme: 'header', name: 'x-api-key' },
  chat: ['anthropic-messages', { protocol: 'openai-chat', baseUrl: 'https://api.minimaxi.com/v1', auth: asBearer }],
  sharedKeys: ['MINIMAX_API_KEY'],
  docs: 'https://platform.minimaxi.com/docs/guides/quickstart',
  sources: { address: 'D,L', auth: 'L', environment: 'M', docs: 'M' },
})

import { defineProvider } from '../provider.ts'
import type { Quirks } from '../target.ts'

const QUIRKS: Quirks = {
  rename: { max_completion_tokens: 'max_tokens' },
  reasoningInput: 'reasoning_content',
  prefix: {
    protocol: 'openai-chat',
    message: { partial: true },
    source: 'https://platform.moonshot.cn/docs/api/partial',
  },
}

export const moonshot = defineProvider({
  id: 'moonshot',
  name: 'Moonshot AI (Kimi, international)',
  kind: 'lab',
  baseUrl: 'https://api.moonshot.ai/v1',
  chat: [
    'openai-chat',
    { protocol: 'anthropic-messages', baseUrl: 'https://api.moonshot.ai/anthropic/v1', quirks: {} },
  ],
  keys: ['MOONSHOT_API_KEY'],
  quirks: QUIRKS,
  docs: 'https://platform.moonshot.ai/docs/api/chat',
  notes: ['temperature from 0 to 1; more than one answer needs 0.3 or more; tool_choice "required" is refused'],
  sources: { address: 'A,L,M', auth: 'A,P', environment: 'M', docs: 'M' },
})

export const moonshotCn = defineProvider({
  id: 'moonshot-cn',
  name: 'Moonshot AI (Kimi, China)',
  kind: 'lab',
  baseUrl: 'https://api.moonshot.cn/v1',
  chat: [
    'openai-chat',
    { protocol: 'anthropic-messages', baseUrl: 'https://api.moonshot.cn/anthropic/v1', quirks: {} },
  ],
  sharedKeys: ['MOONSHOT_API_KEY'],
  quirks: QUIRKS,
  docs: 'https://platform.moonshot.cn/docs/api/chat',
  notes: ['its accounts and keys are not those of the international address'],
  sources: { address: 'D,P,M', auth: 'P', environment: 'M', docs: 'M' },
})

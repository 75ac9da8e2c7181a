import { defineProvider } from '../provider.ts'
import type { Quirks } from '../target.ts'

const QUIRKS: Quirks = {
  reasoningControl: 'enable_thinking',
  reasoningInput: 'reasoning_content',
  accepts: ['top_k'],
  prefix: {
    protocol: 'openai-chat',
    models: ['qwen-*', 'qwen2.5-*', 'qwen3*'],
    except: ['*-thinking*'],
    message: { partial: true },
    // Only while the model does not think.
    body: { enable_thinking: false },
    source: 'https://help.aliyun.com/en/model-studio/partial-mode',
  },
}

export const alibaba = defineProvider({
  id: 'alibaba',
  name: 'Alibaba Model Studio / DashScope (international)',
  kind: 'cloud',
  baseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
  chat: ['openai-chat'],
  operations: { openai: ['embeddings'] },
  keys: ['DASHSCOPE_API_KEY', 'ALIBABA_API_KEY'],
  quirks: QUIRKS,
  docs: 'https://www.alibabacloud.com/help/en/model-studio/models',
  sources: { address: 'A,D,P', auth: 'A,P', environment: 'D,L,A', docs: 'M' },
})

export const alibabaCn = defineProvider({
  id: 'alibaba-cn',
  name: 'Alibaba DashScope (China)',
  kind: 'cloud',
  baseUrl: 'https://dashscope.aliyuncs.com/compatible-mode/v1',
  chat: ['openai-chat'],
  sharedKeys: ['DASHSCOPE_API_KEY'],
  quirks: QUIRKS,
  docs: 'https://www.alibabacloud.com/help/en/model-studio/models',
  sources: { address: 'D,L,O', auth: 'P', environment: 'M', docs: 'M' },
})

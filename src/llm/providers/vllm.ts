import { defineProvider } from '../provider.ts'

export const vllm = defineProvider({
  id: 'vllm',
  name: 'vLLM',
  kind: 'self-hosted',
  baseUrl: 'http://localhost:8000/v1',
  auth: { scheme: 'none' },
  chat: ['openai-chat', 'openai-responses'],
  operations: { openai: ['completions', 'embeddings'], cohere: ['rerank'] },
  quirks: {
    accepts: ['top_k'],
    prefix: {
      protocol: 'openai-chat',
      body: { add_generation_prompt: false, continue_final_message: true },
      source: 'https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html',
    },
  },
  addresses: ['HOSTED_VLLM_API_BASE', 'VLLM_API_BASE'],
  sharedKeys: ['HOSTED_VLLM_API_KEY', 'VLLM_API_KEY'],
  docs: 'https://docs.vllm.ai/en/latest/',
  sources: { address: 'K', auth: 'LD', environment: 'LD,K', docs: 'LD' },
})

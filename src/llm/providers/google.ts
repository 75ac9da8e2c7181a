import { defineProvider } from '../provider.ts'
import { PREFILL } from './anthropic.ts'

/** Its OpenAI-shaped path is left out on purpose: it loses what the native one carries (safety, grounding, thinking). */
export const google = defineProvider({
  id: 'google',
  name: 'Google Gemini (AI Studio)',
  kind: 'lab',
  baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
  auth: { scheme: 'header', name: 'x-goog-api-key' },
  chat: ['gemini'],
  operations: { gemini: ['embeddings'], native: ['count-tokens', 'images', 'video', 'realtime'] },
  keys: ['GEMINI_API_KEY', 'GOOGLE_API_KEY', 'GOOGLE_GENERATIVE_AI_API_KEY'],
  docs: 'https://ai.google.dev/gemini-api/docs/models',
  sources: { address: 'A', auth: 'A,P', environment: 'M,K', docs: 'M' },
})

const WHERE = {
  project: { about: 'Google Cloud project', environment: ['GOOGLE_VERTEX_PROJECT', 'GOOGLE_CLOUD_PROJECT'] },
  location: {
    about: 'location, such as us-central1, or global',
    environment: ['GOOGLE_VERTEX_LOCATION', 'GOOGLE_CLOUD_LOCATION'],
    default: 'global',
  },
  host: {
    about: 'service host',
    default: '{location}-aiplatform.googleapis.com',
    when: { variable: 'location', is: 'global', value: 'aiplatform.googleapis.com' },
  },
} as const

const AT = 'https://{host}/v1/projects/{project}/locations/{location}'

export const googleVertex = defineProvider({
  id: 'google-vertex',
  name: 'Google Vertex AI',
  kind: 'cloud',
  baseUrl: `${AT}/publishers/google`,
  auth: { scheme: 'google' },
  chat: ['gemini'],
  operations: {
    vertex: ['embeddings'],
    native: ['count-tokens', 'images', 'batches', 'files', 'fine-tuning', 'ocr', 'speech'],
  },
  variables: WHERE,
  sharedKeys: ['GOOGLE_APPLICATION_CREDENTIALS'],
  docs: 'https://cloud.google.com/vertex-ai/generative-ai/docs/models',
  sources: { address: 'P,A', auth: 'P,A,E', environment: 'A,D', docs: 'D' },
})

/** Claude on Vertex: Anthropic's format, with the model in the path and the version in the body. */
export const googleVertexAnthropic = defineProvider({
  id: 'google-vertex-anthropic',
  name: 'Claude on Google Vertex AI',
  kind: 'cloud',
  baseUrl: `${AT}/publishers/anthropic`,
  auth: { scheme: 'google' },
  chat: ['anthropic-messages'],
  variables: WHERE,
  sharedKeys: ['GOOGLE_APPLICATION_CREDENTIALS'],
  quirks: {
    paths: { chat: '/models/{model}:rawPredict', 'chat-stream': '/models/{model}:streamRawPredict' },
    drop: ['model'],
    defaults: { anthropic_version: 'vertex-2023-10-16' },
    prefix: { protocol: 'anthropic-messages', ...PREFILL },
  },
  docs: 'https://docs.claude.com/en/api/claude-on-vertex-ai',
  sources: { address: 'P,A,E', auth: 'P,A,E', environment: 'A,D', docs: 'K' },
})

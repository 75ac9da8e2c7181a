import { defineProvider } from '../provider.ts'

const RESOURCE = {
  about: 'name of the resource, or its address',
  environment: ['AZURE_RESOURCE_NAME', 'AZURE_OPENAI_ENDPOINT'],
} as const

/** An application of Entra ID, as `{ "tenant_id", "client_id", "client_secret" }` in the place of the key. */
const exchange = {
  url: 'https://login.microsoftonline.com/{tenant_id}/oauth2/v2.0/token',
  scope: 'https://cognitiveservices.azure.com/.default',
} as const
const API_KEY = { scheme: 'header', name: 'api-key', exchange } as const
const ENTRA = 'the key may be the JSON of an Entra ID application: `{"tenant_id", "client_id", "client_secret"}`'

/** The v1 API: the model is the name of the deployment, and there is no api-version. */
export const azureOpenai = defineProvider({
  id: 'azure-openai',
  name: 'Azure OpenAI (v1)',
  kind: 'cloud',
  baseUrl: 'https://{resource}.openai.azure.com/openai/v1',
  auth: API_KEY,
  chat: ['openai-chat', 'openai-responses'],
  operations: {
    openai: [
      'completions',
      'embeddings',
      'images',
      'image-edits',
      'speech',
      'transcriptions',
      'translations',
      'files',
      'batches',
    ],
    native: ['fine-tuning', 'realtime'],
  },
  variables: { resource: RESOURCE },
  keys: ['AZURE_OPENAI_API_KEY', 'AZURE_API_KEY'],
  docs: 'https://learn.microsoft.com/en-us/azure/ai-services/openai/concepts/models',
  notes: [ENTRA],
  sources: { address: 'P,A,E', auth: 'A,P', environment: 'A,D,K', docs: 'D' },
})

export const azureOpenaiClassic = defineProvider({
  id: 'azure-openai-classic',
  name: 'Azure OpenAI (deployments with an api-version)',
  kind: 'cloud',
  baseUrl: 'https://{resource}.openai.azure.com/openai?api-version={api_version}',
  auth: API_KEY,
  chat: ['openai-chat', 'openai-responses'],
  operations: {
    openai: ['completions', 'embeddings', 'images', 'image-edits', 'speech', 'transcriptions', 'translations'],
  },
  variables: {
    resource: RESOURCE,
    api_version: {
      about: 'version of the API',
      environment: ['AZURE_API_VERSION', 'OPENAI_API_VERSION'],
      default: '2024-10-21',
    },
  },
  sharedKeys: ['AZURE_OPENAI_API_KEY', 'AZURE_API_KEY'],
  quirks: {
    paths: {
      chat: '/deployments/{model}/chat/completions',
      completions: '/deployments/{model}/completions',
      embeddings: '/deployments/{model}/embeddings',
      images: '/deployments/{model}/images/generations',
      'image-edits': '/deployments/{model}/images/edits',
      speech: '/deployments/{model}/audio/speech',
      transcriptions: '/deployments/{model}/audio/transcriptions',
      translations: '/deployments/{model}/audio/translations',
    },
  },
  docs: 'https://learn.microsoft.com/en-us/azure/ai-services/openai/reference',
  notes: [ENTRA],
  sources: { address: 'P', auth: 'A,P', environment: 'A,D,K', docs: 'K' },
})

export const azureAiFoundry = defineProvider({
  id: 'azure-ai-foundry',
  name: 'Azure AI Foundry / AI Inference',
  kind: 'cloud',
  baseUrl: 'https://{resource}.services.ai.azure.com/models?api-version={api_version}',
  auth: API_KEY,
  chat: [
    'openai-chat',
    {
      protocol: 'anthropic-messages',
      baseUrl: 'https://{resource}.services.ai.azure.com/anthropic/v1',
      auth: { scheme: 'header', name: 'x-api-key', exchange },
      quirks: { headers: { 'anthropic-version': '2023-06-01' } },
    },
  ],
  operations: { openai: ['embeddings'] },
  variables: {
    resource: { about: 'name of the resource, or its address', environment: ['AZURE_AI_API_BASE'] },
    api_version: { about: 'version of the API', default: '2024-05-01-preview' },
  },
  keys: ['AZURE_AI_API_KEY'],
  docs: 'https://learn.microsoft.com/en-us/azure/ai-foundry/',
  notes: ['models of OpenAI are also served by azure-openai at the same resource', ENTRA],
  sources: { address: 'L,LD,P', auth: 'P,L', environment: 'LD', docs: 'K' },
})

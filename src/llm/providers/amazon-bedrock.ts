import { defineProvider } from '../provider.ts'
import { PREFILL } from './anthropic.ts'

const REGION = {
  region: { about: 'AWS region', environment: ['AWS_REGION', 'AWS_DEFAULT_REGION'], default: 'us-east-1' },
} as const

/** Without a secret it signs with the AWS credentials of the process: environment, web identity, the ECS task role, or the instance. */
export const amazonBedrock = defineProvider({
  id: 'amazon-bedrock',
  name: 'Amazon Bedrock',
  kind: 'cloud',
  baseUrl: 'https://bedrock-runtime.{region}.amazonaws.com',
  auth: { scheme: 'sigv4', service: 'bedrock' },
  chat: ['bedrock-converse'],
  operations: {
    bedrock: ['embeddings'],
    native: ['images', 'rerank', 'count-tokens', 'batches', 'files', 'fine-tuning'],
  },
  variables: REGION,
  keys: ['AWS_BEARER_TOKEN_BEDROCK'],
  sharedKeys: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'],
  quirks: { prefix: { protocol: 'bedrock-converse', ...PREFILL } },
  docs: 'https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html',
  notes: ['ids that begin with us., eu. or global. are inference profiles and may cost more'],
  sources: { address: 'P,A', auth: 'A,P', environment: 'A,D', docs: 'D' },
})

export const bedrockMantle = defineProvider({
  id: 'bedrock-mantle',
  name: 'Amazon Bedrock Mantle (OpenAI-compatible)',
  kind: 'cloud',
  baseUrl: 'https://bedrock-mantle.{region}.api.aws/v1',
  chat: ['openai-chat', 'openai-responses'],
  variables: REGION,
  keys: ['BEDROCK_MANTLE_API_KEY'],
  sharedKeys: ['AWS_BEARER_TOKEN_BEDROCK'],
  docs: 'https://docs.aws.amazon.com/bedrock/',
  sources: { address: 'L,A', auth: 'L,A', environment: 'L,A', docs: 'K' },
})

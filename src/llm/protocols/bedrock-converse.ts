// Amazon Bedrock Converse: https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference.html
import { readError } from '../errors.ts'
import type { Protocol } from '../protocol.ts'
import { decodeResponse } from './bedrock-converse/decode-response.ts'
import { createStreamDecoder } from './bedrock-converse/decode-stream.ts'
import { encodeRequest } from './bedrock-converse/encode-request.ts'
import { createNoTap } from './no-tap.ts'

export const bedrockConverse = {
  id: 'bedrock-converse',
  vendor: { encodeRequest, decodeResponse, createStreamDecoder, decodeError: readError, createUsageTap: createNoTap },
} satisfies Protocol

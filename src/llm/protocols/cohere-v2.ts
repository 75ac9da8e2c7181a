// Cohere v2: https://docs.cohere.com/reference/chat
import { readError } from '../errors.ts'
import type { Protocol } from '../protocol.ts'
import { createNoTap } from './no-tap.ts'
import { decodeResponse } from './cohere-v2/decode-response.ts'
import { createStreamDecoder } from './cohere-v2/decode-stream.ts'
import { encodeRequest } from './cohere-v2/encode-request.ts'

export const cohereV2 = {
  id: 'cohere-v2',
  vendor: { encodeRequest, decodeResponse, createStreamDecoder, decodeError: readError, createUsageTap: createNoTap },
} satisfies Protocol

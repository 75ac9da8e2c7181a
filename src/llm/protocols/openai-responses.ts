// OpenAI's Responses API: https://platform.openai.com/docs/api-reference/responses
import { readError } from '../errors.ts'
import type { Protocol } from '../protocol.ts'
import { decodeRequest } from './openai-responses/decode-request.ts'
import { decodeResponse } from './openai-responses/decode-response.ts'
import { createStreamDecoder } from './openai-responses/decode-stream.ts'
import { encodeRequest } from './openai-responses/encode-request.ts'
import { encodeError, encodeResponse } from './openai-responses/encode-response.ts'
import { createStreamEncoder } from './openai-responses/encode-stream.ts'
import { createResponseTap } from './openai-responses/tap.ts'

export const openaiResponses = {
  id: 'openai-responses',
  client: {
    decodeRequest,
    encodeResponse,
    createStreamEncoder,
    streamContentType: () => 'text/event-stream; charset=utf-8',
    keepAlive: ': keep-alive\n\n',
    encodeError,
  },
  vendor: {
    encodeRequest,
    decodeResponse,
    createStreamDecoder,
    decodeError: readError,
    createUsageTap: createResponseTap,
  },
} satisfies Protocol

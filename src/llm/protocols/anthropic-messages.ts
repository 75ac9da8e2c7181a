// Anthropic Messages: https://docs.claude.com/en/api/messages
import { readError } from '../errors.ts'
import type { Protocol } from '../protocol.ts'
import { decodeRequest } from './anthropic-messages/decode-request.ts'
import { decodeResponse } from './anthropic-messages/decode-response.ts'
import { createStreamDecoder } from './anthropic-messages/decode-stream.ts'
import { encodeRequest } from './anthropic-messages/encode-request.ts'
import { encodeError, encodeResponse } from './anthropic-messages/encode-response.ts'
import { createStreamEncoder } from './anthropic-messages/encode-stream.ts'
import { createMessageTap } from './anthropic-messages/tap.ts'

export const anthropicMessages = {
  id: 'anthropic-messages',
  client: {
    decodeRequest,
    encodeResponse,
    createStreamEncoder,
    streamContentType: () => 'text/event-stream; charset=utf-8',
    keepAlive: 'event: ping\ndata: {"type":"ping"}\n\n',
    encodeError,
  },
  vendor: {
    encodeRequest,
    decodeResponse,
    createStreamDecoder,
    decodeError: readError,
    createUsageTap: createMessageTap,
  },
} satisfies Protocol

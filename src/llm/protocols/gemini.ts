// Gemini's generateContent: https://ai.google.dev/api/generate-content
import { readError } from '../errors.ts'
import type { Protocol } from '../protocol.ts'
import { decodeRequest } from './gemini/decode-request.ts'
import { decodeResponse } from './gemini/decode-response.ts'
import { createStreamDecoder } from './gemini/decode-stream.ts'
import { encodeRequest } from './gemini/encode-request.ts'
import { encodeError, encodeResponse } from './gemini/encode-response.ts'
import { createStreamEncoder } from './gemini/encode-stream.ts'
import { createContentTap } from './gemini/tap.ts'

export const gemini = {
  id: 'gemini',
  client: {
    decodeRequest,
    encodeResponse,
    createStreamEncoder,
    streamContentType: (query) => (query['alt'] === 'sse' ? 'text/event-stream' : 'application/json; charset=utf-8'),
    // White space: ignored between events and between the entries of a list.
    keepAlive: '\n',
    encodeError,
  },
  vendor: {
    encodeRequest,
    decodeResponse,
    createStreamDecoder,
    decodeError: readError,
    createUsageTap: createContentTap,
  },
} satisfies Protocol

// Ollama's own API: https://docs.ollama.com/api/chat
import { readError } from '../errors.ts'
import type { Protocol } from '../protocol.ts'
import { createNoTap } from './no-tap.ts'
import { createStreamDecoder, decodeResponse } from './ollama/decode.ts'
import { encodeRequest } from './ollama/encode-request.ts'

export const ollama = {
  id: 'ollama',
  vendor: { encodeRequest, decodeResponse, createStreamDecoder, decodeError: readError, createUsageTap: createNoTap },
} satisfies Protocol

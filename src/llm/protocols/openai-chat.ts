// OpenAI Chat Completions: https://platform.openai.com/docs/api-reference/chat
import { readError } from '../errors.ts'
import type { Protocol } from '../protocol.ts'
import { adaptBody } from './openai-chat/adapt.ts'
import { decodeRequest } from './openai-chat/decode-request.ts'
import { decodeResponse } from './openai-chat/decode-response.ts'
import { createStreamDecoder } from './openai-chat/decode-stream.ts'
import { encodeRequest } from './openai-chat/encode-request.ts'
import { encodeError, encodeResponse } from './openai-chat/encode-response.ts'
import { createStreamEncoder } from './openai-chat/encode-stream.ts'
import { scanReport } from './openai-chat/scan-report.ts'
import { createChatTap, readReport } from './openai-chat/tap.ts'

export const openaiChat = {
  id: 'openai-chat',
  client: {
    decodeRequest,
    encodeResponse,
    createStreamEncoder,
    streamContentType: () => 'text/event-stream; charset=utf-8',
    keepAlive: ': keep-alive\n\n',
    encodeError,
  },
  vendor: {
    adaptBody,
    encodeRequest,
    decodeResponse,
    createStreamDecoder,
    decodeError: readError,
    readReport,
    scanReport,
    createUsageTap: createChatTap,
  },
} satisfies Protocol

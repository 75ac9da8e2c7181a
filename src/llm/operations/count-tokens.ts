// How many tokens a chat request has: asked of vendors that count, guessed for the others.
import { AppError } from '../../errors.ts'
import { asNumber, asObject } from '../json.ts'
import { encodeRequest as encodeMessages } from '../protocols/anthropic-messages/encode-request.ts'
import { encodeRequest as encodeContents } from '../protocols/gemini/encode-request.ts'
import type { OperationSide } from '../operation.ts'
import type { ClientSide } from '../protocol.ts'
import type { ChatRequest, JsonObject, Part, ProtocolId } from '../spec.ts'
import type { Target } from '../target.ts'

/** The count as the client's format writes it. */
export function writeCount(dialect: ProtocolId, tokens: number): JsonObject {
  if (dialect === 'gemini') return { totalTokens: tokens }
  if (dialect === 'openai-responses') return { object: 'response.input_tokens', input_tokens: tokens }
  return { input_tokens: tokens }
}

/** Reads what is to be counted: Gemini's callers may wrap it. */
export function readCounted(client: ClientSide, body: JsonObject, model: string): ChatRequest {
  return client.decodeRequest(asObject(body['generateContentRequest']) ?? body, { model, stream: false })
}

/** What only says how to answer is not counted, and refused by Anthropic here. */
const NOT_COUNTED = [
  'max_tokens',
  'temperature',
  'top_p',
  'top_k',
  'stop_sequences',
  'metadata',
  'service_tier',
  'stream',
]

/** Asks a vendor that counts, in the words of `protocol`; undefined for formats whose vendors do not. */
export function countAt(
  protocol: ProtocolId,
  dialect: ProtocolId,
  client: ClientSide,
  target: Target,
): OperationSide | undefined {
  const encode =
    protocol === 'anthropic-messages'
      ? (request: ChatRequest) => {
          const { body, dropped } = encodeMessages(request, target)
          return { path: '/messages/count_tokens', body: without(body, NOT_COUNTED), dropped }
        }
      : protocol === 'gemini'
        ? (request: ChatRequest) => {
            const { body, path, dropped } = encodeContents(request, target)
            return {
              path: path.replace(/:[^:]+$/, ':countTokens'),
              body: { generateContentRequest: { model: `models/${target.model}`, ...body } },
              dropped,
            }
          }
        : undefined
  if (encode === undefined) return undefined
  const name = protocol === 'gemini' ? 'totalTokens' : 'input_tokens'
  return {
    encode: (body, model) => encode(readCounted(client, body, model)),
    decode(answer) {
      const tokens = asNumber(asObject(answer)?.[name])
      if (tokens === undefined) throw new AppError('upstream_invalid', 'the provider answered without a count')
      return { body: writeCount(dialect, tokens) }
    },
  }
}

const without = (body: JsonObject, names: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(body).filter(([name]) => !names.includes(name)))

/** About four letters of Latin text, or one of a script without spaces. */
function guessText(text: string): number {
  let wide = 0
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x2e7f) wide++
  return Math.ceil((text.length - wide) / 4 + wide * 0.8)
}

/** Vendors count a picture of usual size at about so many, a page of a document at about twice as many. */
const IMAGE_TOKENS = 1000
const BYTES_OF_PAGE = 50_000

function guessPart(part: Part): number {
  switch (part.type) {
    case 'text':
    case 'refusal':
    case 'reasoning':
      return guessText(part.text)
    case 'tool-call':
      return guessText(part.name) + guessText(part.arguments) + 8
    case 'tool-result':
      return part.content.reduce((sum, inner) => sum + guessPart(inner), 8)
    case 'image':
      return IMAGE_TOKENS
    case 'document':
    case 'audio':
    case 'video': {
      if (part.source.kind === 'text') return guessText(part.source.text)
      const bytes = part.source.kind === 'base64' ? part.source.data.length * 0.75 : BYTES_OF_PAGE
      return Math.ceil(bytes / BYTES_OF_PAGE) * 2 * IMAGE_TOKENS
    }
    case 'native':
      return guessText(JSON.stringify(part.value))
  }
}

/** A guess for vendors that do not count: meant to be a little high rather than low. */
export function guessTokens(request: ChatRequest): number {
  const messages = request.messages.reduce(
    (sum, message) => sum + 4 + message.content.reduce((inner, part) => inner + guessPart(part), 0),
    0,
  )
  const system = request.system.reduce((sum, part) => sum + guessText(part.text) + 4, 0)
  const tools = request.tools.reduce((sum, tool) => sum + guessText(JSON.stringify(tool)) + 12, 0)
  return Math.max(1, messages + system + tools + 3)
}

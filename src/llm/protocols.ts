// Every wire format, by its id.
import type { Protocol } from './protocol.ts'
import { anthropicMessages } from './protocols/anthropic-messages.ts'
import { bedrockConverse } from './protocols/bedrock-converse.ts'
import { cohereV2 } from './protocols/cohere-v2.ts'
import { gemini } from './protocols/gemini.ts'
import { ollama } from './protocols/ollama.ts'
import { openaiChat } from './protocols/openai-chat.ts'
import { openaiResponses } from './protocols/openai-responses.ts'
import type { ProtocolId } from './spec.ts'

const PROTOCOLS: Partial<Record<ProtocolId, Protocol>> = {
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  'anthropic-messages': anthropicMessages,
  gemini,
  'bedrock-converse': bedrockConverse,
  'cohere-v2': cohereV2,
  ollama,
}

/** The wire format of that id. Throws when the program knows none: a fault of the program, not of a caller. */
export function protocolOf(id: ProtocolId): Protocol {
  const protocol = PROTOCOLS[id]
  if (!protocol) throw new Error(`no protocol ${id}`)
  return protocol
}

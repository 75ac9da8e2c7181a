// Going on from the beginning of an answer: which vendors can, and how they are asked.
import { compileWildcards } from '../lib/wildcard.ts'
import { asObject } from './json.ts'
import type { EncodedRequest } from './protocol.ts'
import type { ChatRequest, JsonObject, Message, ProtocolId } from './spec.ts'
import type { PrefixRule, Quirks } from './target.ts'

/** What an operator's word alone is worth: the beginning is sent as the last turn, and nothing marks it. */
const ON_ITS_WORD = { source: 'the operator' }

/** Formats whose requests can end with the assistant's turn. */
const TAKES_TURNS = new Set<ProtocolId>([
  'openai-chat',
  'anthropic-messages',
  'gemini',
  'bedrock-converse',
  'cohere-v2',
  'ollama',
])

/**
 * How the vendor of these quirks is asked in this format to go on; undefined when it is not known to be able to. `stated` is what the operator
 * says of the place, which overrules what is known.
 */
export function prefixRuleOf(
  quirks: Quirks,
  protocol: ProtocolId,
  model: string,
  stated?: boolean,
): PrefixRule | undefined {
  if (stated === false) return undefined
  const rule = quirks.prefix?.protocol === protocol ? quirks.prefix : undefined
  if (stated === true) return TAKES_TURNS.has(protocol) ? (rule ?? { protocol, ...ON_ITS_WORD }) : undefined
  if (!rule || compileWildcards(rule.except ?? [])(model)) return undefined
  return compileWildcards(rule.models ?? ['*'])(model) ? rule : undefined
}

/** Whether an answer to this request is plain text that another model could end. */
export function isContinuable(request: ChatRequest): boolean {
  const { n, modalities, responseFormat, toolChoice, previousResponseId } = request
  return (
    (n ?? 1) === 1 &&
    (modalities ?? ['text']).every((modality) => modality === 'text') &&
    (responseFormat === undefined || responseFormat.type === 'text') &&
    (toolChoice === undefined || toolChoice.type === 'auto' || toolChoice.type === 'none') &&
    previousResponseId === undefined
  )
}

/** A request for the rest of an answer, and all the text that its last turn then holds. */
export type RestOfAnswer = { readonly request: ChatRequest; readonly turn: string }

/**
 * Asks for the rest of an answer that has begun with `text`. The thought is over then: no new one is asked for. White space at the end of
 * the beginning is left out, for some vendors refuse it; they write it themselves. `spent` are the output tokens that the beginning took.
 */
export function askForRest(asked: ChatRequest, text: string, spent: number): RestOfAnswer {
  const { reasoning: _, ...request } = asked
  const maximum = asked.maxOutputTokens
  const limited = maximum === undefined ? {} : { maxOutputTokens: Math.max(1, maximum - spent) }
  const begun = text.trimEnd()
  if (begun === '') return { request: { ...asked, ...limited }, turn: '' }
  const last = asked.messages.at(-1)
  // The client may have begun the answer itself.
  const own = last?.role === 'assistant' ? last : undefined
  const before = own?.content.at(-1)
  const turn = (before?.type === 'text' ? before.text : '') + begun
  const kept = before?.type === 'text' ? own!.content.slice(0, -1) : (own?.content ?? [])
  const message: Message = { ...own, role: 'assistant', content: [...kept, { type: 'text', text: turn }] }
  const messages = [...(own ? asked.messages.slice(0, -1) : asked.messages), message]
  return { request: { ...request, ...limited, messages }, turn }
}

/** The encoded request as the vendor wants it. */
export function markPrefix(encoded: EncodedRequest, { message, body, path }: PrefixRule): EncodedRequest {
  const marked: JsonObject = { ...encoded.body, ...body }
  const { messages } = marked
  if (message && Array.isArray(messages)) {
    const last = asObject(messages.at(-1))
    if (last) marked['messages'] = [...messages.slice(0, -1), { ...last, ...message }]
  }
  return { ...encoded, body: marked, ...(path === undefined ? {} : { path }) }
}

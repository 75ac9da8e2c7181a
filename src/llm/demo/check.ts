// What the demo refuses, as a vendor would. Everything throws `invalid_request` naming the field.
import { maybeCount, maybeInteger, maybeList, maybeText, maybeTruth, refuse } from '../field.ts'
import { decodeRequest } from '../protocols/openai-chat/decode-request.ts'
import type { ChatRequest, JsonObject } from '../spec.ts'

/** More choices than a person would read. */
const MOST_CHOICES = 8
const MOST_ALTERNATIVES = 20
const WITH_CONTENT: ReadonlySet<unknown> = new Set(['system', 'developer', 'user'])

export function checkChat(body: JsonObject): void {
  const request = decodeRequest(body)
  const messages = body['messages'] as JsonObject[]
  if (messages.length === 0) throw refuse('messages', 'messages: give at least one message')
  for (const [index, { role, content }] of messages.entries())
    if (WITH_CONTENT.has(role) && (content === undefined || content === null))
      throw refuse(`messages[${index}].content`, `messages[${index}].content is required: a text or a list of parts`)
  checkSampling(request)
  checkToolChoice(request)
  const { topLogprobs, logprobs } = request
  if (topLogprobs === undefined) return
  if (!logprobs) throw refuse('top_logprobs', 'top_logprobs needs "logprobs": true')
  within('top_logprobs', topLogprobs, 0, MOST_ALTERNATIVES)
}

export function checkCompletion(body: JsonObject): void {
  const { prompt, stop } = body
  const numbers = (value: unknown) => Array.isArray(value) && value.every((each) => typeof each === 'number')
  const texts = (value: unknown) =>
    Array.isArray(value) && value.every((each) => typeof each === 'string' || numbers(each))
  if (prompt !== undefined && typeof prompt !== 'string' && !numbers(prompt) && !texts(prompt))
    throw refuse('prompt', 'prompt must be a text, a list of texts, or lists of token numbers')
  maybeCount(body['max_tokens'], 'max_tokens')
  maybeTruth(body['stream'], 'stream')
  maybeInteger(body['seed'], 'seed')
  within('n', maybeCount(body['n'], 'n'), 1, MOST_CHOICES)
  if (typeof stop !== 'string') for (const mark of maybeList(stop, 'stop') ?? []) maybeText(mark, 'stop')
}

function checkSampling({ n, temperature, topP, presencePenalty, frequencyPenalty }: ChatRequest): void {
  within('n', n, 1, MOST_CHOICES)
  within('temperature', temperature, 0, 2)
  within('top_p', topP, 0, 1)
  within('presence_penalty', presencePenalty, -2, 2)
  within('frequency_penalty', frequencyPenalty, -2, 2)
}

function checkToolChoice({ toolChoice, tools }: ChatRequest): void {
  if (!toolChoice || toolChoice.type === 'auto' || toolChoice.type === 'none') return
  if (tools.length === 0) throw refuse('tool_choice', 'tool_choice asks for a tool, and tools is empty')
  const names = new Set(tools.map((tool) => ('name' in tool ? tool.name : undefined)))
  const asked = toolChoice.type === 'tool' ? [toolChoice.name] : toolChoice.type === 'allowed' ? toolChoice.names : []
  const unknown = asked.find((name) => !names.has(name))
  if (unknown !== undefined) throw refuse('tool_choice', `tool_choice names "${unknown}", which is not among tools`)
}

function within(field: string, value: number | undefined, least: number, most: number): void {
  if (value === undefined || (value >= least && value <= most)) return
  throw refuse(field, `${field} must be from ${least} to ${most}, not ${value}`)
}

import * as fc from 'fast-check'
import { describe, expect, it } from 'bun:test'
import type { AnswerOptions, ClientSide, VendorSide } from '../../src/llm/protocol.ts'
import { protocolOf } from '../../src/llm/protocols.ts'
import { parseArguments } from '../../src/llm/partial-json.ts'
import type { ChatRequest, JsonObject, Part, ProtocolId, Result, StreamPart } from '../../src/llm/spec.ts'
import { violations } from '../grammar/grammars.ts'
import { requests, results } from './arbitrary.ts'
import { collect, digest } from './digest.ts'

const FORMATS = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'] as const
const PAIRS = FORMATS.flatMap((one) => FORMATS.map((other) => [one, other] as const))
const MODELS: Partial<Record<ProtocolId, string>> = {
  'anthropic-messages': 'claude-sonnet-4-5',
  gemini: 'gemini-2.5-pro',
}

const vendorOf = (id: ProtocolId) => protocolOf(id).vendor as VendorSide
const clientOf = (id: ProtocolId) => protocolOf(id).client as ClientSide

/** The request as a vendor of the format would read it. */
function pass(request: ChatRequest, id: ProtocolId): ChatRequest {
  const encoded = vendorOf(id).encodeRequest(request, { model: MODELS[id] ?? 'gpt-4o', capabilities: {}, quirks: {} })
  expect(encoded.dropped).toEqual([])
  const body = JSON.parse(JSON.stringify(encoded.body)) as JsonObject
  return clientOf(id).decodeRequest(body, { model: 'm', stream: request.stream })
}

const jsonOf = (value: string) => {
  try {
    return JSON.parse(value) as unknown
  } catch {
    return value
  }
}

/** What a request means, whoever wrote it: Gemini's calls have no ids, so calls and results are told by their order. */
function meaning(request: ChatRequest) {
  const part = (each: Part): unknown => {
    if (each.type === 'tool-call') return { call: each.name, args: parseArguments(each.arguments) }
    // A result that happens to be a JSON object is one in Gemini.
    if (each.type === 'tool-result')
      return { result: each.content.map((inner) => (inner.type === 'text' ? jsonOf(inner.text) : inner)) }
    if (each.type === 'document') return { document: each.source }
    return each
  }
  const turns: { role: string; content: unknown[] }[] = []
  for (const message of request.messages) {
    const last = turns.at(-1)
    const content = message.content.map(part)
    if (last?.role === message.role) last.content.push(...content)
    else turns.push({ role: message.role, content })
  }
  return {
    system: request.system.map((each) => each.text).join('\n\n'),
    turns,
    // Left out, a tool is not strict.
    tools: request.tools.map((tool) => ({ ...tool, strict: tool.type === 'function' && tool.strict === true })),
    toolChoice: request.toolChoice,
    maxOutputTokens: request.maxOutputTokens,
    temperature: request.temperature,
    stream: request.stream,
  }
}

/** Fields that a format always fills. */
function expected(request: ChatRequest, seen: ChatRequest) {
  const meant = meaning(request)
  const max = meant.maxOutputTokens ?? seen.maxOutputTokens
  return { ...meant, maxOutputTokens: max }
}

describe('a request', () => {
  it.each(PAIRS)('means the same after %s and %s', (one, other) => {
    fc.assert(
      fc.property(requests, (request) => {
        const first = pass(request, one)
        expect(meaning(first)).toEqual(expected(request, first) as never)
        const second = pass(first, other)
        expect(meaning(second)).toEqual(expected(first, second) as never)
      }),
      { numRuns: 60 },
    )
  })
})

function options(dialect: ProtocolId): AnswerOptions {
  return {
    request: { dialect, model: 'm', system: [], messages: [], tools: [], stream: true, includeUsage: true, extra: {} },
    model: 'm',
    requestId: 'q',
    created: 1,
    query: { alt: 'sse' },
  }
}

const whole = (result: Result, id: ProtocolId): Result =>
  vendorOf(id).decodeResponse(JSON.parse(JSON.stringify(clientOf(id).encodeResponse(result, options(id)))))

/** The result as the parts of a stream, cut into pieces. */
function toParts(result: Result): StreamPart[] {
  const parts: StreamPart[] = [{ type: 'response-start', id: result.id, model: result.model }]
  const pieces = (text: string) => text.match(/[\s\S]{1,7}/gu) ?? []
  result.choices[0]?.content.forEach((part, index) => {
    if (part.type === 'text')
      parts.push(
        { type: 'text-start', index },
        ...pieces(part.text).map((text): StreamPart => ({ type: 'text-delta', index, text })),
        { type: 'text-end', index },
      )
    else if (part.type === 'reasoning') {
      const { type: _type, text, itemId, summary: _summary, ...seal } = part
      parts.push(
        { type: 'reasoning-start', index, ...(itemId === undefined ? {} : { itemId }) },
        ...pieces(text).map((piece): StreamPart => ({ type: 'reasoning-delta', index, text: piece })),
        { type: 'reasoning-end', index, ...seal },
      )
    } else if (part.type === 'tool-call')
      parts.push(
        { type: 'tool-call-start', index, id: part.id, name: part.name },
        ...pieces(part.arguments).map((piece): StreamPart => ({ type: 'tool-call-delta', index, arguments: piece })),
        { type: 'tool-call-end', index },
      )
  })
  if (result.usage) parts.push({ type: 'usage', usage: result.usage })
  parts.push({ type: 'finish', reason: result.choices[0]?.finish ?? { unified: 'stop' } }, { type: 'response-end' })
  return parts
}

function streamed(parts: readonly StreamPart[], id: ProtocolId, size: number): StreamPart[] {
  const encoder = clientOf(id).createStreamEncoder(options(id))
  const text = parts.map((part) => encoder.push(part)).join('') + encoder.end()
  expect(violations(id, text, 'clean')).toEqual([])
  const decoder = vendorOf(id).createStreamDecoder()
  const bytes = Buffer.from(text)
  const read: StreamPart[] = []
  for (let at = 0; at < bytes.length; at += size) read.push(...decoder.push(bytes.subarray(at, at + size)))
  return [...read, ...decoder.end()]
}

describe('an answer', () => {
  it.each(PAIRS)('says the same after %s and %s', (one, other) => {
    fc.assert(
      fc.property(results, (result) => {
        const first = whole(result, one)
        expect(digest(first)).toEqual(digest(result))
        expect(digest(whole(first, other))).toEqual(digest(result))
      }),
      { numRuns: 100 },
    )
  })

  it.each(PAIRS)('says the same streamed after %s and %s', (one, other) => {
    fc.assert(
      fc.property(results, fc.integer({ min: 1, max: 200 }), (result, size) => {
        const first = streamed(toParts(result), one, size)
        expect(digest(collect(first))).toEqual(digest(result))
        expect(digest(collect(streamed(first, other, size)))).toEqual(digest(result))
      }),
      { numRuns: 60 },
    )
  })
})

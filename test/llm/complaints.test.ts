// What users of gateways complain about in translations, as one table a complaint.
import { expect, test } from 'bun:test'
import { protocolOf } from '../../src/llm/protocols.ts'
import type { JsonObject, ProtocolId } from '../../src/llm/spec.ts'
import type { AnswerOptions } from '../../src/llm/protocol.ts'

const CLIENTS: ProtocolId[] = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini']
const requestFor = (dialect: ProtocolId): AnswerOptions['request'] => ({
  dialect,
  model: 'm',
  system: [],
  messages: [],
  tools: [],
  stream: false,
  includeUsage: true,
  extra: {},
})
const optionsFor = (dialect: ProtocolId): AnswerOptions => ({
  request: requestFor(dialect),
  model: 'm',
  requestId: 'call_1',
  created: 1,
  query: { alt: 'sse' },
})

/** The reason of the end in an answer of each format. */
const REASON: Record<string, (answer: any) => unknown> = {
  'openai-chat': (answer) => answer.choices[0].finish_reason,
  'openai-responses': (answer) => answer.incomplete_details?.reason,
  'anthropic-messages': (answer) => answer.stop_reason,
  gemini: (answer) => answer.candidates[0].finishReason,
}

test.each<[ProtocolId, unknown]>([
  ['openai-chat', 'length'],
  ['openai-responses', 'max_output_tokens'],
  ['anthropic-messages', 'max_tokens'],
  ['gemini', 'MAX_TOKENS'],
])('an answer that thinking has used up is an answer of its own, for %s', (dialect, reason) => {
  for (const content of [{ role: 'model' }, { parts: [], role: 'model' }, undefined]) {
    const body = {
      candidates: [{ ...(content && { content }), finishReason: 'MAX_TOKENS', index: 0 }],
      usageMetadata: { promptTokenCount: 5, thoughtsTokenCount: 60, totalTokenCount: 65 },
      modelVersion: 'g',
    } as unknown as JsonObject
    const result = protocolOf('gemini').vendor!.decodeResponse(body)
    expect(result.choices).toHaveLength(1)
    const answer = protocolOf(dialect).client!.encodeResponse(result, optionsFor(dialect))
    expect(REASON[dialect]!(answer)).toBe(reason)
  }
})

test.each<[number, number, boolean]>([
  [500, 4_000, false],
  [1_024, 4_000, true],
  [4_000, 2_000, true],
])('a thinking budget of %d with %d tokens of output is one that the vendor takes', (budget, maximum, thinks) => {
  const { body } = protocolOf('anthropic-messages').vendor!.encodeRequest(
    {
      ...requestFor('openai-chat'),
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
      reasoning: { budgetTokens: budget },
      maxOutputTokens: maximum,
    },
    { model: 'claude-sonnet-4-5', capabilities: { reasoning: true, reasoningControl: 'budget' }, quirks: {} },
  )
  const thinking = body['thinking'] as { type?: string; budget_tokens?: number } | undefined
  if (thinks) expect(thinking?.type).toBe('enabled')
  if (thinking?.budget_tokens !== undefined) {
    expect(thinking.budget_tokens).toBeGreaterThanOrEqual(1_024)
    expect(thinking.budget_tokens).toBeLessThan(body['max_tokens'] as number)
  }
})

test.each(CLIENTS)('cached tokens are told at the end of a stream as in a whole answer, for %s', (dialect) => {
  const usage = {
    prompt_tokens: 21,
    completion_tokens: 4,
    total_tokens: 25,
    prompt_tokens_details: { cached_tokens: 5 },
  }
  const chunk = (rest: object) =>
    `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', ...rest })}\n\n`
  const stream = [
    chunk({ choices: [{ index: 0, delta: { role: 'assistant', content: 'Hi' }, finish_reason: null }] }),
    chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }),
    chunk({ choices: [], usage }),
    'data: [DONE]\n\n',
  ].join('')
  const { vendor } = protocolOf('openai-chat')
  const decoder = vendor!.createStreamDecoder()
  const encoder = protocolOf(dialect).client!.createStreamEncoder(optionsFor(dialect))
  const parts = [...decoder.push(Buffer.from(stream)), ...decoder.end()]
  const text = parts.map((part) => encoder.push(part)).join('') + encoder.end()
  const whole = vendor!.decodeResponse({
    id: 'c',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
    usage,
  })
  const answer = JSON.stringify(protocolOf(dialect).client!.encodeResponse(whole, optionsFor(dialect)))
  const cached = /"(?:cached_tokens|cache_read_input_tokens|cachedContentTokenCount)":5\b/
  expect(answer).toMatch(cached)
  expect(text).toMatch(cached)
})

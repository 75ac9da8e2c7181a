// Ids of what a vendor keeps must not come out of other formats, or out of a seal that anybody can write.
import { describe, expect, test } from 'bun:test'
import { referencesIn } from '../../stream/references.ts'
import { scanRequest } from '../../stream/splice.ts'
import { protocolOf } from '../../protocols.ts'
import type { JsonObject, ProtocolId } from '../../spec.ts'

const target = { model: 'm', capabilities: {}, quirks: {} }
const seal = (content: object) => Buffer.from(JSON.stringify({ portreeve: 1, ...content })).toString('base64')

/** What the vendor would have to look up for the request as it is sent. */
function lookups(dialect: ProtocolId, body: JsonObject): string[] {
  const request = protocolOf(dialect).client!.decodeRequest(body, { model: 'm', stream: false })
  const sent = Buffer.from(JSON.stringify(protocolOf('openai-responses').vendor!.encodeRequest(request, target).body))
  return referencesIn(sent, scanRequest(sent)).flatMap(({ id, kind }) => (kind === 'echo' ? [] : [id]))
}

const chat = (detail: JsonObject): JsonObject => ({
  model: 'm',
  messages: [
    { role: 'user', content: 'q' },
    { role: 'assistant', content: 'a', reasoning_details: [detail] },
    { role: 'user', content: 'q' },
  ],
})
const claude = (block: JsonObject): JsonObject => ({
  model: 'm',
  max_tokens: 10,
  messages: [
    { role: 'user', content: 'q' },
    { role: 'assistant', content: [block, { type: 'text', text: 'a' }] },
    { role: 'user', content: 'q' },
  ],
})
const gemini = (part: JsonObject): JsonObject => ({
  contents: [
    { role: 'user', parts: [{ text: 'q' }] },
    { role: 'model', parts: [part, { text: 'a' }] },
    { role: 'user', parts: [{ text: 'q' }] },
  ],
})
const responses = (item: JsonObject): JsonObject => ({ model: 'm', input: [item, { role: 'user', content: 'q' }] })

const origin = 'openai-responses'
const item = 'rs_theirs'

describe.each<[string, ProtocolId, JsonObject]>([
  [
    'an empty proof',
    'openai-chat',
    chat({ type: 'reasoning.encrypted', id: item, data: '', format: 'openai-responses-v1' }),
  ],
  [
    'a summary',
    'openai-chat',
    chat({ type: 'reasoning.summary', id: item, summary: 's', format: 'openai-responses-v1' }),
  ],
  [
    'a thinking block',
    'anthropic-messages',
    claude({ type: 'thinking', thinking: 't', signature: seal({ origin, item }) }),
  ],
  [
    'an empty seal',
    'anthropic-messages',
    claude({ type: 'redacted_thinking', data: seal({ origin, item, redacted: '' }) }),
  ],
  ['a thought', 'gemini', gemini({ thought: true, text: 't', thoughtSignature: seal({ origin, item }) })],
  [
    'a sealed item',
    'openai-responses',
    responses({ type: 'reasoning', summary: [], encrypted_content: seal({ origin, item }) }),
  ],
  [
    'a sealed item without content',
    'openai-responses',
    responses({ type: 'reasoning', summary: [], encrypted_content: seal({ origin, item, redacted: '' }) }),
  ],
])('%s', (_, dialect, body) => {
  test(`of ${dialect} names nothing`, () => expect(lookups(dialect, body)).toEqual([]))
})

test('what carries its proof keeps its id', () => {
  const body = chat({ type: 'reasoning.encrypted', id: item, data: 'proof', format: 'openai-responses-v1' })
  const request = protocolOf('openai-chat').client!.decodeRequest(body, {})
  const { input } = protocolOf('openai-responses').vendor!.encodeRequest(request, target).body
  expect(input).toContainEqual({ type: 'reasoning', id: item, summary: [], encrypted_content: 'proof' })
})

// Recorded answers of vendors whose formats no client speaks: read whole, streamed, in pieces and cut, and through every client format.
import { describe, expect, it } from 'bun:test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { operationSide } from '../../src/llm/operation.ts'
import { writeFrame } from '../../src/llm/protocols/bedrock-converse/frames.ts'
import type { AnswerOptions, ClientSide, VendorSide } from '../../src/llm/protocol.ts'
import { protocolOf } from '../../src/llm/protocols.ts'
import type { Json, ProtocolId, StreamPart } from '../../src/llm/spec.ts'
import { violations } from '../grammar/grammars.ts'
import { collect, digest, type Digest } from './digest.ts'

const FOLDER = join(import.meta.dir, '../../../shared/recordings')
const CLIENTS = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'] as const
const has = existsSync(FOLDER)

type Stream = { readonly name: string; readonly protocol: ProtocolId; readonly bytes: Buffer }
type Whole = { readonly name: string; readonly protocol: ProtocolId; readonly json: Json }

/** One line of a recording as the vendor sends it. */
const SENT: Partial<Record<ProtocolId, (line: string) => Buffer>> = {
  'bedrock-converse': (line) => {
    const [[type, payload] = ['', {}]] = Object.entries(JSON.parse(line) as Record<string, unknown>)
    const headers = { ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' }
    return writeFrame(headers, Buffer.from(JSON.stringify(payload)))
  },
  'cohere-v2': (line) => Buffer.from(`event: ${(JSON.parse(line) as { type: string }).type}\ndata: ${line}\n\n`),
}

const wholes: Whole[] = []
const streams: Stream[] = []
for (const [place, protocol] of [
  ['amazon-bedrock', 'bedrock-converse'],
  ['cohere', 'cohere-v2'],
] as const)
  for (const file of has ? readdirSync(join(FOLDER, place)) : []) {
    if (!/\.(json|txt)$/.test(file)) continue
    const text = readFileSync(join(FOLDER, place, file), 'utf8')
    const name = `${place}/${file}`
    if (file.endsWith('.json')) wholes.push({ name, protocol, json: JSON.parse(text) as Json })
    else
      streams.push({
        name,
        protocol,
        bytes: Buffer.concat(
          text
            .split('\n')
            .filter((line) => line.trim())
            .map(SENT[protocol]!),
        ),
      })
  }

const vendorOf = (id: ProtocolId) => protocolOf(id).vendor as VendorSide
const clientOf = (id: ProtocolId) => protocolOf(id).client as ClientSide
const options = (dialect: ProtocolId): AnswerOptions => ({
  request: { dialect, model: 'm', system: [], messages: [], tools: [], stream: true, includeUsage: true, extra: {} },
  model: 'served',
  requestId: 'req1',
  created: 1_700_000_000,
  query: { alt: 'sse' },
})

function read(protocol: ProtocolId, bytes: Buffer, size = 1 << 20): StreamPart[] {
  const decoder = vendorOf(protocol).createStreamDecoder()
  const parts: StreamPart[] = []
  for (let at = 0; at < bytes.length; at += size)
    parts.push(...decoder.push(Uint8Array.from(bytes.subarray(at, at + size))))
  return [...parts, ...decoder.end()]
}

const withoutUsage = (seen: Digest) => ({ ...seen, usage: undefined })

describe.skipIf(!has)('recordings of Bedrock and Cohere', () => {
  it('are there', () => expect([wholes.length, streams.length].every((count) => count >= 8)).toBe(true))

  describe.each(CLIENTS)('through %s', (id) => {
    it.each(wholes.map((each) => [each.name, each] as const))('%s', (_, { protocol, json }) => {
      const result = vendorOf(protocol).decodeResponse(json)
      const encoded = JSON.parse(JSON.stringify(clientOf(id).encodeResponse(result, options(id)))) as Json
      const [seen, expected] = [digest(vendorOf(id).decodeResponse(encoded)), digest(result)]
      expect(withoutUsage(seen)).toEqual(withoutUsage(expected))
      if (expected.usage) expect(seen.usage).toEqual(expected.usage)
    })

    it.each(streams.map((each) => [each.name, each] as const))('%s', (_, { protocol, bytes }) => {
      const parts = read(protocol, bytes)
      const encoder = clientOf(id).createStreamEncoder(options(id))
      const text = parts.map((part) => encoder.push(part)).join('') + encoder.end()
      expect(violations(id, text, 'clean')).toEqual([])
      const [seen, expected] = [digest(collect(read(id, Buffer.from(text), 997))), digest(collect(parts))]
      expect(withoutUsage(seen)).toEqual(withoutUsage(expected))
      if (expected.usage) expect(seen.usage).toEqual(expected.usage)
    })
  })

  it.each(streams.map((each) => [each.name, each] as const))('%s, in pieces and cut', (_, { protocol, bytes }) => {
    const expected = digest(collect(read(protocol, bytes)))
    for (const size of [1, 7, 113]) expect(digest(collect(read(protocol, bytes, size)))).toEqual(expected)
    for (let cut = 0; cut < bytes.length; cut += Math.max(1, Math.floor(bytes.length / 80))) {
      const parts = read(protocol, bytes.subarray(0, cut))
      if (parts.at(-1)?.type === 'error') continue
      expect(withoutUsage(digest(collect(parts)))).toEqual(withoutUsage(expected))
    }
  })
})

const recorded = (path: string) => JSON.parse(readFileSync(join(FOLDER, path), 'utf8')) as Json

describe.skipIf(!has)('recordings of embeddings and rankings', () => {
  it.each([
    ['voyage', 'voyage/voyage-embedding.json', 2, 12],
    ['vertex', 'google-vertex/google-vertex-embedding.json', 2, 11],
  ] as const)('%s', (shape, path, count, tokens) => {
    const answer = operationSide(shape, 'embeddings')!.decode(recorded(path), { input: ['a', 'b'] }, 'm')
    const data = answer.body['data'] as { embedding: number[] }[]
    expect(data.map(({ embedding }) => embedding.length > 4 && embedding.every(Number.isFinite))).toEqual(
      Array(count).fill(true),
    )
    expect(answer.usage?.inputUncached).toBe(tokens)
  })

  it.each([
    ['cohere', 'cohere/reranking/cohere-reranking.1.json', [0.10183054, 0.03762639]],
    ['voyage', 'voyage/reranking/voyage-reranking.1.json', [0.5703125, 0.255859375]],
  ] as const)('%s ranking', (shape, path, scores) => {
    const answer = operationSide(shape, 'rerank')!.decode(recorded(path), { query: 'q', documents: ['a', 'b'] }, 'm')
    expect(answer.body['results']).toEqual([
      { index: 1, relevance_score: scores[0] },
      { index: 0, relevance_score: scores[1] },
    ])
  })
})

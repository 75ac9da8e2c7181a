import { describe, expect, it } from 'bun:test'
import { protocolOf } from '../../src/llm/protocols.ts'
import type { AnswerOptions, ClientSide, VendorSide } from '../../src/llm/protocol.ts'
import type { ChatRequest, ProtocolId, StreamPart } from '../../src/llm/spec.ts'
import { violations } from '../grammar/grammars.ts'
import { collect, type Digest, digest } from './digest.ts'
import { hasRecordings, loadRecordings, type Recording, toSse } from './recordings.ts'

const CLIENTS = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'] as const

const vendorOf = (id: ProtocolId) => protocolOf(id).vendor as VendorSide
const clientOf = (id: ProtocolId) => protocolOf(id).client as ClientSide

function options(dialect: ProtocolId): AnswerOptions {
  const request: ChatRequest = {
    dialect,
    model: 'm',
    system: [],
    messages: [],
    tools: [],
    stream: true,
    includeUsage: true,
    extra: {},
  }
  return { request, model: 'served', requestId: 'req1', created: 1_700_000_000, query: { alt: 'sse' } }
}

function read(protocol: ProtocolId, text: string, size: number): StreamPart[] {
  const decoder = vendorOf(protocol).createStreamDecoder()
  const bytes = Buffer.from(text)
  const parts: StreamPart[] = []
  for (let at = 0; at < bytes.length; at += size)
    parts.push(...decoder.push(Uint8Array.from(bytes.subarray(at, at + size))))
  return [...parts, ...decoder.end()]
}

const plain = (recording: Recording): Digest | string =>
  attempt(() => digest(vendorOf(recording.protocol).decodeResponse(recording.json ?? null)))

function attempt(run: () => Digest): Digest | string {
  try {
    return run()
  } catch (error) {
    return `error: ${(error as Error).message}`
  }
}

/** Thoughts that nobody signed have no place in some formats' fields for proofs; the rest must be the same. */
function same(seen: Digest, expected: Digest): void {
  expect({ ...seen, usage: undefined }).toEqual({ ...expected, usage: undefined })
  if (expected.usage) expect(seen.usage).toEqual(expected.usage)
}

const recordings = loadRecordings()
const answers = recordings.filter((recording) => recording.json !== undefined)
const streams = recordings.filter((recording) => recording.events !== undefined)

describe.skipIf(!hasRecordings)('recorded answers', () => {
  it('are there', () => expect(recordings.length).toBeGreaterThan(70))

  describe.each(CLIENTS)('whole, through %s', (id) => {
    it.each(answers.map((recording) => [recording.name, recording] as const))('%s', (_, recording) => {
      const expected = plain(recording)
      if (typeof expected === 'string') return expect(recording.name).toMatch(/error/)
      const encoded = clientOf(id).encodeResponse(
        vendorOf(recording.protocol).decodeResponse(recording.json ?? null),
        options(id),
      )
      same(digest(vendorOf(id).decodeResponse(JSON.parse(JSON.stringify(encoded)))), expected)
    })
  })

  describe.each(CLIENTS)('streamed, through %s', (id) => {
    it.each(streams.map((recording) => [recording.name, recording] as const))('%s', (_, recording) => {
      const parts = read(recording.protocol, toSse(recording), 1 << 20)
      const encoder = clientOf(id).createStreamEncoder(options(id))
      const text = parts.map((part) => encoder.push(part)).join('') + encoder.end()
      const failed = parts.at(-1)?.type === 'error'
      expect(violations(id, text, failed ? 'error' : 'clean')).toEqual([])
      if (failed) expect(() => collect(read(id, text, 997))).toThrow()
      else same(digest(collect(read(id, text, 997))), digest(collect(parts)))
    })
  })

  /** Two answers in one file. */
  const TWO = /tool-search|programmatic-tool-calling\.1/

  describe('passing through', () => {
    it.each(answers.map((recording) => [recording.name, recording] as const))('%s', (_, recording) => {
      if (recording.name.includes('error')) return
      const vendor = vendorOf(recording.protocol)
      const result = vendor.decodeResponse(recording.json ?? null)
      for (const text of [JSON.stringify(recording.json), JSON.stringify(recording.json, null, 2)]) {
        const tap = vendor.createUsageTap(false)
        tap.push(Buffer.from(text))
        expect(tap.report()).toMatchObject({
          complete: true,
          model: result.model,
          ...(result.usage ? { usage: result.usage } : {}),
          finish: { unified: result.choices[0]?.finish.unified },
        } as never)
      }
    })

    it.each(streams.filter(({ name }) => !TWO.test(name)).map((recording) => [recording.name, recording] as const))(
      '%s',
      (_, recording) => {
        const parts = read(recording.protocol, toSse(recording), 1 << 20)
        const tap = vendorOf(recording.protocol).createUsageTap(true)
        const bytes = Buffer.from(toSse(recording))
        for (let at = 0; at < bytes.length; at += 700)
          expect(tap.push(bytes.subarray(at, at + 700)).length).toBeGreaterThan(0)
        tap.flush()
        const report = tap.report()
        const usage = parts.findLast((part) => part.type === 'usage')?.usage
        if (parts.at(-1)?.type === 'error') return expect(report.complete && /error/.test(recording.name)).toBe(false)
        expect(report).toMatchObject({
          complete: true,
          ...(usage ? { usage } : {}),
          finish: { unified: parts.findLast((part) => part.type === 'finish')?.reason.unified },
        } as never)
        const model = parts.find((part) => part.type === 'response-start')?.model
        expect(report.model).toBe(model as string)
      },
    )
  })

  describe('streamed, however it arrives', () => {
    it.each(streams.map((recording) => [recording.name, recording] as const))('%s', (_, recording) => {
      const { protocol } = recording
      const expected = attempt(() => digest(collect(read(protocol, toSse(recording), 1 << 20))))
      for (const text of [
        toSse(recording),
        toSse(recording, { crlf: true }),
        toSse(recording, { comments: true }),
        toSse(recording, { done: false }),
        `\uFEFF${toSse(recording)}`,
      ]) {
        expect(attempt(() => digest(collect(read(protocol, text, 7))))).toEqual(expected)
      }
      expect(attempt(() => digest(collect(read(protocol, toSse(recording, { crlf: true }), 1))))).toEqual(expected)
    })

    it.each(streams.map((recording) => [recording.name, recording] as const))('%s, cut', (_, recording) => {
      const { protocol } = recording
      const text = toSse(recording)
      const expected = attempt(() => digest(collect(read(protocol, text, 1 << 20))))
      const bytes = Buffer.from(text)
      const step = Math.max(1, Math.floor(bytes.length / 60))
      for (let cut = 0; cut < bytes.length; cut += step) {
        const parts = read(protocol, bytes.subarray(0, cut).toString(), 1 << 20)
        const last = parts.at(-1)
        if (last?.type === 'error') continue
        // A cut behind the last word changes nothing, but what came behind it may be missing.
        const seen = digest(collect(parts))
        expect(typeof expected === 'string' ? '' : { ...seen, usage: undefined }).toEqual(
          typeof expected === 'string' ? '' : { ...expected, usage: undefined },
        )
      }
    })
  })
})

import * as fc from 'fast-check'
import { describe, expect, it } from 'bun:test'
import { AppError } from '../../src/errors.ts'
import type { ClientSide, VendorSide } from '../../src/llm/protocol.ts'
import { protocolOf } from '../../src/llm/protocols.ts'
import type { JsonObject, ProtocolId } from '../../src/llm/spec.ts'
import { answer, SCENARIOS } from '../vendors/scenario.ts'
import { serveMessages } from '../vendors/anthropic.ts'
import { serveGemini } from '../vendors/gemini.ts'
import { serveChat } from '../vendors/openai-chat.ts'
import { serveResponses } from '../vendors/openai-responses.ts'

const FORMATS = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'] as const
const vendorOf = (id: ProtocolId) => protocolOf(id).vendor as VendorSide
const clientOf = (id: ProtocolId) => protocolOf(id).client as ClientSide

const SERVE: Record<(typeof FORMATS)[number], (model: string) => ReturnType<typeof serveChat>> = {
  'openai-chat': (model) => serveChat({ model, stream: true, messages: [], stream_options: { include_usage: true } }),
  'openai-responses': (model) => serveResponses({ model, stream: true, input: [] }),
  'anthropic-messages': (model) => serveMessages({ model, stream: true, messages: [], max_tokens: 5 }),
  gemini: (model) => serveGemini(model, true, { contents: [] }),
}

const streamOf = (id: (typeof FORMATS)[number], scenario: string) =>
  [...(SERVE[id](`m--${scenario}`).events ?? [])].join('')

/** A stream with some of its JSON values replaced, its bytes changed, or its pieces left out. */
const damaged = (id: (typeof FORMATS)[number]) =>
  fc
    .record({
      scenario: fc.constantFrom(...SCENARIOS.filter((name) => name !== 'error')),
      edits: fc.array(
        fc.tuple(
          fc.nat(),
          fc.constantFrom(
            '',
            'null',
            '[]',
            '{}',
            '"x"',
            '-1',
            '\n\n',
            '}',
            '"',
            ',"error":{"message":"e"}',
            '\u0000',
            'é',
          ),
          fc.nat({ max: 12 }),
        ),
        { minLength: 1, maxLength: 4 },
      ),
    })
    .map(({ scenario, edits }) => {
      let text = streamOf(id, scenario)
      for (const [at, insert, skip] of edits) {
        const place = at % (text.length + 1)
        text = text.slice(0, place) + insert + text.slice(place + skip)
      }
      return text
    })

describe('a vendor that sends garbage', () => {
  it('is one that the scenarios know', () =>
    expect(
      answer({
        model: 'm--text',
        stream: true,
        images: [],
        results: [],
        tools: [],
        schema: false,
        seals: [],
        thinks: false,
      }).text,
    ).toBeDefined())

  it.each(FORMATS)('gets an honest end in %s: one last part, and every client a stream that ends', (id) => {
    fc.assert(
      fc.property(damaged(id), fc.integer({ min: 1, max: 500 }), (text, size) => {
        const decoder = vendorOf(id).createStreamDecoder()
        const encoders = FORMATS.map((client) =>
          clientOf(client).createStreamEncoder({
            request: { dialect: client, model: 'm', system: [], messages: [], tools: [], stream: true, extra: {} },
            model: 'm',
            requestId: 'r',
            created: 1,
            query: { alt: 'sse' },
          }),
        )
        const bytes = Buffer.from(text)
        let last = ''
        let ends = 0
        for (let at = 0; at <= bytes.length; at += size) {
          const parts =
            at + size > bytes.length
              ? [...decoder.push(bytes.subarray(at)), ...decoder.end()]
              : decoder.push(bytes.subarray(at, at + size))
          for (const part of parts) {
            last = part.type
            if (part.type === 'error' || part.type === 'response-end') ends++
            for (const encoder of encoders) encoder.push(part)
          }
        }
        expect(ends).toBe(1)
        expect(['error', 'response-end']).toContain(last)
        for (const encoder of encoders) expect(encoder.end()).toBe('')
      }),
      { numRuns: 60 },
    )
  })

  it.each(FORMATS)('gets an error of the gateway in %s, never a crash', (id) => {
    const shapes = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.record(
        {
          choices: fc.jsonValue(),
          output: fc.jsonValue(),
          content: fc.jsonValue(),
          candidates: fc.jsonValue(),
          usage: fc.jsonValue(),
          usageMetadata: fc.jsonValue(),
          error: fc.jsonValue(),
          status: fc.jsonValue(),
        },
        { requiredKeys: [] },
      ),
      fc.record({
        choices: fc.array(
          fc.record({
            message: fc.record({
              content: fc.jsonValue(),
              tool_calls: fc.jsonValue(),
              reasoning_details: fc.jsonValue(),
              annotations: fc.jsonValue(),
            }),
          }),
        ),
      }),
      fc.record({
        content: fc.array(
          fc.record({
            type: fc.constantFrom('text', 'tool_use', 'thinking', 'x'),
            text: fc.jsonValue(),
            input: fc.jsonValue(),
            citations: fc.jsonValue(),
          }),
        ),
      }),
      fc.record({
        output: fc.array(
          fc.record({
            type: fc.constantFrom('message', 'function_call', 'reasoning', 'image_generation_call'),
            content: fc.jsonValue(),
            summary: fc.jsonValue(),
            arguments: fc.jsonValue(),
            result: fc.jsonValue(),
          }),
        ),
      }),
      fc.record({
        candidates: fc.array(
          fc.record({
            content: fc.record({
              parts: fc.array(
                fc.record(
                  { text: fc.jsonValue(), functionCall: fc.jsonValue(), inlineData: fc.jsonValue() },
                  { requiredKeys: [] },
                ),
              ),
            }),
          }),
        ),
      }),
    )
    fc.assert(
      fc.property(shapes, (value) => {
        try {
          const result = vendorOf(id).decodeResponse(JSON.parse(JSON.stringify(value)))
          expect(result.choices.length).toBeGreaterThan(0)
          for (const client of FORMATS)
            JSON.stringify(
              clientOf(client).encodeResponse(result, {
                request: { dialect: client, model: 'm', system: [], messages: [], tools: [], stream: false, extra: {} },
                model: 'm',
                requestId: 'r',
                created: 1,
              }),
            )
        } catch (error) {
          if (!(error instanceof AppError)) throw error
        }
      }),
      { numRuns: 150 },
    )
  })
})

describe('a client that sends garbage', () => {
  const parts = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.array(
      fc.record(
        {
          type: fc.constantFrom(
            'text',
            'image_url',
            'input_text',
            'tool_use',
            'tool_result',
            'image',
            'input_image',
            'document',
            'file',
            'thinking',
          ),
          text: fc.jsonValue(),
          source: fc.jsonValue(),
          image_url: fc.jsonValue(),
          file: fc.jsonValue(),
          content: fc.jsonValue(),
          id: fc.jsonValue(),
          name: fc.jsonValue(),
        },
        { requiredKeys: ['type'] },
      ),
    ),
  )
  const turn = fc.record(
    {
      role: fc.constantFrom('user', 'assistant', 'system', 'tool', 'model', 'x'),
      content: parts,
      parts,
      type: fc.constantFrom('message', 'function_call', 'reasoning', 'x'),
      tool_calls: fc.jsonValue(),
      tool_call_id: fc.jsonValue(),
    },
    { requiredKeys: ['role'] },
  )
  const bodies = fc.record(
    {
      model: fc.oneof(fc.constant('m'), fc.jsonValue()),
      messages: fc.oneof(fc.array(turn), fc.jsonValue()),
      input: fc.oneof(fc.array(turn), fc.jsonValue()),
      contents: fc.oneof(fc.array(turn), fc.jsonValue()),
      tools: fc.oneof(
        fc.array(
          fc.record(
            {
              type: fc.jsonValue(),
              function: fc.jsonValue(),
              name: fc.jsonValue(),
              input_schema: fc.jsonValue(),
              functionDeclarations: fc.jsonValue(),
            },
            { requiredKeys: [] },
          ),
        ),
        fc.jsonValue(),
      ),
      tool_choice: fc.jsonValue(),
      response_format: fc.jsonValue(),
      generationConfig: fc.jsonValue(),
      system: fc.jsonValue(),
      thinking: fc.jsonValue(),
      max_tokens: fc.jsonValue(),
      stop: fc.jsonValue(),
      text: fc.jsonValue(),
      metadata: fc.jsonValue(),
    },
    { requiredKeys: ['model'] },
  )

  it.each(FORMATS)('is told which field of %s is wrong, or every vendor can be asked', (id) => {
    fc.assert(
      fc.property(bodies, (value) => {
        const body = JSON.parse(JSON.stringify(value)) as JsonObject
        try {
          const request = clientOf(id).decodeRequest(body, { model: 'm', stream: false })
          for (const vendor of FORMATS)
            JSON.stringify(vendorOf(vendor).encodeRequest(request, { model: 'm', capabilities: {}, quirks: {} }).body)
        } catch (error) {
          if (!(error instanceof AppError)) throw error
          expect(['invalid_request', 'unsupported_parameter']).toContain(error.code)
          expect(error.details.field).toBeString()
        }
      }),
      { numRuns: 200 },
    )
  })
})

// Random requests and answers out of what every format can carry.
import * as fc from 'fast-check'
import type { ChatRequest, FinishReason, Message, Part, ReasoningPart, Result, Tool } from '../../src/llm/spec.ts'
import { makeUsage } from '../../src/llm/usage.ts'

/** Text with wide letters, quotes, controls and line ends, never empty or blank at its ends. */
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).map((value) => `a${value}z`)
const name = fc
  .stringMatching(/^[a-z][a-z0-9_]{0,12}$/)
  .filter((value) => value !== 'json_response' && !['name', 'output', 'result', 'content', 'error'].includes(value))
const id = fc.stringMatching(/^[a-z0-9]{6,12}$/).map((value) => `call_${value}`)
const args = fc.dictionary(
  fc.string({ minLength: 1 }).filter((key) => key !== '__proto__'),
  fc.jsonValue({ maxDepth: 2 }),
  { maxKeys: 3 },
)
/** JSON knows no -0 once it was written. */
const plainArgs = args.map((value) => JSON.parse(JSON.stringify(value)) as Record<string, unknown>)
const base64 = fc.uint8Array({ minLength: 1, maxLength: 30 }).map((bytes) => Buffer.from(bytes).toString('base64'))

const textPart: fc.Arbitrary<Part> = text.map((value) => ({ type: 'text', text: value }))
const imagePart: fc.Arbitrary<Part> = base64.map((data) => ({
  type: 'image',
  source: { kind: 'base64', mediaType: 'image/png', data },
}))
const pdfPart: fc.Arbitrary<Part> = base64.map((data) => ({
  type: 'document',
  source: { kind: 'base64', mediaType: 'application/pdf', data },
  name: 'a.pdf',
}))

const userTurn: fc.Arbitrary<Message> = fc
  .array(fc.oneof({ weight: 3, arbitrary: textPart }, imagePart, pdfPart), { minLength: 1, maxLength: 3 })
  .map((content) => ({ role: 'user', content }))

/** What the model said and, when it called tools, what they found. */
const answered: fc.Arbitrary<Message[]> = fc
  .tuple(text, fc.uniqueArray(fc.tuple(id, name, plainArgs, text), { selector: ([key]) => key, maxLength: 3 }))
  .map(([said, calls]): Message[] => {
    const turn: Message = {
      role: 'assistant',
      content: [
        { type: 'text', text: said },
        ...calls.map(([callId, tool, given]): Part => ({
          type: 'tool-call',
          id: callId,
          name: tool,
          arguments: JSON.stringify(given),
        })),
      ],
    }
    if (calls.length === 0) return [turn, { role: 'user', content: [{ type: 'text', text: 'go on' }] }]
    const results = calls.map(([callId, tool, , found]): Part => ({
      type: 'tool-result',
      toolCallId: callId,
      name: tool,
      content: [{ type: 'text', text: found }],
    }))
    return [turn, { role: 'tool', content: results }]
  })

const tool: fc.Arbitrary<Tool> = fc
  .record({ name, description: text, fields: fc.uniqueArray(name, { minLength: 1, maxLength: 3 }) })
  .map(({ name, description, fields }) => ({
    type: 'function',
    name,
    description,
    parameters: {
      type: 'object',
      properties: Object.fromEntries(fields.map((field) => [field, { type: 'string', description: 'd' }])),
      required: [fields[0] as string],
    },
  }))

export const requests: fc.Arbitrary<ChatRequest> = fc
  .record({
    system: fc.array(text, { maxLength: 1 }),
    first: userTurn,
    turns: fc.array(answered, { maxLength: 3 }),
    tools: fc.uniqueArray(tool, { selector: (each) => (each.type === 'native' ? '' : each.name), maxLength: 3 }),
    choice: fc.constantFrom('auto', 'none', 'required', undefined),
    maxOutputTokens: fc.option(fc.integer({ min: 16, max: 4000 }), { nil: undefined }),
    temperature: fc.option(fc.constantFrom(0, 0.25, 1), { nil: undefined }),
    stream: fc.boolean(),
  })
  .map(({ system, first, turns, tools, choice, maxOutputTokens, temperature, stream }) => ({
    dialect: 'openai-chat',
    model: 'm',
    system: system.map((value) => ({ type: 'text', text: value })),
    messages: [first, ...turns.flat()],
    tools,
    ...(tools.length > 0 && choice !== undefined ? { toolChoice: { type: choice } } : {}),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    stream,
    extra: {},
  }))

const reasoning: fc.Arbitrary<ReasoningPart> = fc.oneof(
  text.map((value): ReasoningPart => ({ type: 'reasoning', text: value })),
  fc.tuple(fc.oneof(fc.constant(''), text), base64).map(([value, signature]): ReasoningPart => ({
    type: 'reasoning',
    text: value,
    signature: `S${signature}`,
    origin: 'anthropic-messages',
  })),
  base64.map((data): ReasoningPart => ({
    type: 'reasoning',
    text: '',
    redacted: `R${data}`,
    origin: 'anthropic-messages',
  })),
  fc.tuple(text, base64).map(([value, data]): ReasoningPart => ({
    type: 'reasoning',
    text: value,
    redacted: `E${data}`,
    itemId: 'rs_1',
    origin: 'openai-responses',
  })),
)

const finishes: fc.Arbitrary<FinishReason> = fc
  .constantFrom('stop', 'length', 'content-filter')
  .map((unified) => ({ unified }))
const count = fc.nat({ max: 10_000 })

export const results: fc.Arbitrary<Result> = fc
  .record({
    // A thought without proof runs on into the next one in some formats: one of them at most.
    thoughts: fc
      .array(reasoning, { maxLength: 2 })
      .filter(
        (list) =>
          list.filter((part) => part.signature === undefined && part.redacted === undefined).length === 0 ||
          list.length === 1,
      ),
    said: fc.option(text, { nil: undefined }),
    calls: fc.uniqueArray(fc.tuple(id, name, plainArgs), { selector: ([key]) => key, maxLength: 3 }),
    finish: finishes,
    usage: fc.tuple(count, count, count, count),
  })
  .map(({ thoughts, said, calls, finish, usage: [inputUncached, cacheRead, output, thought] }) => ({
    id: 'r1',
    model: 'm',
    created: 1,
    choices: [
      {
        index: 0,
        content: [
          ...thoughts,
          ...(said === undefined ? [] : [{ type: 'text' as const, text: said }]),
          ...calls.map(([callId, tool, given]): Part => ({
            type: 'tool-call',
            id: callId,
            name: tool,
            arguments: JSON.stringify(given),
          })),
        ],
        finish: calls.length > 0 && finish.unified === 'stop' ? { unified: 'tool-calls' as const } : finish,
      },
    ],
    // Reasoning of a vendor that tells none of it is taken for counted apart only when it is more than the output.
    usage: makeUsage({
      inputUncached: inputUncached + cacheRead,
      cacheRead,
      output: output + thought,
      reasoning: thought,
    }),
  }))

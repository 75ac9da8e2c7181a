import * as fc from 'fast-check'
import { describe, expect, it } from 'bun:test'
import { AppError } from '../../errors.ts'
import type { ProtocolId } from '../spec.ts'
import { scanRequest, spliceRequest } from './splice.ts'

const scan = (text: string) => scanRequest(Buffer.from(text))
const refusal = (text: string) => {
  try {
    scan(text)
  } catch (error) {
    if (error instanceof AppError) return `${error.code}: ${error.message}`
    throw error
  }
  return 'accepted'
}

describe('scanning a request', () => {
  it('finds what the gateway reads', () => {
    const found = scan(
      ' {"messages":[{"role":"user","content":"\\"model\\":\\"no\\" {[ "}], "model" : "a/b\\u0063", "stream":true,"max_tokens":7,"max_completion_tokens":9,"user":"u","n":2,"tools":[{}],"stream_options":{"include_usage":true}}\n',
    )
    expect(found).toMatchObject({
      model: 'a/bc',
      stream: true,
      maxOutputTokens: 9,
      user: 'u',
      n: 2,
      hasTools: true,
      includeUsage: true,
    })
    expect(scan('{"model":"m","tools":[ ],"user":null,"max_tokens":null}')).toMatchObject({
      hasTools: false,
      user: undefined,
      maxOutputTokens: undefined,
      stream: false,
    })
    expect(scan('{}')).toMatchObject({ model: undefined, modelStart: -1 })
  })

  it.each<[ProtocolId, string, number | undefined, number]>([
    ['openai-chat', '{"max_tokens":9,"max_completion_tokens":7}', 9, 1],
    ['openai-chat', '{"max_output_tokens":7,"generationConfig":{"maxOutputTokens":7}}', undefined, 1],
    ['openai-chat', '{"max_tokens":-9,"n":-9}', 0, 1],
    ['openai-chat', '{"n":2,"best_of":20}', undefined, 20],
    ['anthropic-messages', '{"max_tokens":9}', 9, 1],
    ['openai-responses', '{"max_tokens":1,"max_output_tokens":9,"n":5}', 9, 1],
    ['gemini', '{"max_tokens":1,"max_output_tokens":1,"n":5}', undefined, 1],
    ['gemini', '{"generationConfig":{"maxOutputTokens":9,"candidateCount":3}}', 9, 3],
    ['gemini', '{"generation_config":{"max_output_tokens":"9","candidate_count":3}}', 9, 3],
    ['gemini', '{"generationConfig":{"maxOutputTokens":1},"generation_config":{"maxOutputTokens":9}}', 9, 1],
    ['gemini', '{"generationConfig":null}', undefined, 1],
  ])('what %s may answer to %s', (dialect, text, maxOutputTokens, n) => {
    expect(scanRequest(Buffer.from(text), dialect)).toMatchObject({ maxOutputTokens, n })
  })

  it('refuses a maximum that is no number, and a second one in disguise', () => {
    const gemini = (text: string) => () => scanRequest(Buffer.from(text), 'gemini')
    expect(gemini('{"generationConfig":{"maxOutputTokens":"many"}}')).toThrow('must be a number')
    expect(gemini('{"generationConfig":{},"generationConfig":{}}')).toThrow('is given twice')
    expect(gemini('{"GenerationConfig":{}}')).toThrow('plainly')
    expect(gemini('{"generation\\u0043onfig":{}}')).toThrow('plainly')
  })

  it.each([
    ['{"model":"a","model":"b"}', '"model" is given twice'],
    ['{"metadata":{"user_id":"a"},"metadata":{"user_id":"b"}}', '"metadata" is given twice'],
    ['{"model":"a","Model":"b"}', 'write the parameter "model" plainly'],
    ['{"mod\\u0065l":"b"}', 'write the parameter "model" plainly'],
    ['{"ſtream":true}', 'write the parameter "stream" plainly'],
    ['{"model":3}', '"model" must be a string'],
    ['{"stream":"yes"}', '"stream" must be true or false'],
    ['{"max_tokens":"5"}', '"max_tokens" must be a number'],
    ['{"stream_options":[]}', '"stream_options" must be an object'],
    ['[1]', 'the body must be a JSON object'],
    ['', 'the body is empty'],
    ['{"a":1,}', 'unexpected "}" at position 7 (line 1, column 8)'],
    ['{"a":1', 'it ends at byte 6'],
    ['{"a":"x', 'it ends at byte 7'],
    ['{"a":01}', 'unexpected "1" at position 6'],
    ['{"a":nul}', 'unexpected "}" at position 8'],
    ['{"a":NaN}', 'unexpected "N" at position 5'],
    ['{"a":"\\x"}', 'unexpected "x" at position 7'],
    ["{'a':1}", 'unexpected "\'" at position 1'],
    ['{"a":1}\n{', 'unexpected "{" at position 8 (line 2, column 1)'],
    ['{"a":"\n"}', 'unexpected byte 0x0a at position 6'],
    [`{"a":${'['.repeat(600)}`, 'nested deeper than 512'],
  ])('refuses %s', (text, message) => expect(refusal(text)).toContain(message))

  it('accepts exactly the objects that JSON.parse accepts', () => {
    const mutated = fc
      .tuple(fc.json({ maxDepth: 4 }), fc.nat(), fc.constantFrom('', '"', '{', ']', ',', ':', '\\', '0', 'e', ' ', '-'))
      .map(([json, at, insert]) => {
        const body = `{"k":${json}}`
        const place = at % (body.length + 1)
        return insert === '' ? body : body.slice(0, place) + insert + body.slice(place + (at % 2))
      })
    fc.assert(
      fc.property(mutated, (text) => {
        let value: unknown
        try {
          value = JSON.parse(text)
        } catch {
          expect(refusal(text)).toMatch(/^invalid_json|must be a JSON object$/)
          return
        }
        if (typeof value === 'object' && value !== null && !Array.isArray(value)) expect(refusal(text)).toBe('accepted')
      }),
      { numRuns: 1000 },
    )
  })

  it('reads long strings with escaped quotes', () => {
    const long = JSON.stringify('x'.repeat(300) + '\\"'.repeat(40) + 'y'.repeat(300) + '\\')
    expect(scan(`{"content":${long},"model":"m"}`).model).toBe('m')
  })
})

describe('splicing a request', () => {
  const splice = (text: string, change: Parameters<typeof spliceRequest>[2]) => {
    const body = Buffer.from(text)
    return Buffer.from(spliceRequest(body, scanRequest(body), change)).toString()
  }
  it.each([
    ['{"model":"a","x":1}', { model: 'bé' }, '{"model":"bé","x":1}'],
    [
      '{ "x":1, "model" : "a" }',
      { model: 'b"c', includeUsage: true },
      '{"stream_options":{"include_usage":true}, "x":1, "model" : "b\\"c" }',
    ],
    [
      '{"stream_options":{"a":1},"model":"a"}',
      { model: 'b', includeUsage: true },
      '{"stream_options":{"a":1,"include_usage":true},"model":"b"}',
    ],
    [
      '{"model":"a","stream_options":null}',
      { model: 'b', includeUsage: true },
      '{"model":"b","stream_options":{"include_usage":true}}',
    ],
    [
      '{"model":"a","stream_options":{"include_usage":false}}',
      { includeUsage: true },
      '{"model":"a","stream_options":{"include_usage":true}}',
    ],
    ['{}', { includeUsage: true }, '{"stream_options":{"include_usage":true}}'],
    ['{"model":"a"}', { model: 'a' }, '{"model":"a"}'],
  ])('%s %j', (text, change, expected) => expect(splice(text, change)).toBe(expected))

  it('changes nothing but the named values', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string().filter((key) => !/^(model|stream|user|n|tools|max_|stream_)/i.test(key)),
          fc.jsonValue(),
        ),
        fc.string(),
        fc.string(),
        (rest, model, next) => {
          const text = JSON.stringify({ ...rest, model, z: 1 })
          const changed = splice(text, { model: next, includeUsage: true })
          expect(JSON.parse(changed)).toEqual(
            JSON.parse(JSON.stringify({ ...rest, model: next, z: 1, stream_options: { include_usage: true } })),
          )
        },
      ),
    )
  })
})

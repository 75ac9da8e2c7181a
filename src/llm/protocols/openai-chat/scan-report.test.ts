import { describe, expect, test } from 'bun:test'
import type { Json } from '../../spec.ts'
import { scanReport } from './scan-report.ts'
import { readReport } from './tap.ts'

const USAGE =
  '{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18,"prompt_tokens_details":{"cached_tokens":3},"completion_tokens_details":{"reasoning_tokens":2}}'
const choice = (reason: string, content = 'Hello') =>
  `{"index":0,"message":{"role":"assistant","content":${JSON.stringify(content)}},"logprobs":null,"finish_reason":${reason}}`
const answer = (choices: string, usage = USAGE, more = '') =>
  `{"id":"c-1","object":"chat.completion","model":"m","choices":${choices}${more},"usage":${usage}}`

const READ: readonly (readonly [name: string, text: string])[] = [
  ['the usual one', answer(`[${choice('"stop"')}]`)],
  ['tools', answer(`[${choice('"tool_calls"')}]`)],
  ['a reason of some vendor', answer(`[${choice('"model_context_window_exceeded"')}]`)],
  ['two answers', answer(`[${choice('"length"')}, ${choice('"stop"')}]`)],
  ['printed over many lines', JSON.stringify(JSON.parse(answer(`[${choice('"stop"')}]`)), null, 2)],
  [
    'words of the format in a text',
    answer(`[${choice('"stop"', '"usage":{"prompt_tokens":999},"error":{},"choices":[')}]`),
  ],
  ['a long text', answer(`[${choice('"stop"', 'é"\\'.repeat(2_000))}]`)],
  ['usage first', `{"usage":${USAGE},"choices":[${choice('"stop"')}]}`],
  ['the last of two usages', answer(`[${choice('"stop"')}]`, USAGE, ',"usage":{"prompt_tokens":999}')],
  ['the last of two choices', answer(`[${choice('"length"')}]`, USAGE, `,"choices":[${choice('"stop"')}]`)],
  ['embeddings', `{"object":"list","data":[{"embedding":[0.1,-2e-3]}],"usage":{"prompt_tokens":8,"total_tokens":8}}`],
  ['white space around it', ` \n${answer(`[${choice('"stop"')}]`)}\r\n `],
]

const LEFT: readonly (readonly [name: string, text: string])[] = [
  ['an error', '{"error":{"message":"no"},"usage":{"prompt_tokens":1},"choices":[]}'],
  ['no usage', `{"choices":[${choice('"stop"')}]}`],
  ['usage that is null', answer(`[${choice('"stop"')}]`, 'null')],
  ['counted in seconds', '{"text":"a","usage":{"type":"duration","seconds":3}}'],
  ['no reason', answer(`[${choice('null')}]`)],
  ['a reason with escapes', answer(`[${choice('"st\\u006fp"')}]`)],
  ['no choices', answer('[]')],
  ['choices that are no list', answer('{"finish_reason":"stop"}')],
  ['a list', '[]'],
  ['nothing', ''],
  ['an empty object', '{}'],
  ['more behind it', `${answer(`[${choice('"stop"')}]`)}x`],
  ['no JSON', answer(`[${choice('stop')}]`)],
]

describe('what a whole chat completion tells, from its bytes', () => {
  test.each(READ)('%s', (_, text) => {
    const { usage, finish } = readReport(JSON.parse(text) as Json, {})
    if (!usage) throw new Error('the case has no usage')
    const told = { usage, ...(finish && { finish }), complete: true, estimatedOutput: 0 }
    expect(scanReport(Buffer.from(text), {})).toEqual(told)
  })

  test.each(LEFT)('is left to be read whole: %s', (_, text) => {
    expect(scanReport(Buffer.from(text), {})).toBeUndefined()
  })

  test('no beginning of an answer is taken for one', () => {
    const bytes = Buffer.from(answer(`[${choice('"stop"')}]`))
    for (let end = 0; end < bytes.length; end++) expect(scanReport(bytes.subarray(0, end), {})).toBeUndefined()
  })
})

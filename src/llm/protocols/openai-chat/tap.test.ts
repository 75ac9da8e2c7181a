import * as fc from 'fast-check'
import { describe, expect, it } from 'bun:test'
import { createChatTap } from './tap.ts'

const chunk = (choices: unknown, more: object = {}) =>
  `data: ${JSON.stringify({ id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'm-2', choices, ...more })}\n\n`
const TEXT = chunk(
  [{ index: 0, delta: { role: 'assistant', content: 'say "choices":[] and \\"usage\\": {é}' }, finish_reason: null }],
  { usage: null },
)
const STOP = chunk([{ index: 0, delta: {}, finish_reason: 'stop' }], { usage: null })
const USAGE = chunk([], {
  usage: { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17, prompt_tokens_details: { cached_tokens: 4 } },
})
const FILTER = chunk([], { prompt_filter_results: [] })
const DONE = 'data: [DONE]\n\n'

function run(text: string, sizes: readonly number[], stripUsage: boolean) {
  const tap = createChatTap(true, { stripUsage })
  const bytes = Buffer.from(text)
  const out: Uint8Array[] = []
  let at = 0
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    out.push(Uint8Array.from(tap.push(Uint8Array.from(bytes.subarray(at, at + size)))))
    at += size
  }
  out.push(tap.flush())
  return { text: Buffer.concat(out).toString(), report: tap.report() }
}

describe('a chat completion that passes through', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 })

  it('keeps back the usage chunk alone, however the bytes are cut', () => {
    for (const end of ['\n', '\r\n']) {
      const sent = (FILTER + TEXT + STOP + USAGE + DONE).replaceAll('\n', end)
      const expected = (FILTER + TEXT + STOP + DONE).replaceAll('\n', end)
      fc.assert(
        fc.property(sizes, (cut) => {
          const { text, report } = run(sent, cut, true)
          expect(text).toBe(expected)
          expect(report).toMatchObject({
            complete: true,
            model: 'm-2',
            id: 'c1',
            finish: { unified: 'stop' },
            usage: { inputUncached: 8, cacheRead: 4, output: 5 },
          })
        }),
      )
    }
  })

  it('changes nothing when the client asked for usage', () => {
    fc.assert(
      fc.property(sizes, (cut) =>
        expect(run(TEXT + STOP + USAGE + DONE, cut, false).text).toBe(TEXT + STOP + USAGE + DONE),
      ),
    )
  })

  it('adds the end mark that a vendor forgot', () => {
    expect(run(TEXT + STOP + USAGE, [50], true).text).toBe(TEXT + STOP + DONE)
    expect(run(TEXT + STOP.trimEnd(), [50], true).text).toBe(TEXT + STOP + DONE)
  })

  it('tells a cut stream and an error inside a 200', () => {
    const cut = run(TEXT + TEXT, [64], true)
    expect(cut).toMatchObject({ text: TEXT + TEXT, report: { complete: false, estimatedOutput: 2 } })
    expect(cut.report.error).toBeUndefined()
    const failed = run(
      `${TEXT}data: {"error":{"message":"slow down","type":"rate_limit_exceeded","code":null}}\n\n`,
      [64],
      true,
    )
    expect(failed.report).toMatchObject({
      complete: false,
      error: { code: 'rate_limited', status: 429, message: 'slow down' },
    })
  })

  it('finds the usage of a long stream and of a plain answer', () => {
    const { report } = run(TEXT.repeat(1000) + STOP + USAGE + DONE, [1000], true)
    expect(report).toMatchObject({ complete: true, model: 'm-2', usage: { output: 5 } })
    expect(report.estimatedOutput).toBe(0)
    expect(run(TEXT.repeat(1000), [1000], true).report.estimatedOutput).toBeGreaterThan(900)
    const tap = createChatTap(false)
    tap.push(Buffer.from('{"id":"x","model":"m","choices":[{"message":{"content":"' + 'é'.repeat(60000)))
    tap.push(Buffer.from('"},"finish_reason":"length"}],"usage":{"prompt_tokens":3,"completion_tokens":1}}\n'))
    expect(tap.report()).toMatchObject({
      complete: true,
      id: 'x',
      model: 'm',
      finish: { unified: 'length' },
      usage: { inputUncached: 3, output: 1 },
    })
  })
})

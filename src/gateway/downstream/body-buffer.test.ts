import { describe, expect, test } from 'bun:test'
import { BodyBuffer } from './body-buffer.ts'

const bytes = (text: string) => Buffer.from(text, 'latin1')

async function feed(length: number, text: string, cut: number, limit = 1_000) {
  const body = new BodyBuffer(length)
  const all = bytes(text)
  const first = body.push(all.subarray(0, cut), 0)
  let rest = all.subarray(0, cut).subarray(first).toString('latin1')
  const reading = (async () => body.read(limit))().then(
    (whole) => Buffer.from(whole).toString('latin1'),
    (error: Error) => error,
  )
  const second = body.push(all.subarray(cut), 0)
  rest += all.subarray(cut).subarray(second).toString('latin1')
  return { whole: body.whole, text: body.whole ? await reading : undefined, rest, reading }
}

describe('bodies, cut at each byte', () => {
  test.each([
    ['measured', 5, 'helloPOST', 'hello', 'POST'],
    ['empty', 0, 'POST', '', 'POST'],
    ['chunks', -1, '5\r\nhello\r\n1\r\n!\r\n0\r\n\r\nPOST', 'hello!', 'POST'],
    ['an extension and trailers', -1, 'A;x="y"\r\n0123456789\r\n0\r\nX: y\r\n\r\n', '0123456789', ''],
    ['no chunk', -1, '0\r\n\r\n', '', ''],
  ] as const)('%s', async (_, length, text, expected, rest) => {
    for (let cut = 0; cut <= text.length; cut++) {
      const fed = await feed(length, text, cut)
      expect([fed.whole, fed.text, fed.rest]).toEqual([true, expected, rest])
    }
  })
})

describe('chunks that are not valid', () => {
  test.each([
    ['a sign', '+5\r\nhello\r\n0\r\n\r\n'],
    ['a prefix', '0x5\r\nhello\r\n0\r\n\r\n'],
    ['white space', '5 \r\nhello\r\n0\r\n\r\n'],
    ['no size', '\r\nhello\r\n0\r\n\r\n'],
    ['a lone LF', '5\nhello\r\n0\r\n\r\n'],
    ['more than the size', '4\r\nhello\r\n0\r\n\r\n'],
    ['a size without bound', 'ffffffffffffffff\r\nhello'],
    ['a line without end', `1;${'x'.repeat(5_000)}`],
    ['trailers without end', `0\r\n${'x: y\r\n'.repeat(5_000)}`],
  ])('%s', async (_, text) => {
    for (const cut of [0, 1, 3, text.length]) {
      const fed = await feed(-1, text, cut)
      expect(fed.whole).toBe(false)
      expect(await fed.reading).toMatchObject({ code: 'invalid_request' })
    }
  })
})

describe('a bound', () => {
  test.each([
    ['measured', 20, 'x'.repeat(20)],
    ['chunks', -1, '14\r\nxxxxxxxxxxxxxxxxxxxx\r\n'],
  ])('%s', async (_, length, text) => {
    for (let cut = 0; cut <= text.length; cut++)
      expect(await (await feed(length, text, cut, 10)).reading).toMatchObject({ code: 'body_too_large' })
  })

  test('a client that leaves', async () => {
    const body = new BodyBuffer(10)
    const reading = body.read(100)
    const { AppError } = await import('../../errors.ts')
    body.fail(new AppError('client_closed', 'left'))
    expect(await Promise.resolve(reading).catch((error: unknown) => error)).toMatchObject({ code: 'client_closed' })
  })
})

import { afterAll, describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { FAULTS, type FaultName, type Outcome } from './faults.ts'
import { FakeVendor } from './vendor.ts'

const vendor = new FakeVendor()
afterAll(() => vendor.stop())

const body = (stream: boolean) =>
  JSON.stringify({
    model: 'm',
    stream,
    stream_options: { include_usage: true },
    messages: [{ role: 'user', content: 'hi' }],
  })

const ask = (stream: boolean, signal?: AbortSignal) =>
  fetch(`${vendor.origin}/v1/chat/completions`, {
    method: 'POST',
    body: body(stream),
    redirect: 'manual',
    keepalive: false,
    ...(signal ? { signal } : {}),
  })

/** What a client that knows only HTTP and the wire format makes of the answer. */
async function outcome(stream: boolean): Promise<Outcome> {
  let response: Response
  try {
    response = await ask(stream, AbortSignal.timeout(300))
  } catch {
    return 'refused'
  }
  if (response.status !== 200) return 'refused'
  try {
    const text = await response.text()
    if (!stream) {
      const answer = JSON.parse(text) as { choices?: { message: { content: string } }[] }
      return answer.choices?.[0]?.message.content.endsWith('déjà vu.') ? 'answer' : 'refused'
    }
    let content = ''
    let finished = false
    for (const event of text.split('\n\n')) {
      if (!event || event === 'data: [DONE]') continue
      const part = JSON.parse(event.slice(6)) as { choices?: { delta: { content?: string }; finish_reason?: string }[] }
      if (!part.choices) return 'broken'
      content += part.choices[0]?.delta.content ?? ''
      finished ||= Boolean(part.choices[0]?.finish_reason)
    }
    return finished && content.endsWith('déjà vu.') ? 'answer' : 'broken'
  } catch {
    return stream ? 'broken' : 'refused'
  }
}

describe('each fault, seen by a bare client', () => {
  const endless = new Set<string>(['endless-stream', 'unterminated-event'])
  const names = (Object.keys(FAULTS) as FaultName[]).filter((name) => !endless.has(name))
  test.each(names.flatMap((name) => [[name, false] as const, [name, true] as const]))(
    '%s, stream %p',
    async (name, stream) => {
      vendor.reset()
      vendor.next({ fault: name })
      const expected: Outcome = stream ? FAULTS[name].stream : FAULTS[name].plain
      const seen = await outcome(stream)
      if (expected === 'answer-or-broken') expect(['answer', 'broken']).toContain(seen)
      else if (name === 'huge-headers') expect(['answer', 'refused', 'broken']).toContain(seen)
      else expect(seen).toBe(expected)
    },
  )
})

test('a client that leaves is seen at once, before the first byte and in a stream', async () => {
  for (const fault of ['silence', 'endless-stream'] as const) {
    vendor.reset()
    vendor.next({ fault })
    const leaving = new AbortController()
    const answer = ask(true, leaving.signal)
      .then((response) => response.text())
      .catch(() => 'left')
    const request = await vendor.received()
    leaving.abort()
    const left = performance.now()
    const closing = await request.closed
    expect(closing.by).toBe('peer')
    expect(closing.at - left).toBeLessThan(100)
    expect(await answer).toBe('left')
  }
})

test('a reader that stops, stops the vendor', async () => {
  vendor.reset()
  vendor.next({ fault: 'endless-stream' })
  const socket = connect(vendor.port, '127.0.0.1')
  socket.pause()
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: ${Buffer.byteLength(body(true))}\r\n\r\n${body(true)}`,
  )
  const request = await vendor.received()
  socket.destroy()
  expect((await request.closed).bytesWritten).toBeLessThan(32 * 1024 * 1024)
})

test('requests are kept byte for byte, with their place on the connection', async () => {
  vendor.reset()
  const socket = connect(vendor.port, '127.0.0.1')
  socket.write('POST /a?b=1 HTTP/1.1\r\nHost: x\r\nX-One: 1\r\nX-One: 2\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab')
  socket.write('c\r\n0\r\n\r\nGET /v1/models HTTP/1.1\r\nHost: y\r\n\r\n')
  const [first, second] = [await vendor.received(0), await vendor.received(1)]
  expect([first.method, first.target, first.path, first.text, first.headers['x-one']]).toEqual([
    'POST',
    '/a?b=1',
    '/a',
    'abc',
    '1, 2',
  ])
  expect([second.path, second.connection === first.connection, second.onConnection]).toEqual(['/v1/models', true, 2])
  socket.destroy()
})

import { connect } from 'node:net'
import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { FakeVendor } from '../fake-vendor/vendor.ts'
import { SECRET, sourceProvider, startTestGateway } from '../helpers/gateway.ts'

const vendor = new FakeVendor()
const timeouts = { connect_ms: 1000, first_byte_ms: 60_000, idle_ms: 60_000, total_ms: 60_000 }
const gateway = startTestGateway({ providers: [sourceProvider('fake', `${vendor.origin}/v1`, { timeouts })] })

afterAll(async () => {
  await gateway.stop()
  await vendor.stop()
})

beforeEach(() => {
  vendor.hangUp()
  vendor.reset()
  gateway.records.length = 0
})

const PATH = '/v1/chat/completions'
const request = (stream: boolean) => ({ model: 'fake/m-1', stream, messages: [{ role: 'user', content: 'hi' }] })

/** The answer's status and text; the connection of the client is not used again. */
async function ask(stream: boolean): Promise<{ status: number; text: string }> {
  const response = await gateway.post(PATH, request(stream), { keepalive: false })
  return { status: response.status, text: await response.text() }
}

describe('a client that leaves', () => {
  test.each([
    ['silence', false],
    ['silence', true],
    ['stall', true],
    ['endless-stream', true],
    ['slow-first-token', false],
  ] as const)('%s, stream %p: the vendor is let go within 100 ms', async (fault, stream) => {
    vendor.next({ fault, wait: new Promise(() => {}) })
    const leaving = new AbortController()
    const answer = gateway
      .post(PATH, request(stream), { signal: leaving.signal, keepalive: false })
      .then(async (response) => {
        const reader = response.body!.getReader()
        while (!(await reader.read()).done);
      })
      .catch(() => 'left')
    const sent = await vendor.received()
    leaving.abort()
    const left = performance.now()
    const closing = await sent.closed
    expect(closing.by).toBe('peer')
    expect(closing.at - left).toBeLessThan(100)
    expect(await answer).toBe('left')
    const record = await gateway.record()
    expect([record.status, record.error_code]).toEqual([499, 'client_closed'])
    expect(gateway.records).toHaveLength(1)
    expect(gateway.gateway.inFlight).toBe(0)
  })
})

describe('connections that are kept', () => {
  test('bytes that nobody asked for poison no later answer', async () => {
    vendor.next({ fault: 'extra-bytes' })
    expect((await ask(false)).status).toBe(200)
    await vendor.requests[0]!.played
    expect((await ask(false)).status).toBe(200)
    expect(vendor.requests[1]!.connection).not.toBe(vendor.requests[0]!.connection)
  })

  test('a connection that died while it rested is replaced, and the call is sent once', async () => {
    for (let round = 0; round < 20; round++) {
      vendor.next({ fault: 'idle-close', wait: round % 3 })
      expect((await ask(round % 2 === 0)).status).toBe(200)
      await vendor.requests[round]!.closed
    }
    expect(vendor.requests).toHaveLength(20)
  })

  test('a call that may have reached the vendor is not sent again', async () => {
    expect((await ask(false)).status).toBe(200)
    vendor.next({ fault: 'close-before-headers' })
    expect((await ask(false)).status).toBe(502)
    expect(vendor.requests.map(({ onConnection }) => onConnection)).toEqual([1, 2])
  })

  test('connections are used again', async () => {
    for (let call = 0; call < 10; call++) expect((await ask(call % 2 === 0)).status).toBe(200)
    expect(new Set(vendor.requests.map(({ connection }) => connection)).size).toBe(1)
  })
})

describe('bounds', () => {
  test('a reader that stops, stops the vendor, and memory stays', async () => {
    vendor.next({ fault: 'endless-stream' })
    const body = JSON.stringify(request(true))
    const socket = connect({ port: gateway.port, host: '127.0.0.1' })
    const head = await new Promise<string>((resolve) => {
      socket.once('data', (bytes) => {
        socket.pause()
        resolve(bytes.toString('latin1', 0, 15))
      })
      socket.write(
        `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${SECRET}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      )
    })
    expect(head).toBe('HTTP/1.1 200 OK')
    const sent = await vendor.received()
    const before = process.memoryUsage.rss()
    // Nothing more can be written once all buffers are full: wait until the vendor has been stuck for a while.
    let written = -1
    while (sent.written() !== written) {
      written = sent.written()
      await Bun.sleep(100)
    }
    expect(written).toBeLessThan(24 * 1024 * 1024)
    expect(process.memoryUsage.rss() - before).toBeLessThan(64 * 1024 * 1024)
    socket.destroy()
    expect((await sent.closed).by).toBe('peer')
    expect((await gateway.record()).error_code).toBe('client_closed')
  })

  test.each([false, true])('an answer without end is cut off with an error, stream %p', async (stream) => {
    vendor.next({ fault: 'unterminated-event' })
    const seen = await ask(stream)
    expect(seen.status).toBe(stream ? 200 : 502)
    // The open line is ended first, so that the error is an event of its own.
    if (stream) expect(JSON.parse(seen.text.split('\n\n').at(-2)!.replace('data: ', ''))).toHaveProperty('error.code')
    const { bytesWritten } = await vendor.requests[0]!.closed
    expect(bytesWritten).toBeLessThan(128 * 1024 * 1024)
  })

  test.each([false, true])('an event or body of 8 MiB passes byte for byte, stream %p', async (stream) => {
    vendor.next({ fault: 'big-event', bytes: 8 * 1024 * 1024 })
    const seen = await ask(stream)
    expect(seen.status).toBe(200)
    expect(seen.text.match(/é+/g)![0]).toHaveLength(4 * 1024 * 1024)
  })
})

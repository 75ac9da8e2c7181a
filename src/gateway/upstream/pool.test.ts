import { afterEach, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { FakeVendor } from '../../../test/fake-vendor/vendor.ts'
import { parseOrigin } from '../../snapshot/origin.ts'
import type { PhaseTimeouts, UpstreamFailure } from './exchange.ts'
import { Pool } from './pool.ts'

const PATIENT: PhaseTimeouts = { connectMs: 5_000, firstByteMs: 5_000, idleMs: 5_000, totalMs: 20_000 }
const GET = { head: 'GET / HTTP/1.1\r\n', tellsLength: false, lines: '', body: new Uint8Array(), method: 'GET' }
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

function setUp(quietMs = 5_000) {
  const vendor = new FakeVendor()
  const pool = new Pool(quietMs, (mistake) => expect(mistake).toBeUndefined())
  closers.push(
    () => pool.close(),
    () => vendor.stop(),
  )
  const post = (timeouts: PhaseTimeouts = PATIENT, origin = parseOrigin(`${vendor.origin}/v1`)) => {
    const body = Buffer.from('{"model":"m","messages":[]}')
    const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: ${origin.host}\r\ncontent-length: `
    const { promise, resolve } = Promise.withResolvers<{ status: number; body: string; failure?: UpstreamFailure }>()
    const seen = { status: 0, body: '' }
    const exchange = pool.send(origin, { head, tellsLength: true, lines: '', body, method: 'POST' }, timeouts, {
      onHead: (status) => void (seen.status = status),
      onData: (chunk) => void (seen.body += Buffer.from(chunk).toString()),
      onEnd: () => resolve(seen),
      onFailure: (failure) => resolve({ ...seen, failure }),
    })
    return { answer: promise, exchange }
  }
  return { vendor, pool, post }
}

describe('the pool', () => {
  test('uses one connection for calls that follow each other', async () => {
    const { vendor, post } = setUp()
    for (let index = 0; index < 3; index++) expect((await post().answer).status).toBe(200)
    expect(vendor.connections.made).toBe(1)
    expect(vendor.requests.map(({ onConnection }) => onConnection)).toEqual([1, 2, 3])
  })

  test('replaces an idle connection that died, and sends the request once', async () => {
    const { vendor, post } = setUp()
    await post().answer
    vendor.hangUp()
    await vendor.requests[0]!.closed
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
    expect((await post().answer).status).toBe(200)
    expect(vendor.requests).toHaveLength(2)
    expect(vendor.connections.made).toBe(2)
  })

  test('drops an idle connection on which unasked bytes arrive', async () => {
    const { vendor, post } = setUp()
    const poison = 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison'
    vendor.next({
      steps: () => [{ write: 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok' }, { wait: 30 }, { write: poison }],
    })
    expect((await post().answer).body).toBe('ok')
    await vendor.requests[0]!.closed
    expect((await post().answer).body).not.toContain('poison')
  })

  test('a connection that a slow client had paused when its answer ended serves the next call', async () => {
    const { vendor, pool } = setUp()
    const origin = parseOrigin(`${vendor.origin}/v1`)
    const request = { ...GET, head: `GET / HTTP/1.1\r\nhost: ${origin.host}\r\n` }
    for (let index = 0; index < 2; index++) {
      const { promise, resolve } = Promise.withResolvers<UpstreamFailure | undefined>()
      const exchange = pool.send(
        origin,
        request,
        { ...PATIENT, firstByteMs: 200 },
        {
          onHead: () => {},
          onData: () => exchange.pause(),
          onEnd: () => resolve(undefined),
          onFailure: resolve,
        },
      )
      expect(await promise).toBeUndefined()
    }
    expect(vendor.connections.made).toBe(1)
  })

  test('a peer that takes the connection and never proves its name is left', async () => {
    const { vendor, pool } = setUp()
    const { promise, resolve } = Promise.withResolvers<UpstreamFailure>()
    const closed = Promise.withResolvers<void>()
    const silent = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {}, close: () => closed.resolve() } })
    closers.push(() => silent.stop(true))
    const origin = parseOrigin(`https://127.0.0.1:${silent.port}/v1`)
    const request = GET
    const listener = { onHead: () => {}, onData: () => {}, onEnd: () => {}, onFailure: resolve }
    pool.send(origin, request, { ...PATIENT, connectMs: 60 }, listener)
    expect((await promise).error.code).toBe('upstream_timeout')
    await closed.promise
    expect(vendor.connections.made).toBe(0)
  })

  test('cancelling closes the connection at once', async () => {
    const { vendor, post } = setUp()
    vendor.next({ steps: () => [{ hold: true }] })
    const { exchange } = post()
    const request = await vendor.received()
    exchange.cancel()
    await request.closed
    expect(vendor.connections.open).toBe(0)
  })
})

describe('a failure says what happened, when, and whether the vendor may have the request', () => {
  test.each([
    [
      'no first byte',
      [{ hold: true }],
      { ...PATIENT, firstByteMs: 60 },
      'upstream_timeout',
      'before-first-byte',
      'no first byte within 60 ms',
    ],
    [
      'silence in the body',
      [{ write: 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc' }, { hold: true }],
      { ...PATIENT, idleMs: 60 },
      'upstream_timeout',
      'body',
      'fell silent',
    ],
    [
      'too slow as a whole',
      [{ write: 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc' }, { hold: true }],
      { ...PATIENT, totalMs: 60 },
      'upstream_timeout',
      'body',
      'was not finished within 60 ms',
    ],
    [
      'closed before it answered',
      [{ close: 'fin' }],
      PATIENT,
      'upstream_failed',
      'before-first-byte',
      'before it answered',
    ],
    [
      'reset before it answered',
      [{ close: 'reset' }],
      PATIENT,
      'upstream_failed',
      'before-first-byte',
      'before it answered',
    ],
    [
      'cut in the body',
      [{ write: 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc' }, { close: 'fin' }],
      PATIENT,
      'upstream_failed',
      'body',
      'in the middle',
    ],
    ['not HTTP', [{ write: 'SSH-2.0-OpenSSH_9.2\r\n\r\n' }], PATIENT, 'upstream_invalid', 'head', 'not HTTP/1.1'],
  ] as const)('%s', async (_, steps, timeouts, code, phase, text) => {
    const { vendor, post } = setUp()
    vendor.next({ steps: () => steps as never })
    const { failure } = await post(timeouts).answer
    expect(failure?.error.code).toBe(code)
    expect(failure?.error.message).toContain(text)
    expect([failure?.phase, failure?.mayHaveReached]).toEqual([phase, true])
  })

  test('nobody listens', async () => {
    const { vendor, post } = setUp()
    const origin = parseOrigin(`${vendor.origin}/v1`)
    await vendor.stop()
    const { failure } = await post(PATIENT, origin).answer
    expect([failure?.error.code, failure?.phase, failure?.mayHaveReached]).toEqual([
      'upstream_failed',
      'connect',
      false,
    ])
    expect(failure?.error.message).toContain('could not connect to 127.0.0.1')
  })

  test('a certificate that nobody vouches for', async () => {
    const { post } = setUp()
    const { cert, key } = selfSigned()
    const server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      tls: { cert, key },
      fetch: () => new Response('secret'),
    })
    closers.push(() => server.stop(true))
    const { failure, status } = await post(PATIENT, parseOrigin(`https://127.0.0.1:${server.port}`)).answer
    expect(status).toBe(0)
    expect(failure?.error.message).toContain('could not trust the certificate')
    expect([failure?.error.code, failure?.phase, failure?.mayHaveReached]).toEqual([
      'upstream_failed',
      'connect',
      false,
    ])
  })
})

function selfSigned(): { cert: string; key: string } {
  const folder = `${process.env['TMPDIR'] ?? '/tmp'}/portreeve-certificate-${process.pid}`
  const options = [
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=127.0.0.1',
  ]
  const made = Bun.spawnSync(['openssl', 'req', ...options, '-keyout', `${folder}.key`, '-out', `${folder}.pem`])
  if (!made.success) throw new Error(made.stderr.toString())
  const read = (name: string) => readFileSync(name, 'utf8')
  return { cert: read(`${folder}.pem`), key: read(`${folder}.key`) }
}

import { connect, type Socket } from 'node:net'
import { afterAll, afterEach, describe, expect, test } from 'bun:test'
import { ClientConnection } from './connection.ts'
import { Answer, headerLine, type BodyWriter, type StreamBody } from './answer.ts'
import type { Inbound } from './inbound.ts'
import { Listener } from './listener.ts'

/** A body that the test sends piece by piece. */
class Played implements StreamBody {
  writer!: BodyWriter
  readonly drains: number[] = []
  readonly begun = Promise.withResolvers<void>()
  readonly gone = Promise.withResolvers<void>()
  onDrain = () => {}

  begin(writer: BodyWriter): void {
    this.writer = writer
    this.begun.resolve()
  }

  drained(): void {
    this.onDrain()
  }

  left(): void {
    this.gone.resolve()
  }
}

let played = new Played()
const seen: string[] = []
const mistakes: unknown[] = []
const listener = new Listener({
  host: '127.0.0.1',
  port: 0,
  reusePort: false,
  bodyBytes: 1_000,
  handle(request) {
    if (request.path === '/throws') throw new Error('a mistake')
    return answer(request)
  },
  malformed: (status, problem) => new Answer(status, 'x-problem: yes\r\n', problem),
  report: (mistake) => mistakes.push(mistake),
})

async function answer(request: Inbound): Promise<Answer> {
  seen.push(`${request.method} ${request.path} ${request.query}`)
  if (request.path === '/refuse') return new Answer(401, '', 'who?')
  if (request.path === '/stream') return new Answer(200, headerLine('content-type', 'text/event-stream'), played)
  if (request.path === '/unsafe') return new Answer(200, headerLine('x', 'a\r\ny: b\0\u20ac'), '')
  if (request.path === '/late') {
    const left = Promise.withResolvers<void>()
    request.waiting = { abandon: left.resolve }
    await left.promise
    played.gone.resolve()
  }
  if (request.path === '/broken') throw new Error('a mistake')
  if (request.path === '/none') return new Answer(204, '', null)
  const body = await (async () => request.body(1_000))().catch((error: Error) => error)
  if (body instanceof Error) return new Answer(413, '', body.message)
  return new Answer(200, `x-length: ${body.length}\r\n`, Buffer.from(body).toString('latin1').toUpperCase())
}

const sockets: Socket[] = []
afterAll(() => listener.close())
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
  played = new Played()
  seen.length = 0
  mistakes.length = 0
})

function open(): Socket & {
  text: () => string
  until: (mark: string | RegExp) => Promise<string>
  over: Promise<string>
} {
  const socket = connect({ port: listener.port, host: '127.0.0.1' })
  let text = ''
  let check = () => {}
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1')
    check()
  })
  socket.on('error', () => {})
  sockets.push(socket)
  const over = new Promise<string>((resolve) => socket.on('close', () => resolve(text)))
  return Object.assign(socket, {
    text: () => text,
    over,
    until: (mark: string | RegExp) =>
      new Promise<string>((resolve, reject) => {
        check = () => {
          if (typeof mark === 'string' ? text.includes(mark) : mark.test(text)) resolve(text)
        }
        socket.on('close', () => reject(new Error(`closed before ${mark}: ${text}`)))
        check()
      }),
  })
}

const post = (path: string, body: string, ...fields: string[]) =>
  [`POST ${path} HTTP/1.1`, 'host: a', `content-length: ${body.length}`, ...fields, '', body].join('\r\n')

describe('requests', () => {
  test('one after the other on a connection, cut at each byte', async () => {
    const text = post('/echo?x=1', 'hello')
    for (let cut = 1; cut < text.length; cut++) {
      const socket = open()
      socket.write(text.slice(0, cut))
      await new Promise((resolve) => setImmediate(resolve))
      socket.write(text.slice(cut))
      expect(await socket.until('HELLO')).toMatch(
        /^HTTP\/1\.1 200 OK\r\ndate: .+ GMT\r\nx-length: 5\r\ncontent-length: 5\r\n\r\nHELLO$/,
      )
      socket.destroy()
    }
    expect(new Set(seen)).toEqual(new Set(['POST /echo x=1']))
  })

  test('sent ahead are answered in turn', async () => {
    const socket = open()
    const chunked = 'POST /b HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\nbb\r\n0\r\n\r\n'
    socket.write(`${post('/a', 'aa')}\r\n${chunked}${post('/refuse', '')}${post('/c', 'last')}`)
    const text = await socket.until('LAST')
    expect(text.match(/AA|BB|who\?|LAST/g)).toEqual(['AA', 'BB', 'who?', 'LAST'])
  })

  test('many ahead, each answered at once', async () => {
    const socket = open()
    socket.write(post('/refuse', '').repeat(2_000) + post('/a', 'end'))
    expect((await socket.until('END')).match(/who\?/g)).toHaveLength(2_000)
  })

  test('a hundred continues', async () => {
    const socket = open()
    socket.write('POST /a HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n')
    await socket.until('HTTP/1.1 100 Continue\r\n\r\n')
    socket.write('ok')
    await socket.until('OK')
  })

  test('a body that is too large is not asked for', async () => {
    const socket = open()
    socket.write('POST /a HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 1001\r\n\r\n')
    expect(await socket.over).toMatch(/^HTTP\/1\.1 413 [^]*\r\nconnection: close\r\n/)
  })

  test.each([
    ['HTTP/1.0', 'GET /a HTTP/1.0\r\n\r\n', /200 OK\r\n.*connection: close\r\n/s],
    ['HEAD', 'HEAD /refuse HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n', /content-length: 4\r\n\r\n$/],
    [
      'HEAD of what is made while it is sent',
      'HEAD /stream HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n',
      /event-stream\r\nconnection: close\r\n\r\n$/,
    ],
    [
      '204',
      'GET /none HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n',
      /204 No Content\r\ndate: [^\r]+\r\nconnection: close\r\n\r\n$/,
    ],
    [
      'values that would be lines',
      'GET /unsafe HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n',
      /\r\nx: a\?\?y: b\?\?\r\n/,
    ],
    ['no HTTP', 'hello\r\n\r\n', /^HTTP\/1\.1 400 .*x-problem: yes\r\nconnection: close/s],
    ['a head without end', `GET / HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(20_000)}`, /^HTTP\/1\.1 431 /],
    ['a body that is too large', post('/a', 'x'.repeat(200_000)), /^HTTP\/1\.1 413 /],
    [
      'chunks that are none',
      'POST /a HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
      /^HTTP\/1\.1 413 .*connection: close/s,
    ],
  ])('%s ends the connection', async (_, text, expected) => {
    const socket = open()
    socket.write(text)
    expect(await socket.over).toMatch(expected)
  })
})

describe('streams', () => {
  const ask = 'GET /stream HTTP/1.1\r\nhost: a\r\n\r\n'

  test('chunks of text and bytes, then the next request', async () => {
    const socket = open()
    socket.write(ask)
    await played.begun.promise
    await socket.until('transfer-encoding: chunked\r\n\r\n')
    played.writer.write('h\u00e9')
    played.writer.write(Buffer.from('llo'))
    played.writer.end('!')
    const text = await socket.until('0\r\n\r\n')
    expect(text.split('\r\n\r\n')[1]!.split('\r\n')).toEqual([
      '00000003',
      'h\xc3\xa9',
      '3',
      'llo',
      '00000001',
      '!',
      '0',
    ])
    socket.write(post('/a', 'next'))
    await socket.until('NEXT')
  })

  test('HTTP/1.0 gets bytes until the end', async () => {
    const socket = open()
    socket.write('GET /stream HTTP/1.0\r\n\r\n')
    await played.begun.promise
    played.writer.write('one ')
    played.writer.end('two')
    expect((await socket.over).split('\r\n\r\n')[1]).toBe('one two')
  })

  test('given up, no client takes it for whole', async () => {
    const socket = open()
    socket.write(ask)
    await played.begun.promise
    played.writer.write('some')
    await socket.until('some')
    played.writer.abort()
    expect(await socket.over).not.toContain('0\r\n\r\n')
  })

  test('a slow reader is told, and goes on where it was', async () => {
    const socket = open()
    socket.write(ask)
    await played.begun.promise
    await socket.until('chunked')
    socket.pause()
    const piece = Buffer.alloc(64 * 1024, '#')
    let pieces = 1
    while (played.writer.write(piece)) pieces++
    const drained = new Promise<void>((resolve) => (played.onDrain = resolve))
    socket.resume()
    await drained
    played.writer.end()
    const text = await socket.until('0\r\n\r\n')
    expect(text.match(/#/g)).toHaveLength(pieces * piece.length)
  })

  // Copying all that waits for each piece would take minutes.
  test('what waits for a slow reader grows by many small pieces', async () => {
    const socket = open()
    socket.write(ask)
    await played.begun.promise
    await socket.until('chunked')
    socket.pause()
    const large = Buffer.alloc(64 * 1024, '#')
    let expected = large.length
    while (played.writer.write(large)) expected += large.length
    for (let index = 0; index < 30_000; index++) {
      const small = `${index};`.padEnd(200, '.')
      played.writer.write(small)
    }
    socket.resume()
    played.writer.end('the last')
    const text = await socket.until('the last')
    expect(text.match(/#/g)).toHaveLength(expected)
    expect([...text.matchAll(/(\d+);/g)].map((match) => Number(match[1]))).toEqual(
      Array.from({ length: 30_000 }, (_, index) => index),
    )
  })

  test.each(['/stream', '/late'])('%s: a client that leaves is noticed', async (path) => {
    const socket = open()
    socket.write(ask.replace('/stream', path))
    if (path === '/stream') await played.begun.promise
    else while (seen.length === 0) await new Promise((resolve) => setImmediate(resolve))
    socket.destroy()
    await played.gone.promise
  })
})

describe('what takes too long', () => {
  test.each([
    ['nothing', '', 74_000, 76_000, ''],
    ['a head', 'POST /a HT', 14_000, 16_000, 'HTTP/1.1 408 '],
    ['a body', post('/a', 'xx').slice(0, -1), 59_000, 61_000, 'HTTP/1.1 413 '],
  ])('%s', async (_, text, before, after, expected) => {
    const socket = open()
    socket.write(`${post('/refuse', '')}${text}`)
    await socket.until('who?')
    const begun = listener.now
    listener.sweep(begun + before)
    expect(listener.busy).toBe(text.includes('\r\n\r\n') ? 1 : 0)
    listener.sweep(begun + after)
    expect((await socket.over).split('who?')[1]).toStartWith(expected)
  })

  test('a client that goes on sending what nobody reads', async () => {
    const socket = open()
    socket.write(post('/a', 'x'.repeat(200_000)).slice(0, 100_000))
    await socket.until('413')
    listener.sweep(listener.now + 6_000)
    await socket.over
  })
})

describe('a mistake of our own cuts one connection, and is told once', () => {
  test.each(['/throws', '/broken'])('%s', async (path) => {
    const other = open()
    other.write(post('/stream', ''))
    await played.begun.promise
    const socket = open()
    socket.write(post(path, ''))
    expect(await socket.over).toBe('')
    expect(mistakes).toHaveLength(1)
    played.writer.end('still here')
    await other.until('still here')
  })

  test('a sweep goes on behind it', async () => {
    const idle = [open(), open()]
    for (const socket of idle) {
      socket.write(post('/echo', 'hello'))
      await socket.until('HELLO')
    }
    const { sweep } = ClientConnection.prototype
    ClientConnection.prototype.sweep = function (now) {
      ClientConnection.prototype.sweep = sweep
      throw new Error(`a mistake at ${now}`)
    }
    listener.sweep(listener.now + 80_000)
    await Promise.all(idle.map(({ over }) => over))
    expect(mistakes).toHaveLength(1)
  })
})

import { describe, expect, test } from 'bun:test'
import { ResponseParser } from './response-parser.ts'

type Seen = { status?: number; headers?: unknown; body: string; ends: boolean[] }

function collect(method = 'POST') {
  const seen: Seen = { body: '', ends: [] }
  const parser = new ResponseParser({
    head: (status, head) => Object.assign(seen, { status, headers: head.list }),
    data: (bytes, from, to) => void (seen.body += Buffer.from(bytes).toString('latin1', from, to)),
    end: (reusable) => void seen.ends.push(reusable),
  })
  parser.start(method)
  return { parser, seen }
}

const WHOLE: readonly (readonly [string, string, number, string, boolean])[] = [
  ['content-length', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\nX-A: b\r\n\r\nhello', 200, 'hello', true],
  [
    'chunked',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n',
    200,
    'hello',
    true,
  ],
  [
    'trailers',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\na: b\r\n\r\n',
    200,
    'hello',
    true,
  ],
  ['connection: close', 'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi', 200, 'hi', false],
  ['no body', 'HTTP/1.1 204 No Content\r\n\r\n', 204, '', true],
  ['empty body', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', 200, '', true],
  ['100 first', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi', 200, 'hi', true],
  ['HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nhi', 200, 'hi', false],
]

describe('a response', () => {
  test.each(WHOLE)('%s, whole and byte by byte', (_, wire, status, body, reusable) => {
    for (const size of [wire.length, 1, 3]) {
      const { parser, seen } = collect()
      for (let at = 0; at < wire.length; at += size) {
        expect(parser.push(Buffer.from(wire.slice(at, at + size), 'latin1'))).toBeUndefined()
      }
      expect([seen.status, seen.body, seen.ends]).toEqual([status, body, [reusable]])
    }
  })

  test('without a length ends with the connection', () => {
    const { parser, seen } = collect()
    parser.push(Buffer.from('HTTP/1.1 200 OK\r\n\r\nabc'))
    expect(seen.ends).toEqual([])
    expect(parser.close()).toBe(true)
    expect([seen.body, seen.ends]).toEqual(['abc', [false]])
  })

  test('that is cut is not an end', () => {
    const { parser, seen } = collect()
    parser.push(Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc'))
    expect(parser.close()).toBe(false)
    expect(seen.ends).toEqual([])
  })

  test('to HEAD has no body whatever its length says', () => {
    const { parser, seen } = collect('HEAD')
    parser.push(Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n'))
    expect(seen.ends).toEqual([true])
  })
})

test.each([
  ['HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n', 'two different'],
  ['HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\n', 'not a number'],
  ['HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n', 'both content-length'],
  ['HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n', 'not supported'],
  ['HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n', 'chunk size'],
  ['HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc', 'does not end'],
  ['HTTP/1.1 200 OK\r\nbad name: 5\r\n\r\n', 'name is not valid'],
  ['HTTP/1.1 200 OK\r\n folded\r\n\r\n', 'name is not valid'],
  ['HTTP/1.1 101 Switching Protocols\r\n\r\n', 'switched protocols'],
  ['SSH-2.0-OpenSSH\r\n\r\n', 'not HTTP'],
  ['HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhiHTTP/1.1 200 OK', 'after its response'],
])('%j is refused: %s', (wire, problem) => {
  const { parser } = collect()
  expect(parser.push(Buffer.from(wire, 'latin1'))).toContain(problem)
})

test('headers are found by name, whatever their case', () => {
  let head: { get: (name: string) => string | undefined } | undefined
  const parser = new ResponseParser({ head: (_, found) => void (head = found), data: () => {}, end: () => {} })
  parser.start('POST')
  parser.push(Buffer.from('HTTP/1.1 200 OK\r\nContent-Type:  text/event-stream \r\nX-Type: a\r\nDate: now\r\n\r\n'))
  expect(['content-type', 'x-type', 'date', 'type', 'dat'].map((name) => head?.get(name))).toEqual([
    'text/event-stream',
    'a',
    'now',
    undefined,
    undefined,
  ])
})

import { describe, expect, test } from 'bun:test'
import { indexOfBlankLine } from '../../lib/http1.ts'
import { PeerMemory } from './peer.ts'
import { RequestHead } from './request-head.ts'

const read = (text: string, memory = new PeerMemory()) => {
  const bytes = Buffer.from(`${text}\r\n\r\n`, 'latin1')
  return RequestHead.read(bytes, 0, indexOfBlankLine(bytes, 0), memory)
}
const line = (first: string, ...fields: string[]) => [first, 'Host: a.example:80', ...fields].join('\r\n')
const POST = 'POST /v1/chat/completions?a=b HTTP/1.1'

test('what a request says', () => {
  const head = read(line(POST, 'Authorization:  Bearer x \t', 'X-Empty:', 'CONTENT-LENGTH: 12', 'X: first', 'x: \xe9'))
  expect(head).toBeInstanceOf(RequestHead)
  if (!(head instanceof RequestHead)) return
  const { method, target, length, keepAlive, old } = head
  expect({ method, target, length, keepAlive, old }).toEqual({
    method: 'POST',
    target: '/v1/chat/completions?a=b',
    length: 12,
    keepAlive: true,
    old: false,
  })
  const names = ['authorization', 'x-empty', 'x', 'host', 'none']
  expect(names.map((name) => head.header(name))).toEqual(['Bearer x', '', 'first', 'a.example:80', undefined])
  expect(head.toHeaders().get('x')).toBe('first, \xe9')
})

describe('connection and length', () => {
  test.each([
    [line(POST), { keepAlive: true, length: 0, expectsContinue: false }],
    [line(POST, 'Connection: close'), { keepAlive: false }],
    [line(POST, 'Connection: foo, Close'), { keepAlive: false }],
    [line('GET / HTTP/1.0'), { keepAlive: false, old: true }],
    ['GET / HTTP/1.0', { keepAlive: false, old: true }],
    [line('GET / HTTP/1.0', 'Connection: keep-alive'), { keepAlive: true }],
    [line(POST, 'Transfer-Encoding: Chunked'), { length: -1 }],
    [line(POST, 'Expect: 100-Continue', 'Content-Length: 1'), { expectsContinue: true }],
    [line('OPTIONS /x HTTP/1.1'), { method: 'OPTIONS' }],
    [line('POSX /x HTTP/1.1'), { method: 'POSX' }],
  ])('%#', (text, expected) => {
    expect(read(text)).toMatchObject(expected)
  })
})

test('a key that is said twice is one, and what is wrong with two is said by name', () => {
  const once = read(line(POST, 'Authorization: Bearer a', 'x-api-key: b', 'Authorization:  Bearer a ', 'X-API-KEY: b'))
  expect(once).toBeInstanceOf(RequestHead)
  const names = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key']
  const problems = names.map((name) => read(line(POST, `${name}: a`, 'x-stainless-os: Linux', `${name}: b`)))
  expect(problems.map((found) => 'problem' in found && found.problem)).toEqual(
    names.map((name) => `there are two different ${name} headers: send one`),
  )
})

describe('what could be read in two ways, or is no HTTP', () => {
  test.each([
    ['two authorizations', line(POST, 'Authorization: Bearer a', 'authorization: Bearer b'), 400],
    ['three, of which two are the same', line(POST, ...['a', 'a', 'b'].map((key) => `X-Api-Key: ${key}`)), 400],
    ['two keys in words of another vendor', line(POST, 'x-goog-api-key: a', 'X-Goog-Api-Key: b'), 400],
    ['two keys, one of them empty', line(POST, 'api-key:', 'api-key: b'), 400],
    ['no version', line('POST /v1'), 400],
    ['two spaces', line('POST  /v1 HTTP/1.1'), 400],
    ['a space in the path', line('POST /v1 x HTTP/1.1'), 400],
    ['bytes beyond ASCII in the path', line('POST /\xe9 HTTP/1.1'), 400],
    ['an absolute target', line('POST http://b.example/v1 HTTP/1.1'), 400],
    ['an authority', line('CONNECT b.example:443 HTTP/1.1'), 400],
    ['an asterisk', line('OPTIONS * HTTP/1.1'), 400],
    ['a method in lower case', line('post /v1 HTTP/1.1'), 400],
    ['HTTP/2', line('PRI /v1 HTTP/2.0'), 505],
    ['HTTP/1.2', line('POST /v1 HTTP/1.2'), 505],
    ['more behind the version', line('POST /v1 HTTP/1.1 x'), 400],
    ['no host', 'POST /v1 HTTP/1.1', 400],
    ['two hosts', line(POST, 'host: a.example:80'), 400],
    ['a host that is none', 'POST /v1 HTTP/1.1\r\nHost: a/b', 400],
    ['an empty host', 'POST /v1 HTTP/1.1\r\nHost:', 400],
    ['two lengths', line(POST, 'Content-Length: 5', 'Content-Length: 5'), 400],
    ['a list of lengths', line(POST, 'Content-Length: 5, 5'), 400],
    ['a signed length', line(POST, 'Content-Length: +5'), 400],
    ['a hexadecimal length', line(POST, 'Content-Length: 0x5'), 400],
    ['no length', line(POST, 'Content-Length: '), 400],
    ['length and chunks', line(POST, 'Content-Length: 5', 'Transfer-Encoding: chunked'), 400],
    ['chunks and length', line(POST, 'Transfer-Encoding: chunked', 'Content-Length: 5'), 400],
    ['chunks twice', line(POST, 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'), 400],
    ['chunks in a list', line(POST, 'Transfer-Encoding: gzip, chunked'), 400],
    ['chunks in disguise', line(POST, 'Transfer-Encoding: \x0bchunked'), 400],
    ['identity', line(POST, 'Transfer-Encoding: identity'), 400],
    ['chunks in HTTP/1.0', line('POST /v1 HTTP/1.0', 'Transfer-Encoding: chunked'), 400],
    ['a space before the colon', line(POST, 'Content-Length : 5'), 400],
    ['a folded line', line(POST, 'X: a', ' b'), 400],
    ['no colon', line(POST, 'nonsense'), 400],
    ['no name', line(POST, ': x'), 400],
    ['NUL', line(POST, 'X: a\0b'), 400],
    ['a lone LF', line(POST, 'X: a\nContent-Length: 5'), 400],
    ['a lone CR', line(POST, 'X: a\rContent-Length: 5'), 400],
    ['DEL', line(POST, 'X: \x7f'), 400],
    ['a hundred and one headers', line(POST, ...Array.from({ length: 100 }, (_, index) => `x-${index}: 1`)), 431],
  ])('%s', (_, text, status) => {
    expect(read(text)).toEqual({ status, problem: expect.any(String) })
  })
})

test('what a client says again is the same, and what it says anew is new', () => {
  const memory = new PeerMemory()
  const says = (target: string, ...fields: string[]) => {
    const head = read(line(`GET ${target} HTTP/1.1`, ...fields), memory)
    if (!(head instanceof RequestHead)) throw new Error(head.problem)
    return [head.target, head.header('authorization'), head.header('x-tag')]
  }
  const first = ['Authorization: Bearer one', 'X-Tag: a']
  expect(says('/a', ...first)).toEqual(['/a', 'Bearer one', 'a'])
  expect(says('/a', ...first)).toEqual(['/a', 'Bearer one', 'a'])
  expect(says('/b', 'Authorization: Bearer two', 'X-Tag: b')).toEqual(['/b', 'Bearer two', 'b'])
  expect(says('/b', 'X-Tag: b', 'Authorization: Bearer two')).toEqual(['/b', 'Bearer two', 'b'])
  expect(says('/bc', 'X-Tag: bc')).toEqual(['/bc', undefined, 'bc'])
  let digests = 0
  const digest = (said: string) => `${said}#${++digests}`
  expect(['x', 'x', 'y', 'xy', 'x'].map((said) => memory.digestOf(said, digest))).toEqual([
    'x#1',
    'x#1',
    'y#2',
    'xy#3',
    'x#4',
  ])
})

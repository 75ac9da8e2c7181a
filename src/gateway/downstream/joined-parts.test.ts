// Parts of one read leave in one write, whatever comes between them.
import { expect, test } from 'bun:test'
import { Answer, type BodyWriter } from './answer.ts'
import { ClientConnection } from './connection.ts'

type Written = { writer: BodyWriter; writes: string[]; takes: { bytes: number } }

/** A client that asked for a stream, on a socket that takes at most so many bytes. */
function asked(version = '1.1'): Written {
  const writes: string[] = []
  const takes = { bytes: Infinity }
  let writer: BodyWriter | undefined
  const body = { begin: (to: BodyWriter) => void (writer = to), drained: () => {}, left: () => {} }
  const connection = new ClientConnection({
    handle: () => new Answer(200, '', body),
    malformed: (status: number) => new Answer(status, '', null),
    now: 0,
    stopping: false,
    lost: () => {},
  } as never)
  connection.opened({
    setNoDelay: () => {},
    end: () => {},
    write(bytes: Uint8Array, from: number, length: number) {
      const taken = Math.min(length, takes.bytes)
      writes.push(Buffer.from(bytes).toString('latin1', from, from + taken))
      return taken
    },
  } as never)
  connection.received(Uint8Array.from(Buffer.from(`GET / HTTP/${version}\r\nhost: a\r\n\r\n`)))
  writes.length = 0
  return { writer: writer!, writes, takes }
}

const read = Buffer.from('..one..two..three..')
const part = ({ writer }: Written, word: string, more: boolean) =>
  writer.writePart(read, read.indexOf(word), read.indexOf(word) + word.length, more)

test('parts of one read leave together with the last', () => {
  const client = asked()
  expect([part(client, 'one', true), part(client, 'two', true)]).toEqual([true, true])
  expect(client.writes).toEqual([])
  expect(part(client, 'three', false)).toBe(true)
  expect(client.writes).toEqual(['3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n'])
})

test('what waits leaves when the read is over, or before anything else', () => {
  const client = asked()
  part(client, 'one', true)
  client.writer.flush()
  client.writer.flush()
  part(client, 'two', true)
  client.writer.write(Buffer.from('else'))
  part(client, 'three', true)
  client.writer.end()
  expect(client.writes).toEqual(['3\r\none\r\n', '3\r\ntwo\r\n', '4\r\nelse\r\n', '5\r\nthree\r\n', '0\r\n\r\n'])
})

test('a read that is larger than the frame leaves in several writes, whole', () => {
  const client = asked()
  const large = Buffer.alloc(30_000, 'x')
  for (let count = 0; count < 50; count++) client.writer.writePart(large, 0, large.length, true)
  client.writer.flush()
  expect(client.writes.length).toBeGreaterThan(1)
  expect(client.writes.join('')).toBe(`7530\r\n${large.toString()}\r\n`.repeat(50))
})

test('a slow client is told of when what waited leaves', () => {
  const client = asked()
  client.takes.bytes = 4
  expect(part(client, 'one', true)).toBe(true)
  expect(client.writer.flush()).toBe(false)
  expect(part(client, 'two', true)).toBe(true)
  expect(client.writer.flush()).toBe(false)
  expect(client.writes).toEqual(['3\r\no'])
})

test('a client that knows no chunks gets each part as it is', () => {
  const client = asked('1.0')
  part(client, 'one', true)
  part(client, 'two', false)
  expect(client.writes).toEqual(['one', 'two'])
})

import {
  chunk,
  gzipped,
  head,
  honest,
  LAST_CHUNK,
  streamHead,
  toBytes,
  whole,
  type Headers,
  type Step,
} from './steps.ts'
import type { Answer, FailureKind, Wire } from './wire.ts'

/** Knobs of the faults; each uses the ones its text names. */
export type FaultOptions = {
  /** Value of `retry-after`, in seconds or as an HTTP date. */
  readonly retryAfter?: string
  /** How many events (or quarters of a plain body) go out before the fault strikes; default 3. */
  readonly after?: number
  /** Milliseconds, or a promise that the test resolves; default 50. */
  readonly wait?: number | Promise<unknown>
  /** Size of what is large; default 1 MiB. */
  readonly bytes?: number
}

/**
 * What an honest gateway without fallbacks makes of the fault for its client: the whole answer, a refusal with an error status,
 * a break that the client can see (error event, or a connection that does not end cleanly), or one of answer and break.
 */
export type Outcome = 'answer' | 'refused' | 'broken' | 'answer-or-broken'

export type Fault = {
  readonly about: string
  readonly plain: Outcome
  readonly stream: Outcome
  readonly steps: (answer: Answer, options: FaultOptions, wire: Wire) => Step[]
}

const MIB = 1024 * 1024

/** The answer up to where the fault strikes: events of a stream, quarters of a plain body. */
function begin(answer: Answer, after: number): Step[] {
  if (answer.events) return [streamHead(answer), ...answer.events.slice(0, after).map((event) => chunk(event))]
  const [first, body] = honest(answer)
  const bytes = body && 'write' in body ? toBytes(body.write) : new Uint8Array(0)
  return [first!, { write: bytes.subarray(0, Math.floor((bytes.length * Math.min(after, 3)) / 4)) }]
}

function rest(answer: Answer, after: number): Step[] {
  return [...(answer.events ?? []).slice(after).map((event) => chunk(event)), LAST_CHUNK]
}

function refusal(wire: Wire, kind: FailureKind, headers: Headers = {}): Step[] {
  const { status, body } = wire.failure(kind)
  return whole(status, 'application/json', body, headers)
}

/** The whole answer's bytes, written in slices of the given size with a turn of the loop between them. */
function sliced(answer: Answer, size: number): Step[] {
  const bytes = Buffer.concat(honest(answer).map((step) => ('write' in step ? toBytes(step.write) : new Uint8Array(0))))
  const slices: Step[] = []
  for (let at = 0; at < bytes.length; at += size) slices.push({ write: bytes.subarray(at, at + size) }, { wait: 0 })
  return slices
}

/** An event or body of the asked size that is valid JSON: one more field, which a client ignores. */
function padded(answer: Answer, bytes: number): Answer {
  const filler = `"padding":"${'é'.repeat(Math.ceil(bytes / 2))}",`
  if (!answer.events) return { ...answer, body: String(answer.body).replace('{', `{${filler}`) }
  const [first = '', ...others] = answer.events
  return { ...answer, events: [first.replace('{', `{${filler}`), ...others] }
}

const same = (outcome: Outcome) => ({ plain: outcome, stream: outcome })

/** Every way in which a vendor can fail one request, by name. */
export const FAULTS = {
  none: { about: 'the answer as it should be', ...same('answer'), steps: (answer) => honest(answer) },
  'rate-limited': {
    about: '429, with `retryAfter` when given',
    ...same('refused'),
    steps: (_, { retryAfter }, wire) =>
      refusal(wire, 'rate-limited', retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
  },
  overloaded: { about: '503', ...same('refused'), steps: (_, __, wire) => refusal(wire, 'overloaded') },
  'server-error': { about: '500', ...same('refused'), steps: (_, __, wire) => refusal(wire, 'server-error') },
  'invalid-key': { about: '401', ...same('refused'), steps: (_, __, wire) => refusal(wire, 'invalid-key') },
  'unknown-model': { about: '404', ...same('refused'), steps: (_, __, wire) => refusal(wire, 'unknown-model') },
  'context-too-long': { about: '400', ...same('refused'), steps: (_, __, wire) => refusal(wire, 'context-too-long') },
  'content-filter': { about: '400', ...same('refused'), steps: (_, __, wire) => refusal(wire, 'content-filter') },
  'html-error': {
    about: '502 with a page of HTML, as a load balancer answers',
    ...same('refused'),
    steps: () => whole(502, 'text/html', '<html><body><h1>502 Bad Gateway</h1></body></html>'),
  },
  redirect: {
    about: '302 to somewhere else, which must not be followed with the key',
    ...same('refused'),
    steps: () => whole(302, 'text/plain', '', { location: 'http://127.0.0.1:1/stolen' }),
  },
  'reset-before-headers': {
    about: 'connection reset once the request was read',
    ...same('refused'),
    steps: () => [{ close: 'reset' }],
  },
  'close-before-headers': {
    about: 'connection closed once the request was read',
    ...same('refused'),
    steps: () => [{ close: 'fin' }],
  },
  'reset-after-headers': {
    about: 'connection reset after the headers',
    plain: 'refused',
    stream: 'broken',
    steps: (answer) => [honest(answer)[0]!, { wait: 5 }, { close: 'reset' }],
  },
  silence: { about: 'not one byte, until released', ...same('refused'), steps: () => [{ hold: true }] },
  'slow-headers': {
    about: 'waits `wait` before the headers',
    ...same('answer'),
    steps: (answer, { wait = 50 }) => [{ wait }, ...honest(answer)],
  },
  'slow-first-token': {
    about: 'headers at once, the first byte of the body after `wait`',
    ...same('answer'),
    steps: (answer, { wait = 50 }) => [honest(answer)[0]!, { wait }, ...honest(answer).slice(1)],
  },
  cut: {
    about: 'connection closed after `after` events, in the middle of the body',
    plain: 'refused',
    stream: 'broken',
    steps: (answer, { after = 3 }) => [...begin(answer, after), { wait: 5 }, { close: 'fin' }],
  },
  'reset-mid-stream': {
    about: 'connection reset after `after` events',
    plain: 'refused',
    stream: 'broken',
    steps: (answer, { after = 3 }) => [...begin(answer, after), { wait: 5 }, { close: 'reset' }],
  },
  'cut-in-event': {
    about: 'connection closed in the middle of an event',
    plain: 'refused',
    stream: 'broken',
    steps: (answer, { after = 3 }) => [
      ...begin(answer, after),
      ...(answer.events ? [chunk(answer.events[after]!.slice(0, 20))] : []),
      { wait: 5 },
      { close: 'fin' },
    ],
  },
  truncated: {
    about: 'the body ends properly after `after` events, but the answer in it does not',
    plain: 'refused',
    stream: 'broken',
    steps: (answer, { after = 3 }) =>
      answer.events
        ? [...begin(answer, after), LAST_CHUNK]
        : whole(200, answer.contentType, toBytes(answer.body).subarray(0, 40)),
  },
  stall: {
    about: 'goes silent after `after` events, until released, then goes on',
    plain: 'refused',
    stream: 'broken',
    steps: (answer, { after = 3 }) => [
      ...begin(answer, after),
      { hold: true },
      ...(answer.events ? rest(answer, after) : []),
    ],
  },
  'garbage-chunk': {
    about: 'one event that is no JSON',
    plain: 'refused',
    stream: 'answer-or-broken',
    steps: (answer, { after = 3 }) =>
      answer.events
        ? [...begin(answer, after), chunk('data: {"id":"chatcmpl-\u0000<garbage\n\n'), ...rest(answer, after)]
        : whole(200, answer.contentType, '<garbage'),
  },
  'no-terminal-event': {
    about: 'complete, but without the event that says so ([DONE])',
    ...same('answer'),
    steps: (answer) =>
      honest(
        answer.events
          ? { ...answer, events: answer.events.slice(0, answer.events.length - answer.terminalEvents) }
          : answer,
      ),
  },
  'error-in-200': {
    about: 'an error inside an answer that began with 200, after `after` events',
    plain: 'refused',
    stream: 'broken',
    steps: (answer, { after = 3 }, wire) =>
      answer.events
        ? [...begin(answer, after), chunk(wire.errorEvent), LAST_CHUNK]
        : whole(200, 'application/json', wire.failure('server-error').body),
  },
  'big-event': {
    about: 'one event (or a body) of `bytes`',
    ...same('answer'),
    steps: (answer, { bytes = MIB }) => honest(padded(answer, bytes)),
  },
  'unterminated-event': {
    about: 'an event without end: bytes as fast as they are read, for ever',
    plain: 'refused',
    stream: 'broken',
    steps: (answer) =>
      answer.events
        ? [
            streamHead(answer),
            chunk('data: {"padding":"'),
            { endless: Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536, 'x'), Buffer.from('\r\n')]) },
          ]
        : [
            { write: head(200, { 'content-type': answer.contentType, 'transfer-encoding': 'chunked' }) },
            { endless: Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536, 'x'), Buffer.from('\r\n')]) },
          ],
  },
  'endless-stream': {
    about: 'valid events as fast as they are read, for ever: a reader that stops must stop this',
    plain: 'answer',
    stream: 'answer-or-broken',
    steps: (answer) => {
      if (!answer.events) return honest(answer)
      const block = (chunk(answer.events[1]!.repeat(64)) as { write: Uint8Array }).write
      return [streamHead(answer), chunk(answer.events[0]!), { endless: block }]
    },
  },
  'split-bytes': {
    about: 'written one byte at a time: events, lines and characters are all cut',
    ...same('answer'),
    steps: (answer) => sliced(answer, 1),
  },
  trickle: {
    about: 'written in slices of 64 bytes, with `wait` between them',
    ...same('answer'),
    steps: (answer, { wait = 1 }) => sliced(answer, 64).map((step) => ('wait' in step ? { wait } : step)),
  },
  gzip: {
    about: 'compressed, though nobody asked for it; a stream is flushed after each event',
    ...same('answer'),
    steps: (answer) => gzipped(answer),
  },
  'chunked-plain': {
    about: 'chunked, with extensions and a trailer',
    ...same('answer'),
    steps: (answer) => {
      if (answer.events) return honest(answer)
      const body = toBytes(answer.body)
      return [
        { write: head(200, { 'content-type': answer.contentType, 'transfer-encoding': 'chunked' }) },
        { write: `${body.length.toString(16).toUpperCase()};name=value\r\n` },
        { write: body },
        { write: '\r\n0\r\nx-trailer: yes\r\n\r\n' },
      ]
    },
  },
  'close-delimited': {
    about: 'no length: the body ends when the connection does (HTTP/1.0 style)',
    ...same('answer'),
    steps: (answer) => [
      { write: head(200, { 'content-type': answer.contentType, connection: 'close' }) },
      { write: answer.events ? answer.events.join('') : toBytes(answer.body) },
      { close: 'fin' },
    ],
  },
  'interim-responses': {
    about: '100 Continue and 103 Early Hints before the answer',
    ...same('answer'),
    steps: (answer) => [
      { write: 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n' },
      ...honest(answer),
    ],
  },
  'connection-close': {
    about: 'announces that the connection closes, and closes it',
    ...same('answer'),
    steps: (answer) => [...honest(answer, { connection: 'close' }), { close: 'fin' }],
  },
  'idle-close': {
    about: 'closes without announcing it, `wait` after a complete answer: the keep-alive race',
    ...same('answer'),
    steps: (answer, { wait = 0 }) => [...honest(answer), { wait }, { close: 'fin' }],
  },
  'extra-bytes': {
    about: 'a second, unasked answer on the idle connection',
    ...same('answer'),
    steps: (answer) => [...honest(answer), { wait: 5 }, ...whole(200, 'application/json', '{"poisoned":true}')],
  },
  'wrong-length': {
    about: 'the connection closes before content-length is reached',
    plain: 'refused',
    stream: 'broken',
    steps: (answer) => {
      const body = answer.events ? Buffer.from(answer.events.slice(0, 3).join('')) : toBytes(answer.body)
      const headers = { 'content-type': answer.contentType, 'content-length': String(body.length + 50) }
      return [{ write: head(200, headers) }, { write: body }, { wait: 5 }, { close: 'fin' }]
    },
  },
  'bad-chunk-size': {
    about: 'a chunk whose size is no number',
    plain: 'refused',
    stream: 'broken',
    steps: (answer) => [
      { write: head(200, { 'content-type': answer.contentType, 'transfer-encoding': 'chunked' }) },
      ...(answer.events ?? []).slice(0, 3).map((event) => chunk(event)),
      { write: 'xyz\r\nhello\r\n' },
    ],
  },
  'not-http': {
    about: 'bytes that are no HTTP',
    ...same('refused'),
    steps: () => [{ write: 'SSH-2.0-OpenSSH_9\r\n\r\n' }],
  },
  'huge-headers': {
    about: '256 KiB of headers',
    ...same('refused'),
    steps: (answer) => whole(200, answer.contentType, answer.body, { 'x-padding': 'h'.repeat(MIB / 4) }),
  },
  'huge-body': {
    about: 'a plain body of `bytes`',
    ...same('answer'),
    steps: (answer, { bytes = 8 * MIB }) => honest(answer.events ? answer : padded(answer, bytes)),
  },
  'empty-body': {
    about: '200 with nothing in it',
    plain: 'refused',
    stream: 'broken',
    steps: (answer) => whole(200, answer.contentType, ''),
  },
} as const satisfies Record<string, Fault>

export type FaultName = keyof typeof FAULTS

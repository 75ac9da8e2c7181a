// The vendors of the soak, a process of its own: `bun soak-upstream.ts`. Prints its port, then, each time a line comes in, what it has seen.
import type { Socket } from 'bun'
import type { Manner } from './soak-calls.ts'

type State = {
  pending: string
  holds: boolean
  floods: boolean
  /** Bytes of the event under way that are out. */
  flooded: number
  timer: Timer | undefined
}
type Peer = Socket<State>

const STALL_MS = 2_000
/** A call whose client should have left long ago. */
const TOO_LONG_MS = 20_000
const SLOW_MS = 100

const seen = { requests: 0, holding: 0, left: 0, heldTooLong: 0, open: 0 }

const json = (status: string, body: string, more = '') =>
  `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\n${more}content-length: ${body.length}\r\n\r\n${body}`
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`
const event = (delta: string, finish: string) =>
  chunk(
    `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":${delta},"finish_reason":${finish}}]}\n\n`,
  )

const ANSWER = json(
  '200 OK',
  `{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"The harbour opens at dawn."},"finish_reason":"stop"}],"usage":{"prompt_tokens":41,"completion_tokens":6,"total_tokens":47}}`,
)
const FAILURE =
  '{"error":{"message":"The server had an error","type":"server_error","param":null,"code":"server_error"}}'
const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'
const BEAT = event('{"content":" harbour"}', 'null')
const REST =
  BEAT +
  event('{}', '"stop"') +
  chunk(
    'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{"prompt_tokens":41,"completion_tokens":6,"total_tokens":47}}\n\n',
  ) +
  chunk('data: [DONE]\n\n') +
  '0\r\n\r\n'
/**
 * Large events, as those of images and files are: bytes shall pile up, not work. As small ones, the mebibytes that the kernel's buffers take
 * before anybody waits would be tens of thousands of tokens, a quarter of a second of the gateway's core for each such call.
 */
const FLOOD = Buffer.from(event(`{"content":"${'flotsam '.repeat(8_192)}"}`, 'null'))
const HALF = ANSWER.slice(0, ANSWER.length - 100)

const begun = (stream: boolean) => (stream ? HEAD + BEAT : HALF)
const rest = (stream: boolean) => (stream ? REST : ANSWER.slice(HALF.length))

function hold(socket: Peer): void {
  seen.holding++
  socket.data.holds = true
  socket.data.timer = setTimeout(() => {
    seen.heldTooLong++
    released(socket)
    socket.terminate()
  }, TOO_LONG_MS)
}

function released({ data }: Peer): void {
  clearTimeout(data.timer)
  if (data.holds) seen.holding--
  data.holds = false
}

function later(socket: Peer, ms: number, text: string): void {
  socket.data.timer = setTimeout(() => socket.write(text), ms)
}

/** Writes as much as is taken, and goes on there the next time. */
function flood(socket: Peer): void {
  for (;;) {
    const rest = FLOOD.subarray(socket.data.flooded)
    const written = Math.max(0, socket.write(rest))
    socket.data.flooded = (socket.data.flooded + written) % FLOOD.length
    if (written < rest.length) return
  }
}

const MANNERS: Readonly<Record<Manner, (socket: Peer, stream: boolean) => void>> = {
  honest: (socket, stream) => void socket.write(stream ? HEAD + BEAT + REST : ANSWER),
  slow(socket, stream) {
    socket.write(begun(stream))
    later(socket, SLOW_MS, rest(stream))
  },
  'server-error': (socket) => void socket.write(json('500 Internal Server Error', FAILURE)),
  'rate-limited': (socket) => void socket.write(json('429 Too Many Requests', FAILURE, 'retry-after: 0\r\n')),
  reset: (socket) => socket.terminate(),
  'not-http': (socket) => void socket.write('SSH-2.0-OpenSSH_9\r\n\r\n'),
  cut: (socket, stream) => void socket.end(begun(stream)),
  truncated: (socket) => void socket.write(json('200 OK', '{"id":"c","choices":[{"ind')),
  'error-in-200': (socket) => void socket.write(`${HEAD}${BEAT}${chunk(`data: ${FAILURE}\n\n`)}0\r\n\r\n`),
  garbage: (socket, stream) =>
    void socket.write(
      stream ? `${HEAD}${BEAT}${chunk('data: {"id":"c\u0001<garbage\n\n')}${REST}` : json('200 OK', '<garbage'),
    ),
  stall(socket, stream) {
    socket.write(begun(stream))
    later(socket, STALL_MS, rest(stream))
  },
  hold: (socket) => hold(socket),
  'hold-head'(socket) {
    socket.write(HEAD)
    hold(socket)
  },
  'hold-middle'(socket, stream) {
    socket.write(begun(stream))
    hold(socket)
  },
  flood(socket) {
    hold(socket)
    socket.data.floods = true
    socket.write(HEAD + BEAT)
    flood(socket)
  },
}

/** A whole request, or undefined. Requests come one at a time on each connection. */
function takeRequest(data: State, text: string): string | undefined {
  const all = data.pending + text
  const end = all.indexOf('\r\n\r\n')
  const length = Number(/content-length: *(\d+)/i.exec(all)?.[1] ?? 0)
  data.pending = end >= 0 && all.length >= end + 4 + length ? '' : all
  return data.pending === '' ? all : undefined
}

const listener = Bun.listen<State>({
  hostname: '127.0.0.1',
  port: 0,
  socket: {
    open(socket) {
      seen.open++
      socket.data = { pending: '', holds: false, floods: false, flooded: 0, timer: undefined }
    },
    data(socket, bytes) {
      const request = takeRequest(socket.data, bytes.toString('latin1'))
      if (request === undefined) return
      seen.requests++
      const provider = request.startsWith('POST /one/') ? 'first' : 'second'
      const manner = new RegExp(`${provider}=([a-z0-9-]+)`).exec(request)?.[1] as Manner | undefined
      MANNERS[manner ?? 'honest'](socket, request.includes('"stream":true'))
    },
    drain(socket) {
      if (socket.data.floods) flood(socket)
    },
    close(socket) {
      seen.open--
      if (socket.data.holds) seen.left++
      released(socket)
    },
    error() {},
  },
})
console.log(listener.port)
for await (const _ of console) console.log(JSON.stringify(seen))
process.exit(0)

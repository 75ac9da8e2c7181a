// A vendor that streams at a fixed pace and costs little: `bun paced-upstream.ts PORT`. The model says how: `paced-64-20` is
// 64 chunks, 20 ms apart. Raw sockets and one timer, so that what is measured is the gateway.
import type { Socket } from 'bun'

type Stream = {
  readonly socket: Socket<Connection>
  readonly chunks: number
  readonly everyMs: number
  readonly usage: boolean
  sent: number
  due: number
}
type Connection = { pending: string; stream: Stream | undefined }

const base = `"id":"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG","object":"chat.completion.chunk","created":1760000000,"model":"gpt-4o-mini-2024-07-18","service_tier":"default","system_fingerprint":"fp_06737a9306"`
const framed = (event: string) => Buffer.from(`${Buffer.byteLength(event).toString(16)}\r\n${event}\r\n`)
const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n'
const CHUNK = framed(
  `data: {${base},"choices":[{"index":0,"delta":{"content":" harbour"},"logprobs":null,"finish_reason":null}]}\n\n`,
)
const USAGE = framed(
  `data: {${base},"choices":[],"usage":{"prompt_tokens":41,"completion_tokens":64,"total_tokens":105,"prompt_tokens_details":{"cached_tokens":0}}}\n\n`,
)
const END = (usage: boolean) =>
  Buffer.concat([
    framed(`data: {${base},"choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]}\n\n`),
    ...(usage ? [USAGE] : []),
    framed('data: [DONE]\n\n'),
    Buffer.from('0\r\n\r\n'),
  ])

/** Streams by the millisecond in which their next chunk is due: one turn of the wheel is four seconds. */
const WHEEL = 4096
const wheel: Set<Stream>[] = Array.from({ length: WHEEL }, () => new Set())

function schedule(stream: Stream): void {
  wheel[stream.due % WHEEL]!.add(stream)
}

function begin(socket: Socket<Connection>, request: string): void {
  const [, chunks = '64', everyMs = '20'] = /paced-(\d+)-(\d+)/.exec(request) ?? []
  const stream = {
    socket,
    chunks: Number(chunks),
    everyMs: Math.min(Number(everyMs), WHEEL - 1),
    usage: request.includes('"include_usage"'),
    sent: 1,
    due: Math.floor(performance.now()) + Number(everyMs),
  }
  socket.data.stream = stream
  socket.write(Buffer.concat([Buffer.from(HEAD), CHUNK]))
  schedule(stream)
}

let now = Math.floor(performance.now())
setInterval(() => {
  const until = Math.floor(performance.now())
  for (; now <= until; now++) {
    const slot = wheel[now % WHEEL]!
    for (const stream of slot) {
      if (stream.due > now) continue
      slot.delete(stream)
      if (stream.sent === stream.chunks) {
        stream.socket.data.stream = undefined
        stream.socket.write(END(stream.usage))
        continue
      }
      stream.socket.write(CHUNK)
      stream.sent++
      stream.due += stream.everyMs
      schedule(stream)
    }
  }
}, 1)

Bun.listen<Connection>({
  hostname: '127.0.0.1',
  port: Number(process.argv[2]),
  socket: {
    open(socket) {
      socket.data = { pending: '', stream: undefined }
    },
    data(socket, bytes) {
      const text = socket.data.pending + bytes.toString('latin1')
      const head = text.indexOf('\r\n\r\n')
      const length = Number(/content-length: *(\d+)/i.exec(text)?.[1] ?? 0)
      const whole =
        head >= 0 && (length ? text.length >= head + 4 + length : !/chunked/i.test(text) || text.endsWith('0\r\n\r\n'))
      socket.data.pending = whole ? '' : text
      if (whole) begin(socket, text)
    },
    close(socket) {
      const { stream } = socket.data
      if (stream) wheel[stream.due % WHEEL]!.delete(stream)
    },
    error() {},
  },
})

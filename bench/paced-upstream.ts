// A vendor that streams at a fixed pace and costs little: `bun paced-upstream.ts PORT`. The model says how: `paced-64-20` is
// 64 chunks, 20 ms apart. Raw sockets and one timer, so that what is measured is the gateway.
import type { Socket } from 'bun'

type Stream = {
  readonly socket: Socket<Connection>
  readonly chunks: number
  readonly everyMs: number
  readonly usage: boolean
  readonly format: Format
  sent: number
  due: number
}
type Connection = { pending: string; stream: Stream | undefined }

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n'
const LAST_CHUNK = '0\r\n\r\n'

function framed(events: string): string {
  return `${Buffer.byteLength(events).toString(16)}\r\n${events}\r\n`
}

/** What goes out at the start, at each beat, and at the end of a stream, as it stands on the wire. */
type Format = { readonly first: Buffer; readonly beat: Buffer; readonly last: (usage: boolean) => Buffer }

function openai(): Format {
  const base = `"id":"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG","object":"chat.completion.chunk","created":1760000000,"model":"gpt-4o-mini-2024-07-18","service_tier":"default","system_fingerprint":"fp_06737a9306"`
  const part = (delta: string, finish: string) =>
    framed(`data: {${base},"choices":[{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${finish}}]}\n\n`)
  const usage = framed(
    `data: {${base},"choices":[],"usage":{"prompt_tokens":41,"completion_tokens":64,"total_tokens":105,"prompt_tokens_details":{"cached_tokens":0}}}\n\n`,
  )
  const beat = part('{"content":" harbour"}', 'null')
  const end = part('{}', '"stop"')
  return {
    first: Buffer.from(HEAD + beat),
    beat: Buffer.from(beat),
    last: (asked) => Buffer.from(`${end}${asked ? usage : ''}${framed('data: [DONE]\n\n')}${LAST_CHUNK}`),
  }
}

function anthropic(): Format {
  const event = (type: string, rest: string) => framed(`event: ${type}\ndata: {"type":"${type}"${rest}}\n\n`)
  const usage = '"cache_creation_input_tokens":0,"cache_read_input_tokens":0'
  const start = event(
    'message_start',
    `,"message":{"id":"msg_01XFDUDYJgAACzvnptvVoYEL","type":"message","role":"assistant","model":"claude-haiku-4-5-20251001","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":41,${usage},"output_tokens":1}}`,
  )
  const open = event('content_block_start', ',"index":0,"content_block":{"type":"text","text":""}')
  const end = [
    event('content_block_stop', ',"index":0'),
    event(
      'message_delta',
      `,"delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"input_tokens":41,${usage},"output_tokens":64}`,
    ),
    event('message_stop', ''),
  ]
  const beat = event('content_block_delta', ',"index":0,"delta":{"type":"text_delta","text":" harbour"}')
  return {
    first: Buffer.from(HEAD + start + open + beat),
    beat: Buffer.from(beat),
    last: () => Buffer.from(end.join('') + LAST_CHUNK),
  }
}

const OPENAI = openai()
const ANTHROPIC = anthropic()

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
    format: request.startsWith('POST /v1/messages') ? ANTHROPIC : OPENAI,
    sent: 1,
    due: Math.floor(performance.now()) + Number(everyMs),
  }
  socket.data.stream = stream
  socket.write(stream.format.first)
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
        stream.socket.write(stream.format.last(stream.usage))
        continue
      }
      stream.socket.write(stream.format.beat)
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

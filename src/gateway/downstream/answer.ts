/** Where a stream's bytes go: the client's connection, while this answer is the one it waits for. */
export type BodyWriter = {
  /** Sends now. False when the client reads slower than this: `drained` tells when to go on. */
  write(bytes: Uint8Array | string): boolean
  /** The same for a part of what came. Where `more` follows in the same turn it waits for that, or for `flush`. */
  writePart(bytes: Uint8Array, from: number, to: number, more: boolean): boolean
  /** Sends what waits. */
  flush(): boolean
  /** Sends the last bytes and ends the answer. */
  end(last?: Uint8Array | string): void
  /** Gives the answer up in a way that no client takes for its end. */
  abort(): void
}

/** A body that is made while it is sent. After `end`, `abort` or `left` nothing more is asked of it. */
export type StreamBody = {
  begin(writer: BodyWriter): void
  drained(): void
  /** The client is gone. */
  left(): void
}

/** What goes back to the client. */
export class Answer {
  readonly status: number
  /** Lines of headers, as `headerLine` makes them; framing, date and connection are the listener's own. */
  readonly headers: string
  readonly body: Uint8Array | string | StreamBody | null

  constructor(status: number, headers: string, body: Uint8Array | string | StreamBody | null) {
    this.status = status
    this.headers = headers
    this.body = body
  }
}

/** What may not stand in a header's value; a vendor's value may hold anything. */
const UNSAFE = /[^\t\x20-\x7e\x80-\xff]/
const EVERY_UNSAFE = /[^\t\x20-\x7e\x80-\xff]/g

/** One header with its line end. The name is in lower case; what the value may not hold is replaced. */
export function headerLine(name: string, value: string): string {
  return `${name}: ${UNSAFE.test(value) ? value.replace(EVERY_UNSAFE, '?') : value}\r\n`
}

export function headerLines(headers: Iterable<readonly [name: string, value: string]>): string {
  let lines = ''
  for (const [name, value] of headers) lines += headerLine(name, value)
  return lines
}

export function isStream(body: Answer['body']): body is StreamBody {
  return body !== null && typeof body === 'object' && 'begin' in body
}

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  302: 'Found',
  303: 'See Other',
  304: 'Not Modified',
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Content Too Large',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  499: 'Client Closed Request',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
  529: 'Overloaded',
}

let leadSecond = 0
let leadStatus = 0
let lead = ''

/** Status line and date, as many answers of one second have them. */
export function leadOf(status: number): string {
  const now = Date.now()
  const second = Math.floor(now / 1000)
  if (second !== leadSecond || status !== leadStatus) {
    leadSecond = second
    leadStatus = status
    lead = `HTTP/1.1 ${status} ${REASONS[status] ?? ''}\r\ndate: ${new Date(now).toUTCString()}\r\n`
  }
  return lead
}

/** When and by whom the connection of a request was closed, and how many bytes of the answer had been accepted by then. */
export type Closing = { readonly at: number; readonly by: 'peer' | 'vendor'; readonly bytesWritten: number }

/** One request as the vendor received it. Times are `performance.now()` milliseconds. */
export type VendorRequest = {
  /** Counts from 0 over the vendor's life. */
  readonly index: number
  /** The connection's number, and which request on that connection this is (1 = first). */
  readonly connection: number
  readonly onConnection: number
  readonly method: string
  readonly target: string
  readonly path: string
  /** Names in lower case; a repeated header is joined with `, `. */
  readonly headers: Readonly<Record<string, string>>
  /** The request line and headers as received, without the empty line. */
  readonly rawHead: string
  readonly body: Uint8Array
  readonly text: string
  readonly receivedAt: number
  /** Resolves when the connection is closed, by whoever does it. */
  readonly closed: Promise<Closing>
  /** Resolves when the whole script was played, or the peer left before its end. */
  readonly played: Promise<void>
  /** Bytes that the connection has accepted so far. */
  readonly written: () => number
  json: () => unknown
}

type Head = Pick<VendorRequest, 'method' | 'target' | 'path' | 'headers' | 'rawHead'> & {
  /** Body length in bytes, or `chunked`. */
  readonly length: number | 'chunked'
}

const EMPTY = new Uint8Array(0)

/** Cuts whole requests out of the bytes of one connection; keeps what is not complete. */
export class RequestReader {
  #pending: Buffer = Buffer.alloc(0)
  #head: Head | undefined

  feed(bytes: Uint8Array): { head: Head; body: Uint8Array }[] {
    this.#pending = Buffer.concat([this.#pending, bytes])
    const whole: { head: Head; body: Uint8Array }[] = []
    for (;;) {
      this.#head ??= this.#takeHead()
      if (!this.#head) return whole
      const body = this.#head.length === 'chunked' ? this.#takeChunked() : this.#take(this.#head.length)
      if (!body) return whole
      whole.push({ head: this.#head, body })
      this.#head = undefined
    }
  }

  #take(length: number): Uint8Array | undefined {
    if (length === 0) return EMPTY
    if (this.#pending.length < length) return undefined
    const body = new Uint8Array(this.#pending.subarray(0, length))
    this.#pending = this.#pending.subarray(length)
    return body
  }

  #takeHead(): Head | undefined {
    const end = this.#pending.indexOf('\r\n\r\n')
    if (end < 0) return undefined
    const rawHead = this.#pending.toString('latin1', 0, end)
    this.#pending = this.#pending.subarray(end + 4)
    const [requestLine = '', ...lines] = rawHead.split('\r\n')
    const [method = '', target = ''] = requestLine.split(' ')
    const headers: Record<string, string> = {}
    for (const line of lines) {
      const colon = line.indexOf(':')
      const name = line.slice(0, colon).toLowerCase()
      const value = line.slice(colon + 1).trim()
      headers[name] = name in headers ? `${headers[name]}, ${value}` : value
    }
    const length = headers['transfer-encoding'] === 'chunked' ? 'chunked' : Number(headers['content-length'] ?? 0)
    return { method, target, path: target.split('?')[0] ?? '', headers, rawHead, length }
  }

  #takeChunked(): Uint8Array | undefined {
    const parts: Uint8Array[] = []
    let at = 0
    for (;;) {
      const lineEnd = this.#pending.indexOf('\r\n', at)
      if (lineEnd < 0) return undefined
      const size = Number.parseInt(this.#pending.toString('latin1', at, lineEnd), 16)
      const start = lineEnd + 2
      if (this.#pending.length < start + size + 2) return undefined
      parts.push(new Uint8Array(this.#pending.subarray(start, start + size)))
      at = start + size + 2
      if (size !== 0) continue
      this.#pending = this.#pending.subarray(at)
      return new Uint8Array(Buffer.concat(parts))
    }
  }
}

import { Answer, headerLines, type BodyWriter, type StreamBody } from './answer.ts'
import type { Inbound } from './inbound.ts'

/** Answers requests in the terms of the web platform: what is not on the hot path. */
export type WebHandler = (request: Request, peer: string) => Response | Promise<Response>

/** Hands a request to such a handler. `limit` bounds its body in bytes. */
export async function bridge(inbound: Inbound, handler: WebHandler, limit: number): Promise<Answer> {
  const { method, peer } = inbound
  const body = await inbound.body(limit)
  const leaving = new AbortController()
  inbound.waiting = { abandon: () => leaving.abort() }
  const url = `http://${inbound.header('host') ?? 'localhost'}${inbound.head.target}`
  const request = new Request(url, {
    method,
    headers: inbound.head.toHeaders(),
    signal: leaving.signal,
    ...(body.length > 0 && method !== 'GET' && method !== 'HEAD' ? { body: body as BodyInit } : {}),
  })
  return answerOf(await handler(request, peer), leaving)
}

/** Framing is the listener's own. */
const FRAMING = new Set(['content-length', 'transfer-encoding', 'connection', 'keep-alive', 'date'])

function answerOf(response: Response, leaving: AbortController): Answer {
  const headers = [...response.headers].filter(([name]) => !FRAMING.has(name))
  const body = response.body ? new StreamPump(response.body, leaving) : null
  return new Answer(response.status, headerLines(headers), body)
}

/** Sends a web stream as fast as the client takes it. */
class StreamPump implements StreamBody {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #leaving: AbortController
  #resume: (() => void) | undefined
  #over = false

  constructor(stream: ReadableStream<Uint8Array>, leaving: AbortController) {
    this.#reader = stream.getReader()
    this.#leaving = leaving
  }

  begin(writer: BodyWriter): void {
    this.#run(writer).catch(() => {
      if (!this.#over) writer.abort()
    })
  }

  drained(): void {
    this.#resume?.()
  }

  left(): void {
    this.#over = true
    this.#resume?.()
    this.#leaving.abort()
    this.#reader.cancel().catch(() => {})
  }

  async #run(writer: BodyWriter): Promise<void> {
    for (;;) {
      const { done, value } = await this.#reader.read()
      if (this.#over) return
      if (done) return writer.end()
      if (value.length > 0 && !writer.write(value)) await this.#room()
      if (this.#over) return
    }
  }

  #room(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#resume = resolve
    return promise
  }
}

// The clients of the soak: sockets that are kept, as SDKs keep them, and closed in the middle of a call where its plan says so.
import type { Socket } from 'bun'
import { planOf, requestOf, stayMs, type Plan } from './soak-calls.ts'

/** How a call ended for its client; `code` is the gateway's error code, or what was wrong with the answer. */
export type Ended = { readonly how: 'answered' | 'failed' | 'left'; readonly code: string }

type Job = { readonly index: number; readonly plan: Plan; text: string; readonly done: (ended: Ended) => void }
type Kept = { job: Job | undefined; idleSince: number }
type Peer = Socket<Kept>

/** How long a client holds on to an answer that it does not read. */
const PAUSED_MS = 200
/** SDKs let idle connections go before their server does. */
const KEPT_MS = 30_000
const LEFT: Ended = { how: 'left', code: '' }

export class SoakClient {
  readonly #port: number
  readonly #key: string
  readonly #idle: Peer[] = []
  readonly #sockets = new Set<Peer>()

  constructor(port: number, key: string) {
    this.#port = port
    this.#key = key
  }

  async call(index: number): Promise<Ended> {
    const { promise, resolve } = Promise.withResolvers<Ended>()
    const socket = this.#takeIdle() ?? (await this.#connect())
    const job: Job = { index, plan: planOf(index), text: '', done: resolve }
    socket.data.job = job
    const { bytes, body } = requestOf(index, this.#port, this.#key)
    if (job.plan.leaves === 'half-body') {
      socket.write(bytes.subarray(0, body + 100))
      this.#leave(socket, job)
    } else {
      socket.write(bytes)
      if (job.plan.leaves === 'later') setTimeout(() => this.#leave(socket, job), stayMs(index))
    }
    return promise
  }

  /** Closes what is kept. */
  close(): void {
    for (const socket of this.#sockets) socket.terminate()
  }

  #takeIdle(): Peer | undefined {
    const socket = this.#idle.pop()
    if (!socket || performance.now() - socket.data.idleSince < KEPT_MS) return socket
    // Those below it are older.
    for (const old of [socket, ...this.#idle.splice(0)]) old.end()
    return undefined
  }

  #connect(): Promise<Peer> {
    return Bun.connect<Kept>({
      hostname: '127.0.0.1',
      port: this.#port,
      data: { job: undefined, idleSince: 0 },
      socket: {
        open: (socket) => void this.#sockets.add(socket),
        data: (socket, bytes) => this.#received(socket, bytes),
        close: (socket) => this.#closed(socket),
        error: () => {},
      },
    })
  }

  #received(socket: Peer, bytes: Buffer): void {
    const { job } = socket.data
    if (!job) return
    if (job.plan.leaves === 'at-first-byte') return this.#leave(socket, job)
    if (job.plan.leaves === 'paused') {
      socket.pause()
      setTimeout(() => this.#leave(socket, job), PAUSED_MS)
      return
    }
    job.text += bytes.toString('latin1')
    if (isWhole(job.text)) this.#end(socket, job, judge(job))
  }

  /** Half of the clients say goodbye, half are simply gone. */
  #leave(socket: Peer, job: Job): void {
    if (socket.data.job !== job) return
    socket.data.job = undefined
    if (job.index % 2 === 0 || job.plan.leaves === 'half-body') socket.end()
    else socket.terminate()
    job.done(LEFT)
  }

  #end(socket: Peer, job: Job, ended: Ended): void {
    socket.data.job = undefined
    if (/^connection: close\r$/m.test(job.text)) socket.end()
    else {
      socket.data.idleSince = performance.now()
      this.#idle.push(socket)
    }
    job.done(ended)
  }

  #closed(socket: Peer): void {
    this.#sockets.delete(socket)
    const at = this.#idle.lastIndexOf(socket)
    if (at >= 0) this.#idle.splice(at, 1)
    const { job } = socket.data
    socket.data.job = undefined
    job?.done({ how: 'failed', code: 'closed' })
  }
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return false
  const length = /^content-length: (\d+)\r$/m.exec(text.slice(0, end + 2))?.[1]
  return length === undefined ? text.endsWith('0\r\n\r\n') : text.length >= end + 4 + Number(length)
}

/** Whether the answer is one: whole, and with nothing in it that says it is not. */
function judge({ text, plan }: Job): Ended {
  const code = /"code":"(\w+)"/.exec(text)?.[1]
  if (!text.startsWith('HTTP/1.1 200') || code !== undefined)
    return { how: 'failed', code: `${text.slice(9, 12)} ${code ?? ''}` }
  const said = plan.stream
    ? text.includes('data: [DONE]') && text.includes(' harbour')
    : text.includes('The harbour opens')
  return said ? { how: 'answered', code: '' } : { how: 'failed', code: 'not whole' }
}

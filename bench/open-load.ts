// The load of the overload scenario, a process of its own: calls arrive at their own pace, whether earlier ones are answered or not. Reads its
// orders as JSON from the first argument, prints what it saw.
import type { Socket } from 'bun'

export type OpenOrders = {
  readonly port: number
  readonly path: string
  /** Who calls, in turn; the names are those of the report. */
  readonly callers: readonly { readonly name: string; readonly headers: Readonly<Record<string, string>> }[]
  readonly body: string
  /** Calls a second, phase after phase. */
  readonly phases: readonly { readonly rate: number; readonly seconds: number }[]
  /** A call that is answered in full later than this is no use to its client any more. */
  readonly deadlineMs: number
}

/** What became of the calls that arrived within one part of the time. */
export type Slice = {
  offered: number
  good: number
  refused: number
  late: number
  failed: number
  /** Good ones, by caller. */
  readonly by: Record<string, number>
}

export type OpenReport = {
  /** For each phase, slices of `SLICE_MS`. */
  readonly phases: readonly (readonly Slice[])[]
  /** How much later than due calls were sent, at most: the load's own trouble. */
  readonly behindMs: number
  /** Quantiles of the time of good calls, by phase. */
  readonly totalMs: readonly { readonly p50: number; readonly p99: number }[]
  readonly connections: number
}

export const SLICE_MS = 250
const MOST_CONNECTIONS = 12_000

type Call = { readonly at: number; readonly slice: Slice; readonly caller: number; readonly phase: number }
type Connection = {
  call: Call | undefined
  head: string
  left: number
  tail: string
  status: string
  unsent: Buffer | undefined
}

async function main(orders: OpenOrders): Promise<OpenReport> {
  const requests = orders.callers.map(({ headers }) => {
    const lines = Object.entries({ host: `127.0.0.1:${orders.port}`, ...headers }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    )
    return Buffer.from(
      `POST ${orders.path} HTTP/1.1\r\n${lines.join('')}content-length: ${Buffer.byteLength(orders.body)}\r\n\r\n${orders.body}`,
    )
  })
  const phases = orders.phases.map(() => [] as Slice[])
  const totals = orders.phases.map(() => [] as number[])
  const idle: Socket<Connection>[] = []
  const open = new Set<Socket<Connection>>()
  let connecting = 0
  let made = 0
  let behindMs = 0

  const push = (socket: Socket<Connection>) => {
    const { unsent } = socket.data
    if (!unsent) return
    const written = Math.max(0, socket.write(unsent))
    socket.data.unsent = written < unsent.length ? unsent.subarray(written) : undefined
  }
  const send = (socket: Socket<Connection>, call: Call) => {
    socket.data = { call, head: '', left: -1, tail: '', status: '', unsent: requests[call.caller]! }
    push(socket)
  }
  const settle = (socket: Socket<Connection>, how: 'answered' | 'failed') => {
    const { call, status } = socket.data
    if (!call) return
    socket.data.call = undefined
    const took = performance.now() - call.at
    if (how === 'failed') call.slice.failed++
    else if (status === '503') call.slice.refused++
    else if (status !== '200') call.slice.failed++
    else if (took > orders.deadlineMs) call.slice.late++
    else {
      call.slice.good++
      const { name } = orders.callers[call.caller]!
      call.slice.by[name] = (call.slice.by[name] ?? 0) + 1
      totals[call.phase]!.push(took)
    }
    // Who is answered before all was sent cannot say anything else on this connection.
    if (how === 'answered' && !socket.data.unsent) idle.push(socket)
    else socket.terminate()
  }
  const handlers = {
    data(socket: Socket<Connection>, bytes: Buffer) {
      const { data } = socket
      if (!data.status) {
        const text = data.head + bytes.toString('latin1')
        const end = text.indexOf('\r\n\r\n')
        if (end < 0) return void (data.head = text)
        data.status = text.slice(9, 12)
        const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end + 2))?.[1]
        if (length !== undefined) data.left = Number(length) - (text.length - end - 4)
        else data.tail = text.slice(-32)
      } else if (data.left >= 0) data.left -= bytes.length
      else data.tail = (data.tail + bytes.toString('latin1', Math.max(0, bytes.length - 32))).slice(-32)
      if (data.left === 0) settle(socket, 'answered')
      else if (data.left < 0 && data.tail.endsWith('0\r\n\r\n'))
        settle(socket, data.tail.includes('[DONE]') ? 'answered' : 'failed')
    },
    drain: push,
    close(socket: Socket<Connection>) {
      open.delete(socket)
      settle(socket, 'failed')
    },
    error() {},
  }
  const begin = (call: Call) => {
    for (let socket = idle.pop(); socket; socket = idle.pop()) if (open.has(socket)) return send(socket, call)
    if (open.size + connecting >= MOST_CONNECTIONS) return void call.slice.failed++
    connecting++
    Bun.connect<Connection>({ hostname: '127.0.0.1', port: orders.port, socket: handlers }).then(
      (socket) => {
        connecting--
        made++
        open.add(socket)
        send(socket, call)
      },
      () => {
        connecting--
        call.slice.failed++
      },
    )
  }

  let number = 0
  for (const [phase, { rate, seconds }] of orders.phases.entries()) {
    const begun = performance.now()
    const slices = phases[phase]!
    for (let index = 0; index < rate * seconds;) {
      const now = performance.now()
      const due = Math.min(rate * seconds, Math.floor(((now - begun) * rate) / 1000))
      if (due > index) behindMs = Math.max(behindMs, now - begun - (index * 1000) / rate)
      for (; index < due; index++) {
        const at = Math.floor((index * 1000) / rate / SLICE_MS)
        const slice = (slices[at] ??= { offered: 0, good: 0, refused: 0, late: 0, failed: 0, by: {} })
        slice.offered++
        begin({ at: now, slice, caller: number++ % requests.length, phase })
      }
      await Bun.sleep(1)
    }
  }
  await Bun.sleep(orders.deadlineMs + 500)
  for (const socket of open) {
    if (socket.data?.call) socket.data.call.slice.late++
    if (socket.data) socket.data.call = undefined
    socket.terminate()
  }
  const quantile = (values: number[], share: number) => values[Math.floor(values.length * share)] ?? Number.NaN
  for (const each of totals) each.sort((a, b) => a - b)
  return {
    phases,
    behindMs,
    totalMs: totals.map((each) => ({ p50: quantile(each, 0.5), p99: quantile(each, 0.99) })),
    connections: made,
  }
}

if (import.meta.main) {
  console.log(JSON.stringify(await main(JSON.parse(process.argv[2]!) as OpenOrders)))
  process.exit(0)
}

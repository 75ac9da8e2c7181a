// The load of the streaming scenarios, a process of its own: reads its orders as JSON from the first argument, prints what it saw.
import type { Socket } from 'bun'

/** `hold` opens the streams, says so on standard output, and keeps them open until standard input ends. */
export type StreamOrders = {
  readonly port: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly connections: number
  readonly seconds: number
  /** Time over which the first requests are spread, so that the streams do not run in step. */
  readonly spreadMs: number
  readonly hold?: boolean
}

export type StreamReport = {
  readonly streams: number
  readonly failed: number
  readonly firstByteMs: { readonly p50: number; readonly p99: number }
  readonly totalMs: { readonly p50: number; readonly p99: number }
}

type Connection = { started: number; firstByteAt: number; tail: string; reads: number }

function quantiles(values: number[]): { p50: number; p99: number } {
  values.sort((a, b) => a - b)
  const at = (share: number) => values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99) }
}

async function main(orders: StreamOrders): Promise<void> {
  const lines = Object.entries({ host: `127.0.0.1:${orders.port}`, ...orders.headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  const request = Buffer.from(
    `POST ${orders.path} HTTP/1.1\r\n${lines.join('')}content-length: ${Buffer.byteLength(orders.body)}\r\n\r\n${orders.body}`,
  )
  const first: number[] = []
  const total: number[] = []
  const sockets = new Set<Socket<Connection>>()
  let failed = 0
  let running = true
  let flowing = 0
  let busy = 0
  const ready = Promise.withResolvers<void>()
  const drained = Promise.withResolvers<void>()
  const done = () => {
    if (--busy === 0 && !running) drained.resolve()
  }
  const ask = (socket: Socket<Connection>) => {
    busy++
    socket.data = { started: performance.now(), firstByteAt: 0, tail: '', reads: 0 }
    socket.write(request)
  }
  const handlers = {
    open: ask,
    data(socket: Socket<Connection>, bytes: Buffer) {
      const { data: connection } = socket
      if (!connection.firstByteAt) {
        connection.firstByteAt = performance.now()
        if (bytes.toString('latin1', 9, 12) !== '200') {
          failed++
          console.error(bytes.toString('latin1', 0, 400))
          socket.terminate()
          return
        }
      }
      if (++connection.reads === 3 && ++flowing === orders.connections) ready.resolve()
      const tail = connection.tail + bytes.toString('latin1', Math.max(0, bytes.length - 32))
      connection.tail = tail.slice(-32)
      if (!connection.tail.endsWith('0\r\n\r\n')) return
      // A stream that did not say [DONE] was cut: an honest gateway says so, and the bench must not count it.
      if (!connection.tail.includes('[DONE]')) failed++
      first.push(connection.firstByteAt - connection.started)
      total.push(performance.now() - connection.started)
      if (running) ask(socket)
      done()
    },
    close(socket: Socket<Connection>) {
      sockets.delete(socket)
      if (!running) return
      failed++
      done()
    },
    error() {},
  }
  const started = performance.now()
  for (let index = 0; index < orders.connections; index++) {
    await Bun.sleep(Math.max(0, started + (orders.spreadMs * index) / orders.connections - performance.now()))
    sockets.add(await Bun.connect<Connection>({ hostname: '127.0.0.1', port: orders.port, socket: handlers }))
  }
  if (orders.hold) {
    await ready.promise
    console.log('open')
    await Bun.stdin.text()
  } else {
    // Everything that was asked for before the time was up is waited for, so that CPU and streams cover the same work.
    await Bun.sleep(Math.max(0, started + orders.seconds * 1000 - performance.now()))
    running = false
    if (busy > 0) await Promise.race([drained.promise, Bun.sleep(15_000)])
  }
  running = false
  for (const socket of sockets) socket.terminate()
  console.log(
    JSON.stringify({ streams: total.length, failed, firstByteMs: quantiles(first), totalMs: quantiles(total) }),
  )
}

if (import.meta.main) {
  await main(JSON.parse(process.argv[2]!) as StreamOrders)
  process.exit(0)
}

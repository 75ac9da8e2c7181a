import { AppError } from '../errors.ts'
import { newId } from '../lib/id.ts'
import { listenProblem } from '../lib/listen-problem.ts'
import { Answer, headerLine } from './downstream/answer.ts'
import { bridge, type WebHandler } from './downstream/bridge.ts'
import type { Inbound } from './downstream/inbound.ts'
import { Listener, type ListenerOptions } from './downstream/listener.ts'
import type { Gateway } from './gateway.ts'
import { createGatewayHandler, unknownPath } from './listen.ts'
import { errorAnswer, toCallError } from './refuse.ts'

export type ServerOptions = {
  readonly host: string
  readonly port: number
  /** Several processes share the port. */
  readonly reusePort?: boolean
  readonly gateway: Gateway
  /** Why the process is not ready for traffic, in words; undefined when it is. */
  readonly notReady: () => string | undefined
  /** Answers what the data plane does not: management API and console. */
  readonly rest?: WebHandler
}

export type GatewayServer = {
  readonly url: string
  readonly port: number
  /** Open connections of clients. */
  readonly connections: () => number
  /** Stops taking connections, lets running calls finish for at most `graceMs`, then ends what is left. Resolves to the number of calls cut. */
  stop(graceMs: number): Promise<number>
}

/** What management API, metrics and console answer; any other path is a client's, who understands the format of its SDK alone. */
const MANAGED = /^\/(?:$|(?:api|docs|console|metrics)(?:\/|$))/

/** A path with such a segment is another one for whoever resolves it. */
const DOT_SEGMENT = /\/\.{1,2}(?:\/|$)/

const FLUSH_MS = 1_000

/** The listening half of the data plane. Throws `conflict` when the port is taken. */
export function openGatewayServer(options: ServerOptions): GatewayServer {
  const { gateway, host } = options
  const dataPlane = createGatewayHandler(gateway)
  const answer = (request: Inbound): Promise<Answer> | Answer => {
    const { path } = request
    if (path === '/healthz' || path === '/readyz') return health(request, listener.stopping, options.notReady)
    const called = dataPlane(request)
    if (called) return called
    if (DOT_SEGMENT.test(path)) return invalid('the path holds "." or "..": send it resolved')
    const rest = MANAGED.test(path) ? options.rest : undefined
    return rest ? bridge(request, rest, gateway.limits.bodyBytes).catch(failed) : unknownPath(request)
  }
  const listener = listen({
    host,
    port: options.port,
    reusePort: options.reusePort ?? false,
    bodyBytes: gateway.limits.bodyBytes,
    handle: answer,
    malformed,
    report: (mistake) => gateway.report(mistake, newId('err')),
  })
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${listener.port}`,
    port: listener.port,
    connections: () => listener.open,
    async stop(graceMs) {
      listener.stopping = true
      await until(() => gateway.inFlight === 0, graceMs)
      const cut = gateway.inFlight
      // A call is over when its record is durable; its last bytes may still be on their way out.
      await until(() => listener.busy === 0, FLUSH_MS)
      listener.close()
      return cut
    },
  }
}

function listen(options: ListenerOptions): Listener {
  try {
    return new Listener(options)
  } catch (error) {
    throw new AppError(
      'conflict',
      `cannot listen on ${options.host}:${options.port}: ${listenProblem(error, { host: '--host', port: '--port' })}`,
      { field: '--port' },
      error,
    )
  }
}

/** Resolves when the condition holds, or when the time is over. */
function until(holds: () => boolean, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const end = performance.now() + ms
  const check = () => {
    if (!holds() && performance.now() < end) return
    clearInterval(timer)
    resolve()
  }
  const timer = setInterval(check, 10)
  check()
  return promise
}

function health({ method, path }: Inbound, stopping: boolean, notReady: () => string | undefined): Answer {
  if (method !== 'GET' && method !== 'HEAD') {
    const error = new AppError('method_not_allowed', `${method} is not possible here: use GET`)
    return errorAnswer(toCallError(error), 'openai-chat', newId('call'), headerLine('allow', 'GET, HEAD'))
  }
  if (path === '/healthz') return plainText(200, 'ok')
  const problem = stopping ? 'stopping' : notReady()
  return problem === undefined ? plainText(200, 'ready') : plainText(503, problem)
}

function plainText(status: number, text: string): Answer {
  const headers = `cache-control: no-store\r\ncontent-type: text/plain\r\n${headerLine('x-request-id', newId('call'))}`
  return new Answer(status, headers, `${text}\n`)
}

/** The answer to what is no HTTP, or did not come in time. */
export function malformed(status: number, problem: string): Answer {
  if (status !== 408) return invalid(`${problem}.`, status)
  return failed(new AppError('request_timeout', `${problem}: send it again`))
}

function invalid(message: string, status = 400): Answer {
  return failed(new AppError('invalid_request', message, { status }))
}

function failed(error: unknown): Answer {
  return errorAnswer(toCallError(error), 'openai-chat', newId('call'))
}

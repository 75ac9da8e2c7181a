import { AppError } from '../errors.ts'
import { newId } from '../lib/id.ts'
import type { Gateway } from './gateway.ts'
import { createGatewayHandler, splitTarget } from './listen.ts'
import { errorResponse, toCallError } from './refuse.ts'
import { dialectOfPath } from './route.ts'

export type ServerOptions = {
  readonly host: string
  readonly port: number
  /** Several processes share the port. */
  readonly reusePort?: boolean
  readonly gateway: Gateway
  /** Why the process is not ready for traffic, in words; undefined when it is. */
  readonly notReady: () => string | undefined
  /** Answers what the data plane does not: management API and console. */
  readonly rest?: (request: Request, server: Bun.Server<undefined>) => Promise<Response> | Response
}

export type GatewayServer = {
  readonly url: string
  readonly port: number
  /** Stops taking connections, lets running calls finish for at most `graceMs`, then ends what is left. Resolves to the number of calls cut. */
  stop(graceMs: number): Promise<number>
}

/** What management API and console answer; any other path is a client's, who understands the format of its SDK alone. */
const MANAGED = /^\/(?:$|(?:api|docs|console)(?:\/|$))/

/** Seconds: above the 60 s after which load balancers give up idle connections, so that never the server closes first. */
const IDLE_SECONDS = 75
const FLUSH_MS = 1_000

/** The listening half of the data plane. Throws `conflict` when the port is taken. */
export function openGatewayServer(options: ServerOptions): GatewayServer {
  const { gateway } = options
  const dataPlane = createGatewayHandler(gateway)
  let stopping = false
  const answer = (request: Request, server: Bun.Server<undefined>): Promise<Response> | Response => {
    const target = splitTarget(request)
    if (!target) return badTarget()
    const { path, query } = target
    if (path === '/healthz' || path === '/readyz') {
      if (request.method !== 'GET' && request.method !== 'HEAD') return wrongMethod(request.method)
      return path === '/healthz' ? plainText(200, 'ok') : ready(stopping ? 'stopping' : options.notReady())
    }
    const called = dataPlane(request, path, query)
    if (called) {
      // Models may think for minutes before their first byte: the upstream's timeouts decide, not the listener's.
      server.timeout(request, 0)
      return stopping ? called.then(closing) : called
    }
    const rest = MANAGED.test(path) ? options.rest : undefined
    return rest?.(request, server) ?? unknownPath(request.method, path)
  }
  const server = serve(options, answer)
  return {
    url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${server.port}`,
    port: server.port ?? options.port,
    async stop(graceMs) {
      stopping = true
      await until(() => gateway.inFlight === 0, graceMs)
      const cut = gateway.inFlight
      // A call is over when its record is durable; its last bytes may still be on their way out.
      await until(() => server.pendingRequests === 0, FLUSH_MS)
      await server.stop(true)
      return cut
    },
  }
}

function serve(
  options: ServerOptions,
  fetch: (request: Request, server: Bun.Server<undefined>) => Promise<Response> | Response,
) {
  try {
    return Bun.serve({
      hostname: options.host,
      port: options.port,
      reusePort: options.reusePort ?? false,
      idleTimeout: IDLE_SECONDS,
      // The data plane counts bodies itself and answers in the caller's dialect; this wall is behind that one.
      maxRequestBodySize: options.gateway.limits.bodyBytes + 1024 * 1024,
      fetch,
      error: () => errorResponse(toCallError(undefined), 'openai-chat', newId('call')),
    })
  } catch (error) {
    throw new AppError(
      'conflict',
      `cannot listen on ${options.host}:${options.port}: ${error instanceof Error ? error.message : String(error)} Choose another with --port, or stop what uses it.`,
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

function closing(response: Response): Response {
  response.headers.set('connection', 'close')
  return response
}

function plainText(status: number, text: string): Response {
  const headers = { 'cache-control': 'no-store', 'content-type': 'text/plain', 'x-request-id': newId('call') }
  return new Response(`${text}\n`, { status, headers })
}

function ready(problem: string | undefined): Response {
  return problem === undefined ? plainText(200, 'ready') : plainText(503, problem)
}

function wrongMethod(method: string): Response {
  const error = new AppError('method_not_allowed', `${method} is not possible here: use GET`)
  const response = errorResponse(toCallError(error), 'openai-chat', newId('call'))
  response.headers.set('allow', 'GET, HEAD')
  return response
}

function badTarget(): Response {
  const error = new AppError(
    'invalid_request',
    'the request target or its Host header is not valid: send one Host and a path',
  )
  return errorResponse(toCallError(error), 'openai-chat', newId('call'))
}

function unknownPath(method: string, path: string): Response {
  const error = new AppError('unknown_path', `${method} ${path.slice(0, 200)} does not exist here`)
  return errorResponse(toCallError(error), dialectOfPath(path), newId('call'))
}

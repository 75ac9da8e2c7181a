import type { Control } from '../control/control.ts'
import { AppError } from '../errors.ts'
import { type MetricsRules, openMetrics } from './metrics.ts'
import { arrivalReader, checkHost, type Arrival, type OriginRules } from './origin.ts'
import { methodNotAllowed, problemResponse } from './problem.ts'

/** What the handler needs of the server that it is mounted on. */
export type Peer = {
  readonly requestIP?: (request: Request) => { readonly address: string } | null
  /** Of Bun: 0 lets a quiet stream stay open. */
  readonly timeout?: (request: Request, seconds: number) => void
}

export type ControlHandlerInput = {
  /** Throws `not_ready` in words while there is none. */
  readonly control: () => Control
  readonly rules: OriginRules
  readonly newRequestId: () => string
  /** Without it there is nothing at `/metrics`. */
  readonly metrics?: MetricsRules
  readonly log?: (level: 'info' | 'warn' | 'error', message: string, fields: Readonly<Record<string, unknown>>) => void
}

export type ControlHandler = (request: Request, server: Peer) => Promise<Response>

const SECURITY: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
}

/** What is known of a request before it is routed. */
export type At = { readonly requestId: string; readonly arrival: Arrival; readonly server: Peer }

export type Answer = (request: Request, at: At) => Promise<Response>

/** Everything below `/api`, `/docs` and `/console`, `/metrics`, and `/` for browsers. Never throws. */
export function createControlHandler(input: ControlHandlerInput): ControlHandler {
  const readArrival = arrivalReader(input.rules)
  const metrics = input.metrics && answerMetrics(input.metrics, input.control)
  const failed = (error: unknown, request: Request, { requestId }: At): Response => {
    const path = new URL(request.url).pathname
    if (!(error instanceof AppError)) {
      const { message, stack } = error instanceof Error ? error : new Error(String(error))
      input.log?.('error', message, { request_id: requestId, path, stack })
    }
    return problemResponse(error, path, requestId)
  }
  let api: Promise<Answer> | undefined
  const route: Answer = async (request, at) => {
    if (metrics && new URL(request.url).pathname === '/metrics') return metrics(request, at)
    api ??= import('./api.ts').then(({ createApi }) => createApi(input, failed))
    return (await api)(request, at)
  }

  return async (request, server) => {
    const requestId = input.newRequestId()
    const arrival = readArrival(request, server.requestIP?.(request)?.address ?? null)
    const at = { requestId, arrival, server }
    const refused = refuse(request, input.rules)
    const response = refused
      ? problemResponse(refused, new URL(request.url).pathname, requestId)
      : await route(request, at).catch((error: unknown) => failed(error, request, at))
    for (const [name, value] of Object.entries(SECURITY))
      if (!response.headers.has(name)) response.headers.set(name, value)
    // An answer that was passed on keeps the id of its call.
    if (!response.headers.has('x-request-id')) response.headers.set('x-request-id', requestId)
    return response
  }
}

/** Collectors ask all day long, also where nobody ever opens the console: they need no more than this. */
function answerMetrics(rules: MetricsRules, control: () => Control): Answer {
  const metrics = openMetrics(rules, control)
  return async (request, { requestId, arrival, server }) => {
    const { method, headers } = request
    if (method !== 'GET' && method !== 'HEAD') return methodNotAllowed(request, requestId, 'GET')
    const from = { address: arrival.address, browser: headers.get('user-agent'), requestId }
    const response = await metrics(request, server.requestIP?.(request)?.address ?? null, from)
    return method === 'HEAD' ? new Response(null, response) : response
  }
}

/** Refuses, before anything is routed, a Host that is not ours and a path that could be read in two ways. */
function refuse(request: Request, rules: OriginRules): AppError | null {
  try {
    checkHost(request, rules)
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
  const { pathname } = new URL(request.url)
  const ambiguous = /\/\/|%2e|%5c|\\|%00/i.test(pathname)
  return ambiguous
    ? new AppError(
        'invalid_request',
        'The path can be read in more than one way: write it without "//" and encoded dots.',
      )
    : null
}

import { Hono } from 'hono'
import { ROUTES, type RouteName } from '../contract/api/routes.ts'
import type { Route } from '../contract/route.ts'
import { type Actor, authorise } from '../control/actor.ts'
import type { Control } from '../control/control.ts'
import { AppError } from '../errors.ts'
import { checkCsrf, sessionCookie, whoSends } from './authenticate.ts'
import { bind, readBody, versionAsked } from './bind.ts'
import { openConsole } from './console-files.ts'
import { docsPage } from './docs-page.ts'
import { HANDLERS } from './handlers.ts'
import { type MetricsRules, openMetrics } from './metrics.ts'
import { openApi } from './openapi.ts'
import { arrivalReader, checkHost, checkSameSite, type Arrival, type OriginRules } from './origin.ts'
import { problemResponse } from './problem.ts'

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

const BASE = '/api/v1'
const SECURITY: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
}

/** What is known of a request before it is routed. */
type At = { readonly requestId: string; readonly arrival: Arrival; readonly server: Peer }

/** Everything below `/api`, `/docs` and `/console`, `/metrics`, and `/` for browsers. Never throws. */
export function createControlHandler(input: ControlHandlerInput): ControlHandler {
  const readArrival = arrivalReader(input.rules)
  const pages = openConsole()
  const app = new Hono<{ Bindings: At }>()

  const answer = async (
    name: RouteName,
    request: Request,
    params: Record<string, string>,
    at: At,
  ): Promise<Response> => {
    const route: Route = ROUTES[name]
    const control = input.control()
    const from = { address: at.arrival.address, browser: request.headers.get('user-agent'), requestId: at.requestId }
    const actor = await whoSends(request, control.signIn, from)
    authorise(actor, route.action)
    if (route.method !== 'GET') {
      checkSameSite(request, at.arrival, input.rules)
      checkCsrf(request, actor)
    }
    const version = versionAsked(request)
    const text = await readBody(request, route)
    const bound = bind(route, params, new URL(request.url).searchParams, text)
    const cookies: string[] = []
    const run = async (): Promise<Response> => {
      // Each handler is typed by its own endpoint; which one it is, is known only by name here.
      const handler = HANDLERS[name] as (value: unknown, call: unknown) => unknown
      const result = await handler(bound, {
        control,
        actor,
        from,
        version,
        request,
        setSession: (session: { cookie: string; expiresAt: number } | null) =>
          void cookies.push(sessionCookie(session?.cookie ?? null, at.arrival.secure, session?.expiresAt)),
        linkTo: (token: string) => `${input.rules.publicUrl ?? at.arrival.origin}/console/join#${token}`,
      })
      return result instanceof Response ? result : toResponse(route, result)
    }
    if (route.produces === 'events') at.server.timeout?.(request, 0)
    const response = await (idempotencyKey(request, route, actor) === null
      ? run()
      : once(control, actor, idempotencyKey(request, route, actor) ?? '', `${name}\n${request.url}\n${text}`, run))
    for (const cookie of cookies) response.headers.append('set-cookie', cookie)
    return response
  }

  for (const [name, route] of Object.entries(ROUTES) as [RouteName, Route][]) {
    app.on(route.method, BASE + route.path.replaceAll(/\{(\w+)\}/g, ':$1'), (c) => {
      const wantsCsv = name === 'listCalls' && c.req.header('accept')?.startsWith('text/csv')
      return answer(wantsCsv ? 'exportCalls' : name, c.req.raw, c.req.param(), c.env)
    })
  }
  const methods = new Map<string, Set<string>>()
  for (const { path, method } of Object.values(ROUTES)) methods.set(path, (methods.get(path) ?? new Set()).add(method))
  for (const [path, allowed] of methods) {
    app.all(BASE + path.replaceAll(/\{(\w+)\}/g, ':$1'), (c) => {
      return methodNotAllowed(c.req.raw, c.env.requestId, [...allowed].join(', '))
    })
  }
  if (input.metrics) {
    const metrics = openMetrics(input.metrics, input.control)
    app.get('/metrics', (c) => {
      const { arrival, server, requestId } = c.env
      const from = { address: arrival.address, browser: c.req.header('user-agent') ?? null, requestId }
      return metrics(c.req.raw, server.requestIP?.(c.req.raw)?.address ?? null, from)
    })
    app.all('/metrics', (c) => methodNotAllowed(c.req.raw, c.env.requestId, 'GET'))
  }
  app.get(`${BASE}/openapi.json`, (c) => c.body(openApi(), 200, { 'content-type': 'application/json' }))
  app.get('/docs', () => docsPage())
  app.get('/', () => new Response(null, { status: 302, headers: { location: '/console/' } }))
  app.on('GET', ['/console', '/console/*'], (c) => pages.serve(c.req.raw))

  app.notFound((c) =>
    problemResponse(
      new AppError('unknown_path', 'There is nothing at this path. GET /api/v1/openapi.json lists what there is.'),
      new URL(c.req.url).pathname,
      c.env.requestId,
    ),
  )
  app.onError((error, c) => {
    const path = new URL(c.req.url).pathname
    if (!(error instanceof AppError))
      input.log?.('error', error.message, { request_id: c.env.requestId, path, stack: error.stack })
    return problemResponse(error, path, c.env.requestId)
  })

  return async (request, server) => {
    const requestId = input.newRequestId()
    const arrival = readArrival(request, server.requestIP?.(request)?.address ?? null)
    const refused = refuse(request, input.rules)
    const response = refused
      ? problemResponse(refused, new URL(request.url).pathname, requestId)
      : await app.fetch(request, { requestId, arrival, server })
    for (const [name, value] of Object.entries(SECURITY))
      if (!response.headers.has(name)) response.headers.set(name, value)
    // An answer that was passed on keeps the id of its call.
    if (!response.headers.has('x-request-id')) response.headers.set('x-request-id', requestId)
    return response
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

function methodNotAllowed({ method, url }: Request, requestId: string, allowed: string): Response {
  const error = new AppError('method_not_allowed', `${method} is not possible here: use ${allowed}.`)
  const response = problemResponse(error, new URL(url).pathname, requestId)
  response.headers.set('allow', allowed)
  return response
}

function toResponse(route: Route, result: unknown): Response {
  if (result === undefined) return new Response(null, { status: 204 })
  const response = Response.json(result, { status: route.status ?? 200 })
  const { version } = result as { version?: unknown }
  if (typeof version === 'number' && (route.versioned || route.status === 201))
    response.headers.set('etag', `"${version}"`)
  return response
}

function idempotencyKey(request: Request, route: Route, actor: Actor): string | null {
  return route.method === 'POST' && actor.role !== null ? request.headers.get('idempotency-key') : null
}

async function once(
  control: Control,
  actor: Actor,
  key: string,
  request: string,
  run: () => Promise<Response>,
): Promise<Response> {
  const { status, body } = await control.idempotency.once(actor, key, request, async () => {
    const response = await run()
    return { status: response.status, body: await response.text() }
  })
  return new Response(body === '' ? null : body, { status, headers: { 'content-type': 'application/json' } })
}

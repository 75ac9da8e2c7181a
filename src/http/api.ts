// What management answers below /api, /docs and /console. A room of its own, loaded with the first request for it: with its schemas it is
// most of the code there is, and each pause of the garbage collector grows with what a process has loaded.
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
import { openApi } from './openapi.ts'
import { checkSameSite } from './origin.ts'
import { methodNotAllowed, problemResponse } from './problem.ts'
import type { Answer, At, ControlHandlerInput } from './server.ts'

const BASE = '/api/v1'

/** `failed` answers what a handler throws. */
export function createApi(
  input: ControlHandlerInput,
  failed: (error: unknown, request: Request, at: At) => Response,
): Answer {
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
  app.onError((error, c) => failed(error, c.req.raw, c.env))
  return async (request, at) => app.fetch(request, at)
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

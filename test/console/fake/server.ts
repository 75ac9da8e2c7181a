import { ROUTES, type RouteName } from '../../../src/contract/api/routes.ts'
import { openConsole } from '../../../src/http/console-files.ts'
import { makeCall } from './calls.ts'
import { type FakeOptions, type Handlers, handlersFor } from './handlers.ts'
import { chat } from './model.ts'

/** A gateway of the management API's types alone, rich in data: for looking at pages and for faults that a real one does not have. */
export function startFake(options: FakeOptions = {}) {
  const files = openConsole()
  const handlers = handlersFor(options)
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    async fetch(request) {
      const url = new URL(request.url)
      if (url.pathname === '/') return Response.redirect('/console/', 302)
      if (url.pathname.startsWith('/console/')) return files.serve(request)
      if (url.pathname === '/api/v1/playground/chat') return chat(options.xss ?? false, await request.json())
      if (url.pathname === '/api/v1/calls/tail') return tail(options.empty || options.xss ? 0 : 1500)
      return answer(request, url, handlers, options.fail)
    },
  })
  return { url: server.url.origin, stop: () => server.stop(true) }
}

async function answer(
  request: Request,
  url: URL,
  handlers: Handlers,
  fail: ReadonlySet<string> | undefined,
): Promise<Response> {
  const path = url.pathname.replace('/api/v1', '')
  const problem = (status: number, code: string, detail: string) =>
    Response.json(
      {
        type: `https://portreeve.example/errors/${code}`,
        title: code,
        status,
        detail,
        instance: url.pathname,
        code,
        request_id: 'req_fake',
      },
      { status, headers: { 'content-type': 'application/problem+json' } },
    )
  for (const [name, route] of Object.entries(ROUTES)) {
    const params = match(route.path, path)
    if (!params || route.method !== request.method) continue
    if (fail?.has(name))
      return problem(
        503,
        'not_ready',
        'The database cannot be reached. Calls go on with the last snapshot; see `portreeve doctor`.',
      )
    if (fail?.has(`${name}:denied`)) return problem(403, 'forbidden', 'Your role viewer may not take this action.')
    if (fail?.has(`${name}:changed`))
      return problem(412, 'precondition_failed', 'It was changed to version 4 meanwhile.')
    const parse = (part: 'query' | 'body', value: unknown) => {
      const schema = (
        route as { query?: { parse: (v: unknown) => unknown }; body?: { parse: (v: unknown) => unknown } }
      )[part]
      return schema ? schema.parse(value) : undefined
    }
    const handler = handlers[name as RouteName] as ((value: unknown) => unknown) | undefined
    if (!handler) return problem(404, 'not_found', `${name} is not part of this fake`)
    try {
      const text = await request.text()
      const result = await handler({
        params,
        query: parse('query', Object.fromEntries(url.searchParams)),
        body: text ? parse('body', JSON.parse(text)) : undefined,
      })
      return result === undefined ? new Response(null, { status: 204 }) : Response.json(result)
    } catch (error) {
      return String(error).includes('404')
        ? problem(404, 'not_found', 'There is no such thing.')
        : problem(400, 'invalid_request', String(error))
    }
  }
  return problem(404, 'unknown_path', `no endpoint ${path}`)
}

function match(pattern: string, path: string): Record<string, string> | null {
  const names: string[] = []
  const regex = new RegExp(
    `^${pattern.replaceAll('.', '\\.').replaceAll(/\{(\w+)\}/g, (_, name: string) => (names.push(name), '([^/]+)'))}$`,
  )
  const found = regex.exec(path)
  return found && Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(found[index + 1] ?? '')]))
}

function tail(everyMs: number): Response {
  let timer: ReturnType<typeof setInterval>
  let index = 1000
  return new Response(
    new ReadableStream<string>({
      start(controller) {
        controller.enqueue(': open\n\n')
        if (everyMs)
          timer = setInterval(
            () => controller.enqueue(`event: call\ndata: ${JSON.stringify(makeCall(index++, Date.now()))}\n\n`),
            everyMs,
          )
      },
      cancel: () => clearInterval(timer),
    }).pipeThrough(new TextEncoderStream()),
    { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' } },
  )
}

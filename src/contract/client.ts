import { AppError, ERRORS, type ErrorCode } from '../errors.ts'
import type { Problem } from './problem.ts'
import type { Route, RouteInput, RouteResult } from './route.ts'

/** What a call may say beside its input. */
export type CallOptions = {
  /** The `version` of what is being changed: refused with `precondition_failed` when somebody changed it meanwhile. */
  readonly version?: number
  readonly signal?: AbortSignal
  readonly idempotencyKey?: string
}

/** Sends one endpoint's request and resolves to its typed result; throws an `AppError` with the code of the problem. */
export type Client = <R extends Route>(
  route: R,
  ...rest: Partial<RouteInput<R>> extends RouteInput<R>
    ? [input?: RouteInput<R>, options?: CallOptions]
    : [input: RouteInput<R>, options?: CallOptions]
) => Promise<RouteResult<R>>

/** The one client of the management API: `send` is `fetch` or a handler in the same process. */
export function createClient(
  send: (request: Request) => Promise<Response>,
  base: string,
  headers: () => Record<string, string> = () => ({}),
): Client {
  return async (route, ...[input, options = {}]) => {
    const request = new Request(
      base + addressOf(route, input ?? {}),
      requestInit(route, input ?? {}, options, headers()),
    )
    const response = await send(request)
    if (!response.ok) throw await problemIn(response)
    if (response.status === 204) return undefined as never
    return (route.produces === 'csv' ? await response.text() : await response.json()) as never
  }
}

type AnyInput = {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, unknown>>
  readonly body?: unknown
}

/** Path and query of one call: `/api/v1/calls?limit=50`. */
export function addressOf(route: Route, input: AnyInput): string {
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(input.params?.[name] ?? ''))
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(input.query ?? {})) {
    if (value === undefined || value === null || value === '') continue
    for (const item of Array.isArray(value) ? value : [value]) query.append(name, String(item))
  }
  return `/api/v1${path}${query.size ? `?${query}` : ''}`
}

function requestInit(route: Route, input: AnyInput, options: CallOptions, extra: Record<string, string>): RequestInit {
  const headers: Record<string, string> = { accept: 'application/json, application/problem+json', ...extra }
  if (options.version !== undefined) headers['if-match'] = `"${options.version}"`
  if (options.idempotencyKey) headers['idempotency-key'] = options.idempotencyKey
  const init: RequestInit = { method: route.method, headers }
  if (options.signal) init.signal = options.signal
  if (input.body !== undefined) {
    headers['content-type'] = route.merge ? 'application/merge-patch+json' : 'application/json'
    init.body = JSON.stringify(input.body)
  }
  return init
}

/** The problem of a refused answer as an error, or what the status alone says when the body is no problem. */
export async function problemIn(response: Response): Promise<AppError> {
  const text = await response.text()
  try {
    const problem = JSON.parse(text) as Problem
    if (!(problem.code in ERRORS)) throw new TypeError('unknown code')
    return new AppError(problem.code as ErrorCode, problem.detail, {
      status: problem.status,
      ...(problem.retry_after_ms === undefined ? {} : { retryAfterMs: problem.retry_after_ms }),
      ...(problem.errors && { findings: problem.errors.map((e) => ({ place: e.pointer, message: e.detail })) }),
    })
  } catch {
    return new AppError('internal', `The gateway answered ${response.status} without saying why.`, {
      status: response.status,
    })
  }
}

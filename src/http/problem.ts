import type { Problem } from '../contract/problem.ts'
import { AppError } from '../errors.ts'

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Sign in first',
  402: 'Budget used up',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  412: 'Changed meanwhile',
  413: 'Too large',
  422: 'Not accepted',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Not ready',
}

/** An error as RFC 9457 says it. What is no `AppError` says nothing but the request id: its text may hold anything. */
export function problemOf(error: unknown, instance: string, requestId: string): Problem {
  const known = error instanceof AppError ? error : undefined
  const status = known?.status ?? 500
  const findings = known?.details.findings?.map(({ place, message }) => ({ pointer: place, detail: message }))
  const field =
    known?.details.field === undefined ? undefined : [{ pointer: `/${known.details.field}`, detail: known.message }]
  const errors = findings ?? field
  return {
    type: `/docs#${known?.code ?? 'internal'}`,
    title: TITLES[status] ?? 'Error',
    status,
    detail: known?.message ?? `Something went wrong in the gateway. Its log says more about the request ${requestId}.`,
    instance,
    code: known?.code ?? 'internal',
    request_id: requestId,
    ...(errors && { errors }),
    ...(known?.details.retryAfterMs !== undefined && { retry_after_ms: known.details.retryAfterMs }),
  }
}

export function problemResponse(error: unknown, instance: string, requestId: string): Response {
  const problem = problemOf(error, instance, requestId)
  const headers = new Headers({ 'content-type': 'application/problem+json' })
  if (problem.retry_after_ms !== undefined) headers.set('retry-after', String(Math.ceil(problem.retry_after_ms / 1000)))
  if (problem.status === 401) headers.set('www-authenticate', 'Bearer realm="portreeve management"')
  return new Response(JSON.stringify(problem), { status: problem.status, headers })
}

/** `allowed` are the methods that are possible, as `allow` has them. */
export function methodNotAllowed({ method, url }: Request, requestId: string, allowed: string): Response {
  const error = new AppError('method_not_allowed', `${method} is not possible here: use ${allowed}.`)
  const response = problemResponse(error, new URL(url).pathname, requestId)
  response.headers.set('allow', allowed)
  return response
}

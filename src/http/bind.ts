import type { z } from 'zod'
import { readIssue } from '../contract/issue-words.ts'
import type { Route } from '../contract/route.ts'
import { AppError } from '../errors.ts'

const LARGEST_BODY = 6_000_000

/** The validated parts of a request. */
export type Bound = { params?: unknown; query?: unknown; body?: unknown }

/** Validates path, query and body by the endpoint's own schemas. Throws `invalid_request` with every field at fault. */
export function bind(
  route: Route,
  params: Readonly<Record<string, string>>,
  query: URLSearchParams,
  body: string,
): Bound {
  const findings: { place: string; message: string }[] = []
  const check = (schema: z.ZodType | undefined, value: unknown, place: (path: string) => string) => {
    if (!schema) return undefined
    const result = schema.safeParse(value)
    if (result.success) return result.data
    for (const issue of result.error.issues)
      for (const { path, message } of readIssue(schema, issue, value))
        findings.push({ place: place(path.join('/')), message })
    return undefined
  }
  const bound = {
    params: check(route.params, params, (path) => `{${path}}`),
    query: check(route.query?.strict(), Object.fromEntries(query), (path) => `?${path}`),
    body: check(route.body, route.body ? readJson(body) : undefined, (path) => `/${path}`),
  }
  const [first] = findings
  if (first)
    throw new AppError('invalid_request', `${first.place}: ${first.message}${/[.?]$/.test(first.message) ? '' : '.'}`, {
      findings,
    })
  return bound
}

function readJson(text: string): unknown {
  if (text === '') return {}
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new AppError('invalid_json', `The body is not JSON: ${(error as Error).message}.`)
  }
}

/** The body as text, refused when it is too large or is not said to be JSON. */
export async function readBody(request: Request, route: Route): Promise<string> {
  if (!route.body) return ''
  const { largestBody = LARGEST_BODY } = route
  const declared = Number(request.headers.get('content-length') ?? 0)
  if (declared > largestBody) throw tooLarge(largestBody)
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  const allowed = route.merge ? ['application/merge-patch+json', 'application/json'] : ['application/json']
  if (request.body && declared !== 0 && !allowed.includes(type ?? '')) {
    throw new AppError('invalid_request', `The content type must be ${allowed[0]}.`, {
      field: 'Content-Type',
      status: 415,
    })
  }
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength
    if (size > largestBody) throw tooLarge(largestBody)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function tooLarge(largest: number): AppError {
  return new AppError('body_too_large', `The body is larger than ${largest} bytes.`)
}

/** The version that `If-Match` asks for; null when there is none or any will do. */
export function versionAsked(request: Request): number | null {
  const text = request.headers.get('if-match')
  if (text === null || text.trim() === '*') return null
  const version = /^(?:W\/)?"(\d+)"$/.exec(text.trim())?.[1]
  if (version === undefined) throw new AppError('precondition_failed', 'If-Match is not an ETag of this API.')
  return Number(version)
}

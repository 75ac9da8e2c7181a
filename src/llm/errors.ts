// From what a vendor says of a failure to one error, whose retryability is decided here once.
import { AppError, ERRORS, type ErrorCode } from '../errors.ts'
import { utf8 } from '../lib/bytes.ts'
import { asNumber, asObject, asText } from './json.ts'
import { retryAfterOf } from './retry-after.ts'
import type { CallError, JsonObject } from './spec.ts'

/** The failure as a call's error, for the formats to print. */
export function callErrorOf(error: AppError): CallError {
  const { code, message, details } = error
  return {
    ...callError(code, message, details.retryAfterMs),
    status: error.status,
    ...(details.field === undefined ? {} : { field: details.field }),
  }
}

export function callError(code: ErrorCode, message: string, retryAfterMs?: number): CallError {
  const { status, retryable } = ERRORS[code]
  return retryAfterMs === undefined
    ? { code, status, message, retryable }
    : { code, status, message, retryable, retryAfterMs }
}

/** A stream that stopped before its terminal event. */
export const cutStream = (): CallError =>
  callError('upstream_failed', 'the provider ended the stream before the answer was complete')

/** Statuses that some vendors put into words inside a 200. */
const STATUS_OF_WORD: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  invalid_argument: 400,
  failed_precondition: 400,
  invalid_prompt: 400,
  validationexception: 400,
  authentication_error: 401,
  unauthenticated: 401,
  invalid_api_key: 401,
  billing_error: 402,
  permission_error: 403,
  permission_denied: 403,
  not_found_error: 404,
  not_found: 404,
  model_not_found: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  rate_limit_exceeded: 429,
  resource_exhausted: 429,
  insufficient_quota: 429,
  throttlingexception: 429,
  too_many_requests: 429,
  api_error: 500,
  server_error: 500,
  internal: 500,
  internal_error: 500,
  modelstreamerrorexception: 500,
  internalserverexception: 500,
  unavailable: 503,
  serviceunavailableexception: 503,
  service_unavailable: 503,
  timeout_error: 504,
  deadline_exceeded: 504,
  overloaded_error: 529,
  overloaded: 529,
}

const CONTEXT =
  /context[ _-]?(?:length|window|limit)|input is too long|maximum context|prompt is too long|too many (?:input )?tokens|input token count.*exceed|exceeds? the (?:max|token)|string_above_max_length/i
const FILTERED = /content[ _-]?(?:filter|policy|management)|responsibleaipolicy|flagged|safety/i
const QUOTA =
  /insufficient[_ ]quota|exceeded your current quota|credit balance|billing|payment required|insufficient (?:balance|credit)/i

/** What decides: the status, then the vendor's words. */
function codeOf(status: number, words: string, message: string): ErrorCode {
  switch (status) {
    case 400:
    case 422:
      if (CONTEXT.test(`${words} ${message}`)) return 'context_length_exceeded'
      if (FILTERED.test(words) || /content management policy|content[_ ]filter/i.test(message))
        return 'content_filtered'
      if (/api key not valid|api_key_invalid|invalid api key/i.test(`${words} ${message}`))
        return 'upstream_unauthorized'
      if (/model_not_found|model .*(?:does not exist|not found)/i.test(`${words} ${message}`)) return 'model_not_found'
      if (/unsupported_(?:parameter|value)/i.test(words)) return 'unsupported_parameter'
      return QUOTA.test(`${words} ${message}`) ? 'quota_exceeded' : 'invalid_request'
    case 401:
    case 498:
      return 'upstream_unauthorized'
    case 402:
      return 'quota_exceeded'
    case 403:
      return QUOTA.test(`${words} ${message}`) ? 'quota_exceeded' : 'upstream_unauthorized'
    case 404:
      return 'model_not_found'
    case 408:
    case 504:
    case 524:
      return 'upstream_timeout'
    case 409:
      return 'conflict'
    case 413:
      return 'body_too_large'
    case 424:
      return 'upstream_failed'
    case 508:
      return 'loop_detected'
    case 429:
      return QUOTA.test(`${words} ${message}`) ? 'quota_exceeded' : 'rate_limited'
    case 503:
    case 529:
      return 'overloaded'
    default:
      return status >= 500 ? 'upstream_failed' : status >= 400 ? 'invalid_request' : 'upstream_failed'
  }
}

/** Statuses that the caller sees as the vendor gave them; the others get the status of their code. */
export const PASSED_ON: ReadonlySet<number> = new Set([400, 404, 409, 413, 422, 429, 500, 503, 529])

export type VendorFailure = {
  /** The HTTP status, or what the vendor's words stand for. */
  readonly status?: number | undefined
  readonly type?: string | undefined
  readonly code?: string | undefined
  readonly message?: string | undefined
  readonly field?: string | undefined
  readonly retryAfterMs?: number | undefined
}

const SECRET = /\b(?:sk|pk|rk|xai|gsk|AIza|key|AKIA|ASIA)[-_A-Za-z0-9*]{12,}/g

const silent = (status: number) =>
  status >= 300 && status < 400
    ? `the provider answered ${status}, a redirect, which is never followed: its operator must check base_url`
    : `the provider answered ${status} without a message`

/** One failure of a vendor. Keys that vendors quote in their messages are hidden. */
export function vendorError(failure: VendorFailure): CallError {
  const words = `${failure.type ?? ''} ${failure.code ?? ''}`.trim()
  const implied =
    STATUS_OF_WORD[(failure.code ?? '').toLowerCase()] ?? STATUS_OF_WORD[(failure.type ?? '').toLowerCase()]
  const numeric = /^[45]\d\d$/.test(failure.code ?? '') ? Number(failure.code) : undefined
  const status = failure.status !== undefined && failure.status >= 400 ? failure.status : (numeric ?? implied ?? 502)
  const message = (failure.message ?? '').replaceAll(SECRET, '[hidden]').trim()
  const code = codeOf(status, words, message)
  return {
    code,
    status: PASSED_ON.has(status) && code !== 'upstream_unauthorized' ? status : ERRORS[code].status,
    message: message || silent(failure.status ?? status),
    retryable: code === 'quota_exceeded' ? false : ERRORS[code].retryable || status === 409,
    ...(failure.retryAfterMs === undefined ? {} : { retryAfterMs: failure.retryAfterMs }),
    ...(failure.field === undefined ? {} : { field: failure.field }),
    vendor: {
      ...(failure.status === undefined ? {} : { status: failure.status }),
      ...(failure.type === undefined ? {} : { type: failure.type }),
      ...(failure.code === undefined ? {} : { code: failure.code }),
    },
  }
}

/** Google's `RetryInfo` among the error's details. */
export function retryInfoOf(details: unknown): number | undefined {
  if (!Array.isArray(details)) return undefined
  for (const detail of details) {
    const delay = asText(asObject(detail)?.['retryDelay'])
    const seconds = delay === undefined ? undefined : /^([\d.]+)s$/.exec(delay)?.[1]
    if (seconds !== undefined) return Math.ceil(Number(seconds) * 1000)
  }
  return undefined
}

/** The failure in the error object of whichever shape: OpenAI, Anthropic, Google, FastAPI, Cohere, AWS. */
export function failureIn(body: JsonObject): VendorFailure {
  const inner =
    asObject(body['error']) ?? asObject(asObject(body['detail'])?.['error']) ?? asObject(body['detail']) ?? body
  const words = (name: string) => asText(inner[name]) ?? asNumber(inner[name])?.toString()
  const metadata = asObject(inner['metadata'])
  const raw = asText(metadata?.['raw'])
  const message =
    words('message') ??
    asText(body['error']) ??
    asText(body['detail']) ??
    asText(body['message']) ??
    asText(body['Message']) ??
    asText(asObject((body['detail'] as unknown[] | undefined)?.[0])?.['msg'])
  return {
    type: words('status') ?? words('type') ?? asText(body['__type']) ?? asText(body['type']),
    code: words('code') ?? asText(body['code']),
    message: raw !== undefined && message !== undefined ? `${message}: ${raw.slice(0, 500)}` : message,
    field: asText(inner['param']),
    retryAfterMs: retryInfoOf(inner['details']),
  }
}

/** Reads any vendor's error answer. */
export function readError(status: number, headers: Headers, bytes: Uint8Array): CallError {
  const text = utf8(bytes, 0, Math.min(bytes.length, 65536))
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    body = undefined
  }
  const object = asObject(Array.isArray(body) ? body[0] : body)
  const failure: VendorFailure = object ? failureIn(object) : { message: /^\s*</.test(text) ? '' : text.slice(0, 500) }
  const amazon = headers.get('x-amzn-errortype')?.split(':')[0]
  return vendorError({
    ...failure,
    status,
    ...(amazon === undefined || failure.type !== undefined ? {} : { type: amazon }),
    retryAfterMs: retryAfterOf(status, headers) ?? failure.retryAfterMs,
  })
}

/**
 * Every error that Portreeve can answer: code → HTTP status and whether the same call may succeed when it is sent again.
 * Each wire format renders the code in its own envelope; commands print the message and use exit code 1, or 2 for `invalid_usage`.
 */
export const ERRORS = {
  invalid_usage: { status: 400, retryable: false },
  invalid_request: { status: 400, retryable: false },
  invalid_json: { status: 400, retryable: false },
  unsupported_parameter: { status: 400, retryable: false },
  context_length_exceeded: { status: 400, retryable: false },
  content_filtered: { status: 400, retryable: false },
  missing_api_key: { status: 401, retryable: false },
  invalid_api_key: { status: 401, retryable: false },
  revoked_api_key: { status: 401, retryable: false },
  expired_api_key: { status: 401, retryable: false },
  unauthenticated: { status: 401, retryable: false },
  budget_exceeded: { status: 402, retryable: false },
  forbidden: { status: 403, retryable: false },
  model_not_allowed: { status: 403, retryable: false },
  not_found: { status: 404, retryable: false },
  model_not_found: { status: 404, retryable: false },
  unknown_path: { status: 404, retryable: false },
  method_not_allowed: { status: 405, retryable: false },
  request_timeout: { status: 408, retryable: true },
  conflict: { status: 409, retryable: false },
  precondition_failed: { status: 412, retryable: false },
  body_too_large: { status: 413, retryable: false },
  invalid_configuration: { status: 422, retryable: false },
  rate_limited: { status: 429, retryable: true },
  quota_exceeded: { status: 429, retryable: false },
  client_closed: { status: 499, retryable: false },
  mirror_stopped: { status: 499, retryable: false },
  internal: { status: 500, retryable: true },
  upstream_failed: { status: 502, retryable: true },
  upstream_invalid: { status: 502, retryable: true },
  upstream_unauthorized: { status: 502, retryable: false },
  overloaded: { status: 503, retryable: true },
  provider_unavailable: { status: 503, retryable: true },
  limits_unavailable: { status: 503, retryable: true },
  not_ready: { status: 503, retryable: true },
  upstream_timeout: { status: 504, retryable: true },
  loop_detected: { status: 508, retryable: false },
} as const satisfies Record<string, { status: number; retryable: boolean }>

export type ErrorCode = keyof typeof ERRORS

/** What an error may say beside its message. Nothing here may hold a secret: all of it can reach the caller. */
export type ErrorDetails = {
  /** The request field or the option at fault, as the caller wrote it (`messages[2].role`, `--port`). */
  readonly field?: string
  /** Milliseconds after which the same call may succeed. */
  readonly retryAfterMs?: number
  /** Further findings of the same request, each with its own place. */
  readonly findings?: readonly { readonly place: string; readonly message: string }[]
  /** Status to answer when it must differ from the table's, as when an upstream's status is passed on. */
  readonly status?: number
}

/** The one error class. `code` decides status and wire type; `message` says what to do and is safe to show. */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.details = details
  }

  get status(): number {
    return this.details.status ?? ERRORS[this.code].status
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable
  }
}

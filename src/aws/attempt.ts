import { AppError } from '../errors.ts'

/** A call that AWS refused to whoever runs Portreeve: what to allow them. */
export type MissingPermission = { readonly action: string; readonly resource: string; readonly message: string }

export type Outcome<T> =
  | { readonly kind: 'found'; readonly value: T }
  | { readonly kind: 'absent' }
  | { readonly kind: 'denied'; readonly missing: MissingPermission }

/** Names by which services say that something does not exist. */
const ABSENT =
  /^(NoSuch\w+|\w*NotFound(Exception|Fault)?|ParameterNotFound|ResourceNotFoundException|NotFound|AWSOrganizationsNotInUseException|InvalidParameterValue\.NotFound|Invalid\w+ID\.NotFound)$/
const DENIED = /^(AccessDenied(Exception)?|UnauthorizedOperation|AuthorizationError|Forbidden|403|OptInRequired)$/

/**
 * Makes one call of AWS. That the thing is absent or the caller may not see it are answers; everything else is an `AppError` that
 * says what to do. `action` and `resource` are what the caller needs, for the case that AWS does not name them.
 */
export async function attempt<T>(action: string, resource: string, call: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { kind: 'found', value: await call() }
  } catch (error) {
    const { name, message, status } = described(error)
    // The answer to a HEAD has no body, and so no code.
    if (DENIED.test(name) || (status === 403 && name.startsWith('Unknown')))
      return { kind: 'denied', missing: missingFrom(message, action, resource) }
    if (ABSENT.test(name) || (status === 404 && name.startsWith('Unknown'))) return { kind: 'absent' }
    throw awsError(action, error)
  }
}

/** What AWS says of an error: its code and message, whatever class the SDK made of it. */
export function described(error: unknown): {
  readonly name: string
  readonly message: string
  readonly status: number
} {
  if (!(error instanceof Error)) return { name: 'Unknown', message: String(error), status: 0 }
  const metadata = '$metadata' in error ? (error.$metadata as { httpStatusCode?: number } | undefined) : undefined
  const code = 'Code' in error && typeof error.Code === 'string' ? error.Code : error.name
  return { name: code, message: error.message, status: metadata?.httpStatusCode ?? 0 }
}

function missingFrom(message: string, action: string, resource: string): MissingPermission {
  const named = /not authorized to perform: (\S+)(?: on resource: (\S+))?/.exec(message)
  return { action: named?.[1] ?? action, resource: named?.[2] ?? resource, message: oneLine(message) }
}

function oneLine(message: string): string {
  return message
    .replace(/\s*Deserialization error:.*$/s, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, 600)
}

/** An error of AWS or of the way to it, as one that Portreeve shows. */
export function awsError(action: string, error: unknown): AppError {
  if (error instanceof AppError) return error
  const { name, message, status } = described(error)
  const said = oneLine(message)
  if (
    /^(CredentialsProviderError|ExpiredToken(Exception)?|InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|InvalidSignatureException|AuthFailure)$/.test(
      name,
    )
  ) {
    return new AppError(
      'unauthenticated',
      `AWS credentials are missing or not valid (${action}): ${said}. Sign in, or set AWS_PROFILE.`,
      {},
      error,
    )
  }
  if (/region is missing/i.test(message)) {
    return new AppError(
      'invalid_usage',
      'The AWS region is not known: give --region, or set AWS_REGION.',
      { field: '--region' },
      error,
    )
  }
  if (/Throttl|RequestLimitExceeded|TooManyRequests|SlowDown/.test(name)) {
    return new AppError(
      'overloaded',
      `AWS throttles ${action}, also after several tries: run it again in a minute.`,
      {},
      error,
    )
  }
  if (
    /^(TimeoutError|NetworkingError|ECONN\w+|ENOTFOUND|ConnectionRefused|FailedToOpenSocket|AbortError)$/.test(name) ||
    /connect|ENOTFOUND|socket|getaddrinfo/i.test(message)
  ) {
    return new AppError(
      'upstream_failed',
      `AWS cannot be reached for ${action}: ${said}. Check network, proxy and region.`,
      {},
      error,
    )
  }
  const code = status >= 500 ? 'upstream_failed' : status === 409 ? 'conflict' : 'invalid_request'
  return new AppError(code, `AWS refused ${action}: ${name}: ${said}`, {}, error)
}

/** The denials among outcomes, each named once. */
export function missingPermissions(outcomes: readonly Outcome<unknown>[]): readonly MissingPermission[] {
  const found = new Map<string, MissingPermission>()
  for (const outcome of outcomes) {
    if (outcome.kind === 'denied') found.set(`${outcome.missing.action} ${outcome.missing.resource}`, outcome.missing)
  }
  return [...found.values()]
}

/** Time as apply and register see it; tests pass one that does not wait. */
export type Clock = { readonly now: () => number; readonly sleep: (ms: number) => Promise<void> }

export const systemClock: Clock = { now: () => Date.now(), sleep: (ms) => Bun.sleep(ms) }

import { AppError } from '../errors.ts'
import type { TimeoutOverrides } from '../contract/routing.ts'
import type { ServedEndpoint, SnapshotCredential, SnapshotTarget } from '../snapshot/snapshot.ts'
import { isDynamic } from '../llm/auth/authorize.ts'
import type { Call } from './call.ts'
import type { Gateway } from './gateway.ts'
import { requestTo, targetOf, type Address } from './request-head.ts'
import { Upcall } from './upcall.ts'
import { sendBuiltIn } from './upstream/built-in.ts'
import type { PhaseTimeouts } from './upstream/exchange.ts'

/** What goes to the upstream: `path` is below the origin's base path, `lines` are further header lines. */
export type Outgoing = {
  readonly served: ServedEndpoint
  /** POST where nothing is said, as for all whose head is worth keeping. */
  readonly method?: string
  readonly path: string
  readonly contentType: string
  readonly lines: string
  readonly body: Uint8Array
}

/** Begins one attempt at one target. The attempt is on the call's list from here on; `settle` completes it. */
export function send(
  gateway: Gateway,
  call: Call,
  target: SnapshotTarget,
  credential: SnapshotCredential | undefined,
  outgoing: Outgoing,
  overrides?: TimeoutOverrides,
): Upcall {
  const { provider } = target
  call.target = target
  call.attempts.push({
    provider: provider.id,
    model: target.model,
    key: credential?.id ?? null,
    status: null,
    error_code: null,
    started_ms: Math.round(call.elapsed() * 1000) / 1000,
    duration_ms: 0,
  })
  const upcall = new Upcall(call.stream)
  const { body, path, method = 'POST' } = outgoing
  if (provider.builtIn) upcall.exchange = sendBuiltIn(method, path, body, upcall)
  else {
    const address: Address = { provider, credential, outgoing }
    const lines = outgoing.lines + call.hopLine
    const timeouts = timeoutsOf(target, overrides)
    if (isDynamic(outgoing.served.auth, credential?.secret)) void prove(gateway, upcall, address, lines, timeouts)
    else begin(gateway, upcall, address, lines, timeouts)
  }
  return upcall
}

function begin(gateway: Gateway, upcall: Upcall, address: Address, lines: string, timeouts: PhaseTimeouts): void {
  upcall.exchange = gateway.pool.send(address.outgoing.served.origin, requestTo(address, lines), timeouts, upcall)
}

/** Completes the last attempt's entry. */
export function settle(call: Call, status: number | null, errorCode: string | null): void {
  const attempt = call.attempts.at(-1)
  if (!attempt) return
  const duration = call.elapsed() - attempt.started_ms
  attempt.status = status
  attempt.error_code = errorCode
  attempt.duration_ms = Math.round(duration * 1000) / 1000
  call.upstreamMs += duration
}

/** An alias may name timeouts of its own. */
function timeoutsOf(
  { provider: { timeouts } }: SnapshotTarget,
  overrides: TimeoutOverrides | undefined,
): PhaseTimeouts {
  if (!overrides) return timeouts
  return {
    connectMs: overrides.connect_ms ?? timeouts.connectMs,
    firstByteMs: overrides.first_byte_ms ?? timeouts.firstByteMs,
    idleMs: overrides.idle_ms ?? timeouts.idleMs,
    totalMs: overrides.total_ms ?? timeouts.totalMs,
  }
}

/** Signs, or fetches what signing needs, and then begins; a failure to do so is the attempt's. */
async function prove(
  gateway: Gateway,
  upcall: Upcall,
  address: Address,
  lines: string,
  timeouts: PhaseTimeouts,
): Promise<void> {
  const { provider, credential, outgoing } = address
  const { served, body, contentType, method = 'POST' } = outgoing
  const [path = '', query] = targetOf(address).split('?')
  const request = {
    method,
    host: served.origin.host,
    path,
    ...(query ? { query } : {}),
    headers: method === 'POST' ? { 'content-type': contentType } : {},
    body,
  }
  try {
    const proof = await gateway.authorizer.prove(served.auth, credential?.secret, request, provider.variables['region'])
    const proven = Object.entries(proof.headers).map(([name, value]) => `${name}: ${value}\r\n`)
    if (!upcall.abandoned) begin(gateway, upcall, address, lines + proven.join(''), timeouts)
  } catch (cause) {
    const error =
      cause instanceof AppError
        ? cause
        : new AppError('provider_unavailable', `the provider "${provider.id}" could not be signed in to`, {}, cause)
    upcall.onFailure({ error, phase: 'connect', mayHaveReached: false })
  }
}

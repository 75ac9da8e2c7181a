import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import { authorise } from '../control/actor.ts'
import type { Control } from '../control/control.ts'
import type { Origin } from '../control/sign-in.ts'
import { AppError } from '../errors.ts'
import { METRICS_TYPES, metricsFormat, renderMetrics, type MetricFamily } from '../lib/open-metrics.ts'
import { within } from '../lib/within.ts'
import { whoSends } from './authenticate.ts'

/** A token that was good is good for this long while the database, which knows tokens, does not answer. */
const REMEMBERED_MS = 3_600_000
const MAX_REMEMBERED = 16
const DATABASE_WAIT_MS = 1_000

/** Headers with which a proxy speaks for somebody else. */
const PROXIED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via']

export type MetricsRules = {
  readonly collect: () => Promise<readonly MetricFamily[]>
  /** The listener serves management alone, and on this machine only: then who is on this machine may read without a token. */
  readonly loopbackOnly: boolean
}

/** Answers `GET /metrics`. Throws `unauthenticated` or `forbidden`. */
export function openMetrics(
  rules: MetricsRules,
  control: () => Control,
  clock: () => number = Date.now,
): (request: Request, peer: string | null, from: Origin) => Promise<Response> {
  const remembered = new Map<string, number>()

  const check = async (request: Request, from: Origin): Promise<void> => {
    const digest = createHash('sha256')
      .update(request.headers.get('authorization') ?? '')
      .digest('hex')
    const known = (remembered.get(digest) ?? -Infinity) > clock() - REMEMBERED_MS
    try {
      const asked = (async () => authorise(await whoSends(request, control().signIn, from), 'overview:Read'))()
      await (known ? within(asked, DATABASE_WAIT_MS) : asked)
    } catch (error) {
      const refused = error instanceof AppError && error.code !== 'not_ready'
      if (refused) remembered.delete(digest)
      if (refused || !known) throw error
      return
    }
    remembered.delete(digest)
    if (remembered.size >= MAX_REMEMBERED) remembered.delete(remembered.keys().next().value ?? '')
    remembered.set(digest, clock())
  }

  return async (request, peer, from) => {
    const open = rules.loopbackOnly && isLoopback(peer) && isDirect(request)
    if (!open) await check(request, from)
    const format = metricsFormat(request.headers.get('accept'))
    const text = renderMetrics(await rules.collect(), format)
    return new Response(text, { headers: { 'content-type': METRICS_TYPES[format], vary: 'accept' } })
  }
}

function isLoopback(peer: string | null): boolean {
  const address = (peer ?? '').replace(/^::ffff:/i, '')
  return isIP(address) !== 0 && (address === '::1' || address.startsWith('127.'))
}

const LOOPBACK_NAME = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i

/** Whoever sends a token wants it looked at; who comes through a proxy is somewhere else; and a browser is not a collector. */
function isDirect({ headers }: Request): boolean {
  if (!LOOPBACK_NAME.test(headers.get('host') ?? '')) return false
  return [...PROXIED, 'authorization', 'sec-fetch-site', 'origin'].every((name) => !headers.has(name))
}

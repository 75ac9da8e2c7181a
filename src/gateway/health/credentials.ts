import { SlidingWindow } from '../../quota/window.ts'

const MINUTE_MS = 60_000
/** First rest of a credential when the vendor did not say how long; doubles each time. */
const FIRST_REST_MS = { rate_limited: 5_000, rejected: 60_000 } as const
const LONGEST_REST_MS = { rate_limited: 300_000, rejected: 3_600_000 } as const
const PROBE_MS = 60_000

/** Why a credential rests: the vendor limits it, or does not accept it. */
export type RestReason = 'rate_limited' | 'rejected'

/** What the pool needs to know of a credential. Never its secret. */
export type CredentialFacts = {
  readonly id: string
  readonly weight: number
  readonly expiresAt: number | null
  readonly requestsPerMinute?: number | undefined
  readonly tokensPerMinute?: number | undefined
  /** Changes with the secret: a new secret is not blamed for the old one. */
  readonly version?: number | bigint
}

type Entry = {
  facts: CredentialFacts
  requests: SlidingWindow | undefined
  tokens: SlidingWindow | undefined
  restUntil: number
  reason: RestReason | undefined
  rests: number
  probeAt: number
  inFlight: number
  /** Rises with each rest: what a use from before it tells is old news. */
  epoch: number
}

/** A credential in use by one attempt. */
export type CredentialUse = {
  readonly id: string
  readonly ticket: number
  readonly tokens: number
  readonly epoch: number
}

/** What of a credential's state people and other processes may see. */
export type CredentialState = {
  readonly id: string
  readonly state: 'ready' | 'resting' | 'probing' | 'expired'
  readonly reason: RestReason | null
  readonly restUntil: number | null
  readonly inFlight: number
}

/** The credentials of one provider: who may be used now, by weight; who rests until when; one probe before it is trusted again. */
export class CredentialPool {
  #entries: Entry[] = []

  constructor(credentials: readonly CredentialFacts[]) {
    this.configure(credentials)
  }

  /** Takes up a new configuration; what is known of credentials that stay is kept. */
  configure(credentials: readonly CredentialFacts[]): void {
    const before = new Map(this.#entries.map((entry) => [entry.facts.id, entry]))
    this.#entries = credentials.map((facts) => {
      const known = before.get(facts.id)
      const entry = known && known.facts.version === facts.version ? known : newEntry(facts)
      entry.facts = facts
      entry.requests = windowFor(entry.requests, facts.requestsPerMinute)
      entry.tokens = windowFor(entry.tokens, facts.tokensPerMinute)
      return entry
    })
  }

  /** Chooses a credential by weight among those that are ready, leaving out `tried`; undefined when there is none. */
  pick(now: number, random: () => number, tokens = 0, tried?: ReadonlySet<string>): CredentialUse | undefined {
    let total = 0
    let only: Entry | undefined
    for (const entry of this.#entries) {
      if (tried?.has(entry.facts.id) || !isReady(entry, now, tokens)) continue
      total += entry.facts.weight
      only ??= entry
    }
    if (!only) return undefined
    let chosen = only
    let point = random() * total
    for (const entry of this.#entries) {
      if (tried?.has(entry.facts.id) || !isReady(entry, now, tokens)) continue
      chosen = entry
      point -= entry.facts.weight
      if (point < 0) break
    }
    if (chosen.restUntil > 0) chosen.probeAt = now
    chosen.inFlight++
    chosen.requests?.take(now, 1)
    return { id: chosen.facts.id, ticket: chosen.tokens?.take(now, tokens) ?? 0, tokens, epoch: chosen.epoch }
  }

  /** The vendor accepted the credential. Returns whether that ended a rest: an answer to a call from before it does not. */
  succeed({ id, epoch }: CredentialUse): boolean {
    const entry = this.#find(id)
    if (!entry || entry.restUntil === 0 || entry.epoch !== epoch) return false
    wake(entry)
    return true
  }

  /** Lets a credential rest for as long as the vendor said, else for longer each time. Never shortens a rest. Returns its end. */
  rest(id: string, reason: RestReason, now: number, vendorMs?: number): number | undefined {
    const entry = this.#find(id)
    if (!entry) return undefined
    const guess = Math.min(FIRST_REST_MS[reason] * 2 ** Math.min(entry.rests, 20), LONGEST_REST_MS[reason])
    if (entry.restUntil <= now) entry.rests++
    this.adopt(id, reason, now + Math.max(1, vendorMs ?? guess))
    return entry.restUntil
  }

  /** Takes over a rest that another process saw; 0 ends it. */
  adopt(id: string, reason: RestReason, until: number): void {
    const entry = this.#find(id)
    if (!entry) return
    if (until === 0) wake(entry)
    else if (until > entry.restUntil) {
      entry.restUntil = until
      entry.reason = reason
      entry.probeAt = -Infinity
      entry.epoch++
    }
  }

  /** The attempt is over. `tokens` are the ones it really used. */
  release(use: CredentialUse, now: number, tokens: number): void {
    const entry = this.#find(use.id)
    if (!entry) return
    entry.inFlight = Math.max(0, entry.inFlight - 1)
    if (entry.epoch === use.epoch) entry.probeAt = -Infinity
    entry.tokens?.settle(now, use.ticket, use.tokens, tokens)
  }

  /** Milliseconds until some credential may be used: 0 now, Infinity never. */
  waitMs(now: number, tokens = 0): number {
    let shortest = Infinity
    for (const entry of this.#entries) {
      if (isExpired(entry, now)) continue
      let wait = entry.restUntil > now ? entry.restUntil - now : 0
      if (entry.restUntil > 0 && wait === 0) wait = Math.max(0, entry.probeAt + PROBE_MS - now)
      wait = Math.max(wait, entry.requests?.waitMs(now, 1) ?? 0, entry.tokens?.waitMs(now, tokens) ?? 0)
      shortest = Math.min(shortest, wait)
    }
    return shortest
  }

  /** Whether some credential beside the tried ones could be used now. */
  isReady(now: number, tried: ReadonlySet<string>): boolean {
    return this.#entries.some((entry) => !tried.has(entry.facts.id) && isReady(entry, now, 0))
  }

  /** Whether another credential than this one could be used now. */
  hasOther(id: string, now: number): boolean {
    return this.#entries.some((entry) => entry.facts.id !== id && isReady(entry, now, 0))
  }

  states(now: number): CredentialState[] {
    return this.#entries.map((entry) => ({
      id: entry.facts.id,
      state: stateOf(entry, now),
      reason: entry.reason ?? null,
      restUntil: entry.restUntil || null,
      inFlight: entry.inFlight,
    }))
  }

  #find(id: string): Entry | undefined {
    for (const entry of this.#entries) if (entry.facts.id === id) return entry
    return undefined
  }
}

function newEntry(facts: CredentialFacts): Entry {
  return {
    facts,
    requests: undefined,
    tokens: undefined,
    restUntil: 0,
    reason: undefined,
    rests: 0,
    probeAt: -Infinity,
    inFlight: 0,
    epoch: 0,
  }
}

function windowFor(window: SlidingWindow | undefined, limit: number | undefined): SlidingWindow | undefined {
  if (limit === undefined) return undefined
  if (!window) return new SlidingWindow(limit, MINUTE_MS)
  window.limit = limit
  return window
}

function wake(entry: Entry): void {
  entry.restUntil = 0
  entry.reason = undefined
  entry.rests = 0
  entry.probeAt = -Infinity
}

function isExpired(entry: Entry, now: number): boolean {
  return entry.facts.expiresAt !== null && entry.facts.expiresAt <= now
}

function isReady(entry: Entry, now: number, tokens: number): boolean {
  if (isExpired(entry, now)) return false
  if (entry.restUntil > 0 && (entry.restUntil > now || entry.probeAt + PROBE_MS > now)) return false
  return (entry.requests?.fits(now, 1) ?? true) && (entry.tokens?.fits(now, tokens) ?? true)
}

function stateOf(entry: Entry, now: number): CredentialState['state'] {
  if (isExpired(entry, now)) return 'expired'
  if (entry.restUntil === 0) return 'ready'
  return entry.restUntil > now ? 'resting' : 'probing'
}

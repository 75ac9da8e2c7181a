import { LocalBank } from '../quota/bank.ts'
import { Budgets } from '../quota/budget.ts'
import { Limiter } from '../quota/limits.ts'
import type { Bank } from '../quota/meter.ts'
import type { Snapshot, SnapshotAlias, SnapshotProvider } from '../snapshot/snapshot.ts'
import type { Usage } from '../llm/spec.ts'
import { MemoryAnswers, type AnswerStore } from './cache/answer-store.ts'
import { Answers } from './cache/answers.ts'
import { Guards } from './guard/compile.ts'
import { HealthBoard } from './health/board.ts'
import { Origins } from './kept/origins.ts'
import { RetryBudget } from './retry.ts'
import { compileAlias, type CompiledAlias } from './route/alias.ts'

/** The sections of one snapshot that steer traffic, compiled. */
export type Traffic = {
  readonly limiter: Limiter
  readonly budgets: Budgets
  readonly guards: Guards
  /** Absent when nothing is cached. */
  readonly answers: Answers | undefined
  readonly aliasOf: (alias: SnapshotAlias) => CompiledAlias
}

/** What is counted and learned about traffic. Outlives snapshots. */
export class TrafficState {
  readonly bank: Bank
  readonly health = new HealthBoard()
  readonly retries = new RetryBudget()
  readonly origins: Origins
  #snapshot: Snapshot | undefined
  #traffic: Traffic | undefined
  /** Budgets of earlier snapshots that calls still hold money of. */
  #earlier: Budgets[] = []

  readonly #sharedAnswers: AnswerStore | undefined
  #memory: MemoryAnswers | undefined

  /** `sharedAnswers` is the store for `cache.store: redis`. */
  constructor(bank: Bank = new LocalBank(), sharedAnswers?: AnswerStore, origins: Origins = new Origins()) {
    this.bank = bank
    this.origins = origins
    this.#sharedAnswers = sharedAnswers
  }

  /** The compiled traffic rules of a snapshot: compiled once, when the first call arrives with it. */
  for(snapshot: Snapshot): Traffic {
    if (this.#snapshot === snapshot && this.#traffic) return this.#traffic
    this.#snapshot = snapshot
    if (this.#traffic && this.#traffic.budgets.openCount > 0) this.#earlier.push(this.#traffic.budgets)
    this.#traffic = this.#compile(snapshot)
    return this.#traffic
  }

  /** Gives back what lost calls have reserved. Call now and then. */
  sweep(now: number): void {
    this.origins.sweep(now)
    this.#traffic?.budgets.sweep(now)
    for (const budgets of this.#earlier) budgets.sweep(now)
    this.#earlier = this.#earlier.filter((budgets) => budgets.openCount > 0)
  }

  #compile(snapshot: Snapshot): Traffic {
    this.health.configure([...snapshot.providers.values()].map(toSettings))
    const aliases = new WeakMap<SnapshotAlias, CompiledAlias>()
    const world = {
      healthOf: (provider: string, model: string) => this.health.target(provider, model),
      priceOf: (id: string, model: string) => {
        const provider = snapshot.providers.get(id)
        return (provider && provider.cost(model, MILLION_EACH, Date.now()).micros) || undefined
      },
    }
    return {
      limiter: new Limiter(snapshot.traffic.limits, this.bank),
      budgets: new Budgets(snapshot.traffic.budgets, this.bank),
      guards: new Guards(snapshot.traffic.guards),
      answers: this.#answersFor(snapshot),
      aliasOf: (alias) => {
        let compiled = aliases.get(alias)
        if (!compiled) aliases.set(alias, (compiled = compileAlias(alias.source, world)))
        return compiled
      },
    }
  }

  /** Kept answers outlive a change of the configuration, as long as it says where to keep them. */
  #answersFor({ traffic: { cache } }: Snapshot): Answers | undefined {
    if (!cache || cache.rules.length === 0) return undefined
    if (cache.store === 'redis' && this.#sharedAnswers) return new Answers(cache, this.#sharedAnswers)
    this.#memory ??= new MemoryAnswers(cache.max_bytes)
    this.#memory.maxBytes = cache.max_bytes
    return new Answers(cache, this.#memory)
  }
}

export const NO_USAGE: Usage = {
  inputUncached: 0,
  cacheRead: 0,
  cacheWrite5m: 0,
  cacheWrite1h: 0,
  output: 0,
  reasoning: 0,
  audioIn: 0,
  audioOut: 0,
  imageIn: 0,
  imageOut: 0,
  serverTools: {},
}

const MILLION_EACH: Usage = { ...NO_USAGE, inputUncached: 1_000_000, output: 1_000_000 }

function toSettings({ id, breaker, credentials }: SnapshotProvider) {
  return {
    id,
    breaker,
    credentials: credentials.map(({ id, weight, expiresAt, secret, requestsPerMinute, tokensPerMinute }) => ({
      id,
      weight,
      expiresAt: Number.isFinite(expiresAt) ? expiresAt : null,
      requestsPerMinute,
      tokensPerMinute,
      version: Bun.hash(secret),
    })),
  }
}

// The load of the soak: calls one after the other to fill caches, then calls at a rate, as users make them, whatever becomes of those before.
import { planOf } from './soak-calls.ts'
import type { SoakClient } from './soak-client.ts'
import type { SoakGateway } from './soak-gateway.ts'

/** What became of the calls of one stretch. */
export type Outcome = {
  readonly made: number
  readonly answered: number
  readonly failed: number
  readonly left: number
  /** Failed calls by what was said. */
  readonly failures: ReadonlyMap<string, number>
  /** Until the last call was over. */
  readonly seconds: number
  /** Of the gateway's core, 0 to 1. */
  readonly share: number
  /** What nine of ten honest calls stay under. */
  readonly honestMs: number
}

/** Calls at a time while the caches fill. */
const PARALLEL = 48
const FIRST_RATE = 200
const STEP = 1.25
const STEP_SECONDS = 5
/** A step with more than this is too much for the gateway. */
const MOST_SHARE = 0.9
const MOST_HONEST_MS = 100
const MOST_FAILED = 0.01

export class SoakLoad {
  readonly #client: SoakClient
  readonly #gateway: SoakGateway
  /** Calls made so far; each call is what its number says. */
  #next = 0

  constructor(client: SoakClient, gateway: SoakGateway) {
    this.#client = client
    this.#gateway = gateway
  }

  /** Always so many calls at once, until `calls` are made or the time is over. */
  async fill(calls: number, seconds: number): Promise<void> {
    const until = performance.now() + seconds * 1_000
    const last = this.#next + calls
    const worker = async () => {
      while (this.#next < last && performance.now() < until) await this.#client.call(this.#next++)
    }
    await Promise.all(Array.from({ length: PARALLEL }, worker))
  }

  /** The highest rate that the gateway takes: raised step by step until its core is busy, calls wait or calls fail, twice. */
  async capacity(): Promise<number> {
    let taken = 0
    for (let rate = FIRST_RATE; ; rate *= STEP) {
      if (!(await this.#takes(rate)) && !(await this.#takes(rate))) return taken
      taken = rate
    }
  }

  async #takes(rate: number): Promise<boolean> {
    const { made, failed, share, honestMs } = await this.at(rate, STEP_SECONDS)
    const takes = share <= MOST_SHARE && honestMs <= MOST_HONEST_MS && failed <= made * MOST_FAILED
    const percent = (share * 100).toFixed(0)
    console.log(
      `${rate.toFixed(0)} calls a second: ${percent} % of a core, honest calls within ${honestMs.toFixed(0)} ms, ${failed} failed${takes ? '' : ': too much'}`,
    )
    return takes
  }

  /** So many calls a second. */
  async at(rate: number, seconds: number): Promise<Outcome> {
    const counts = { answered: 0, failed: 0, left: 0 }
    const failures = new Map<string, number>()
    const honest: number[] = []
    const call = async (index: number) => {
      const asked = performance.now()
      const { how, code } = await this.#client.call(index)
      counts[how]++
      if (how === 'failed') failures.set(code, (failures.get(code) ?? 0) + 1)
      if (planOf(index).first === 'honest') honest.push(performance.now() - asked)
    }
    const running = new Set<Promise<void>>()
    const cpuBefore = this.#gateway.cpuMicros
    const began = performance.now()
    let made = 0
    for (let now = began; now - began < seconds * 1_000; now = performance.now()) {
      for (const due = Math.floor(((now - began) * rate) / 1_000); made < due; made++) {
        const one: Promise<void> = call(this.#next++).finally(() => running.delete(one))
        running.add(one)
      }
      await Bun.sleep(5)
    }
    const share = (this.#gateway.cpuMicros - cpuBefore) / ((performance.now() - began) * 1_000)
    await Promise.all(running)
    honest.sort((a, b) => a - b)
    const honestMs = honest[Math.floor(honest.length * 0.9)] ?? 0
    return { ...counts, made, failures, seconds: (performance.now() - began) / 1_000, share, honestMs }
  }
}

import { AppError } from '../errors.ts'

const WINDOW_MS = 15 * 60_000
const LARGEST = 10_000

/** Slows down guessing: after `allowed` failures within a quarter of an hour, further tries are refused until the first is that old. */
export type GuessLimit = {
  /** Throws `rate_limited` when there were too many failures under one of the names. */
  readonly check: (...names: string[]) => void
  readonly failed: (...names: string[]) => void
  readonly succeeded: (...names: string[]) => void
}

export function createGuessLimit(allowed: number, clock: () => number): GuessLimit {
  const failures = new Map<string, number[]>()
  const recent = (name: string) => (failures.get(name) ?? []).filter((at) => at > clock() - WINDOW_MS)
  return {
    check(...names) {
      for (const name of names) {
        const times = recent(name)
        if (times.length < allowed) continue
        const retryAfterMs = (times[0] ?? 0) + WINDOW_MS - clock()
        throw new AppError(
          'rate_limited',
          `Too many tries have failed. Try again in ${Math.ceil(retryAfterMs / 60_000)} minutes.`,
          { retryAfterMs },
        )
      }
    },
    failed(...names) {
      for (const name of names) {
        const times = [...recent(name), clock()]
        // The oldest name goes: an attacker who makes up names cannot fill the memory.
        if (failures.size >= LARGEST && !failures.has(name)) failures.delete(failures.keys().next().value ?? '')
        failures.set(name, times)
      }
    },
    succeeded(...names) {
      for (const name of names) failures.delete(name)
    },
  }
}

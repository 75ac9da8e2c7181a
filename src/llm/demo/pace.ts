/** How time passes for the demo. Tests give one that does not wait. */
export type Pace = {
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted first. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>
}

export const realPace: Pace = {
  wait: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const onAbort = () => {
        clearTimeout(timer)
        reject(signal.reason)
      }
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }, ms)
      signal.addEventListener('abort', onAbort, { once: true })
    }),
}

const FIRST_MS = 120
const TOKEN_MS = [22, 31, 26, 38, 24, 29, 20, 34]
const LONGEST_MS = 8_000

/** Milliseconds to wait before each of `tokens` pieces: 20–40 ms a token after the first, and 8 s in all at most. */
export function delays(tokens: number): (index: number) => number {
  const whole = FIRST_MS + tokens * 28
  const scale = whole > LONGEST_MS ? LONGEST_MS / whole : 1
  return (index) => (index === 0 ? FIRST_MS : TOKEN_MS[index % TOKEN_MS.length]!) * scale
}

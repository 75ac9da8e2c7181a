/** Numbers that look random and are the same in each run. */
export function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296
    return state / 4294967296
  }
}

export const pick = <T>(next: () => number, values: readonly T[]): T => values[Math.floor(next() * values.length)] as T

// Memory and descriptors over the time of the soak, and whether they grow.
import type { SoakGateway } from './soak-gateway.ts'

type Sample = { readonly at: number; readonly rss: number; readonly descriptors: number }

/** A straight line in so much a minute. */
export type Trend = {
  readonly slope: number
  /** The lowest of each window. */
  readonly lowest: readonly number[]
  /** Through every sample. */
  readonly plainSlope: number
  readonly least: number
  readonly most: number
}

export class SoakSamples {
  readonly #samples: Sample[] = []
  readonly #seconds: number
  readonly #settleSeconds: number
  /** Memory is collected in waves: of each window only the lowest value counts. */
  readonly windowSeconds: number

  /** Nothing counts before `settleSeconds`: caches fill and code is compiled first. */
  constructor(seconds: number, settleSeconds: number) {
    this.#seconds = seconds
    this.#settleSeconds = settleSeconds
    this.windowSeconds = Math.min(30, (seconds - settleSeconds) / 6)
  }

  /** Takes one each second until the returned function is called. */
  begin(gateway: SoakGateway): () => void {
    const began = performance.now()
    const take = () =>
      this.#samples.push({
        at: (performance.now() - began) / 1_000,
        rss: gateway.rssMiB,
        descriptors: gateway.descriptors,
      })
    const timer = setInterval(take, 1_000)
    return () => clearInterval(timer)
  }

  trend(what: 'rss' | 'descriptors'): Trend {
    const settled = this.#samples.filter(({ at }) => at >= this.#settleSeconds)
    const values = settled.map((sample) => sample[what])
    const lowest = this.#lowest(what)
    return {
      slope: slopeOf(lowest),
      lowest: lowest.map(([, value]) => value),
      plainSlope: slopeOf(settled.map((sample) => [sample.at / 60, sample[what]])),
      least: Math.min(...values),
      most: Math.max(...values),
    }
  }

  /** The lowest sample of each window, by minute. */
  #lowest(what: 'rss' | 'descriptors'): [minute: number, lowest: number][] {
    const windows = new Map<number, [number, number]>()
    for (const sample of this.#samples) {
      const window = Math.floor((sample.at - this.#settleSeconds) / this.windowSeconds)
      // The last window is rarely whole.
      if (window < 0 || this.#settleSeconds + (window + 1) * this.windowSeconds > this.#seconds + 0.5) continue
      const lowest = windows.get(window)
      if (!lowest || sample[what] < lowest[1]) windows.set(window, [sample.at / 60, sample[what]])
    }
    return [...windows.values()]
  }
}

/** Least squares. */
function slopeOf(points: readonly (readonly [number, number])[]): number {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length
  const over = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  return over / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
}

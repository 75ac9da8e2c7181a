import type { GatewayProcess } from './gateway-process.ts'

const TICK_MS = 100
/** The longest delay is of the last one or two of these, so that whoever asks every 15 seconds sees each. */
const WINDOW_MS = 15_000

/** What one process says of itself. Plain data: it goes over IPC. */
export type ProcessFigures = {
  readonly residentBytes: number
  readonly cpuSeconds: number
  /** Seconds since the epoch. */
  readonly startedAt: number
  /** The longest time that the event loop was held up lately, in seconds. */
  readonly lagSeconds: number
  /** Of a process that serves calls. */
  readonly gateway: GatewayFigures | null
}

export type GatewayFigures = {
  readonly inFlight: number
  /** Open connections of clients. */
  readonly connections: number
  /** Requests to providers under way. */
  readonly upstream: number
}

/** Watches how late the event loop of this process is. */
export class LagWatch {
  #last = performance.now()
  #now = 0
  #before = 0
  #windowEnds = this.#last + WINDOW_MS
  readonly #timer: Timer

  constructor() {
    this.#timer = setInterval(() => this.#tick(performance.now()), TICK_MS)
    this.#timer.unref()
  }

  get seconds(): number {
    return Math.max(this.#now, this.#before) / 1_000
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #tick(now: number): void {
    if (now > this.#windowEnds) {
      this.#before = this.#now
      this.#now = 0
      this.#windowEnds = now + WINDOW_MS
    }
    this.#now = Math.max(this.#now, now - this.#last - TICK_MS)
    this.#last = now
  }
}

const startedAt = Date.now() / 1_000 - process.uptime()

export function processFigures(lag: LagWatch, gateway: Pick<GatewayProcess, 'figures'> | undefined): ProcessFigures {
  const { user, system } = process.cpuUsage()
  return {
    residentBytes: process.memoryUsage.rss(),
    cpuSeconds: (user + system) / 1_000_000,
    startedAt: Math.round(startedAt * 1_000) / 1_000,
    lagSeconds: lag.seconds,
    gateway: gateway?.figures() ?? null,
  }
}

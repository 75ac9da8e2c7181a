import type { Bench } from './upstreams.ts'

/** Where a load goes and what it must say there. */
export type Target = {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** The model as this gateway's clients name it. */
  readonly model: (name: string) => string
}

/** A gateway under test, started. */
export type Running = {
  /** The process at the root of the gateway's tree. */
  readonly pid: number
  readonly plain: Target
  readonly paced: Target
  /** The same upstreams in Anthropic's format, for clients that speak OpenAI's; absent where the gateway cannot translate. */
  readonly translated?: { readonly plain: Target; readonly paced: Target }
  readonly stop: () => Promise<void>
}

export type Contender = {
  readonly id: string
  readonly title: string
  readonly start: (bench: Bench) => Promise<Running>
}

/** What one round measured, by the column's id. */
export type Metrics = Readonly<Record<string, number>>

export type Column = { readonly id: string; readonly title: string; readonly unit: string; readonly digits?: number }

/** A promise about the medians of one run: a ratio or a figure, with its bound. */
export type Goal = {
  readonly says: string
  readonly value: (median: (contender: string, column: string) => number) => number
  readonly unit: string
  readonly atMost?: number
  readonly atLeast?: number
}

/** One table of the report. Adding a scenario is adding a file and a line in `scenarios/all.ts`. */
export type Scenario = {
  readonly id: string
  readonly title: string
  readonly contenders: readonly Contender[]
  readonly columns: readonly Column[]
  readonly rounds: number
  /** Measures one contender once. Rounds of the contenders are interleaved. */
  readonly measure: (running: Running, bench: Bench, contender: Contender) => Promise<Metrics>
  readonly goals: readonly Goal[]
}

export function defineScenario(scenario: Scenario): Scenario {
  return scenario
}

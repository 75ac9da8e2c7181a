// A client of the gateway: an official SDK, driven as its documentation says.
import type { Scenario } from '../vendors/scenario.ts'

export type Outcome = {
  readonly text: string
  readonly calls: readonly { readonly name: string; readonly args: unknown }[]
  readonly reasoning: string
  /** `stop`, `length`, `tools` or `refusal`. */
  readonly finish: string
  readonly usage?: { readonly input: number; readonly output: number; readonly cached: number } | undefined
}

/** What the SDK raised, reduced to what all of them tell. */
export type Failure = {
  readonly failed: true
  readonly message: string
  readonly status?: number | undefined
  readonly partial: string
}

export type Place = { readonly url: string; readonly key: string }

export type Driver = {
  readonly name: string
  /** Upstreams whose proofs of thinking the SDK itself forgets between two turns. */
  readonly forgets?: readonly string[]
  /** Runs the scenario to its end, both turns where it has two; the outcome is that of the last answer, and `first` that of the first. */
  run(
    place: Place,
    model: string,
    scenario: Scenario,
    stream: boolean,
  ): Promise<{ readonly outcome: Outcome | Failure; readonly first?: Outcome }>
}

export const WEATHER_SCHEMA = {
  type: 'object' as const,
  properties: {
    city: { type: 'string' as const },
    days: { type: 'array' as const, items: { type: 'integer' as const } },
  },
  required: ['city'],
}

export const ANSWER_SCHEMA = {
  type: 'object' as const,
  properties: { city: { type: 'string' as const }, days: { type: 'integer' as const } },
  required: ['city', 'days'],
  additionalProperties: false,
}

/** A red dot. */
export const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=='
export const QUESTION = 'What is the weather in Paris and Rome?'

/** The result of a tool call, as the caller's program would find it. */
export const resultOf = (args: any): string => `${args.city}: ${args.city === 'Paris' ? 21 : 25} °C`

export const usesTools = (scenario: Scenario) =>
  scenario === 'tools' || scenario === 'parallel' || scenario === 'reasoning'
export const hasTwoTurns = (scenario: Scenario) => scenario === 'parallel' || scenario === 'reasoning'

import { portreeve } from '../contenders.ts'
import { measurePlain } from '../load.ts'
import { defineScenario } from '../scenario.ts'
import { PLAIN_COLUMNS } from './plain.ts'

const ALIAS = `aliases:
  - name: fast
    targets: [{ provider: plain, model: gpt-4o-mini }]
    fallbacks: [{ provider: plain-anthropic, model: claude-haiku-4-5 }]
`

/** Three limits and a budget that the load never reaches. */
const POLICIES = `${ALIAS}limits:
  - { name: per-key, per: [key], requests_per_minute: 1000000000 }
  - { name: per-model, per: [key, model], tokens_per_minute: 1000000000000 }
  - { name: at-once, in_flight: 100000 }
budgets:
  - { name: month, amount_micros: 900000000000000 }
`

/** A day's allowance of one call. */
const USED_UP = `limits:
  - { name: one-a-day, per: [key], requests_per_day: 1 }
`

/** What a key of low priority gets of one call at a time is none. */
const LOW_KEY = 'prk-bench-low00000000000000000000000000000'
const LOW = `  - { name: low, secret: "${LOW_KEY}", priority: low, models: ["*"] }
`
const OVERLOADED = `overload: { max_in_flight: 1 }
`

const CACHE = `cache:
  rules: [{ for: {}, ttl_ms: 600000 }]
`

export const policies = defineScenario({
  id: 'policies',
  title: 'Three limits, a budget and an alias with a fallback, against none: plain JSON call, 64 connections, one core',
  contenders: [
    portreeve('without', 'none'),
    portreeve('with', 'limits, budget, fallback', { configuration: POLICIES, model: 'fast' }),
  ],
  columns: PLAIN_COLUMNS,
  rounds: 2,
  measure: (running, bench) => measurePlain(running, bench, 64),
  goals: [
    {
      says: 'CPU a request with policies, over without',
      value: (median) => median('with', 'cpuMicros') / median('without', 'cpuMicros'),
      unit: '×',
      atMost: 1.25,
    },
  ],
})

export const refusals = defineScenario({
  id: 'refusals',
  title: 'What a refusal costs: 64 connections, one core',
  contenders: [
    portreeve('proxied', 'proxied call'),
    portreeve('401', '401, unknown key', { key: 'prk_live_nobody' }),
    portreeve('429', '429, limit reached', { configuration: USED_UP }),
    portreeve('503', '503, overloaded', { configuration: OVERLOADED, keys: LOW, key: LOW_KEY }),
  ],
  columns: PLAIN_COLUMNS,
  rounds: 2,
  async measure(running, bench, { id }) {
    if (id !== '429') return measurePlain(running, bench, 64, id === 'proxied' ? 200 : Number(id))
    // The one call that the day allows; later rounds find it used up.
    await fetch(running.plain.url, {
      method: 'POST',
      headers: running.plain.headers,
      body: '{"model":"plain/gpt-4o-mini","messages":[]}',
    })
    return measurePlain(running, bench, 64, 429)
  },
  goals: ['401', '429', '503'].map((status) => ({
    says: `CPU of a ${status}, over a proxied call`,
    value: (median) => median(status, 'cpuMicros') / median('proxied', 'cpuMicros'),
    unit: '×',
    atMost: 0.5,
  })),
})

export const cached = defineScenario({
  id: 'cached',
  title: 'The same call again, answered from the cache: 64 connections, one core',
  contenders: [portreeve('passed', 'passed through'), portreeve('cached', 'from the cache', { configuration: CACHE })],
  columns: PLAIN_COLUMNS,
  rounds: 2,
  measure: (running, bench) => measurePlain(running, bench, 64),
  goals: [
    {
      says: 'throughput from the cache, over passed through',
      value: (median) => median('cached', 'perSecond') / median('passed', 'perSecond'),
      unit: '×',
      atLeast: 2,
    },
  ],
})

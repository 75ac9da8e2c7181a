// Fills a store with made-up calls and times what the console asks of it: bun bench/seed-calls.ts [--calls 1000000] [--database sqlite:PATH]
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { CallRecord } from '../src/contract/call.ts'
import { callsIn } from '../src/store/call.ts'
import type { CallQuery } from '../src/store/call-search.ts'
import { openStore, type Store } from '../src/store/open.ts'
import { rollupsIn } from '../src/store/rollup.ts'

const MODELS = [
  ['openai', 'gpt-4o-mini'],
  ['openai', 'gpt-5'],
  ['anthropic', 'claude-sonnet-4-5'],
  ['google', 'gemini-2.5-flash'],
  ['mistral', 'mistral-large'],
  ['local', 'llama-4'],
] as const
const DAY = 86_400_000
const BATCH = 2_048

/** A call that looks like one, the same for the same number. One in fifty fails, one in ten thousand is of a rare model. */
export function madeUpCall(index: number, count: number, now: number): CallRecord {
  const random = (salt: number) => ((Math.imul(index + 1, 2_654_435_761) ^ Math.imul(salt, 40_503)) >>> 8) / 0x1000000
  const [provider, model] =
    index % 10_000 === 0 ? (['rare', 'rare-model'] as const) : MODELS[Math.floor(random(1) * MODELS.length)]!
  const failed = random(2) < 0.02
  const key = Math.floor(random(3) ** 2 * 200)
  const total = 200 + random(4) ** 4 * 60_000
  const started = Math.floor(now - 30 * DAY + (index / count) * 30 * DAY)
  const attempt = {
    provider,
    model,
    key: 'default',
    status: failed ? 503 : 200,
    error_code: failed ? 'overloaded' : null,
    started_ms: 0.4,
    duration_ms: total,
  }
  return {
    id: `call_${started.toString(16)}${index.toString(16).padStart(8, '0')}`,
    started_at: started,
    key_id: `key_${key}`,
    key_name: `key-${key}`,
    team: key % 3 ? `team-${key % 12}` : null,
    application: null,
    end_user: random(5) < 0.1 ? `user-${Math.floor(random(6) * 5_000)}` : null,
    endpoint: 'chat.completions',
    dialect: 'openai',
    stream: random(7) < 0.6,
    model_asked: `${provider}/${model}`,
    provider,
    model_served: model,
    status: failed ? 503 : 200,
    error_code: failed ? 'overloaded' : null,
    finish_reason: failed ? null : 'stop',
    usage: failed
      ? null
      : {
          input: Math.floor(random(8) * 3_000),
          cache_read: 0,
          cache_write_5m: 0,
          cache_write_1h: 0,
          output: Math.floor(random(9) * 800),
          reasoning: 0,
          audio_input: 0,
          audio_output: 0,
          image_input: 0,
        },
    cost_micros: failed ? null : Math.floor(random(10) * 20_000),
    price_source: failed ? null : 'made up',
    first_byte_ms: total * 0.3,
    total_ms: total,
    overhead_ms: 0.4,
    attempts: [attempt],
    bytes_in: 900,
    bytes_out: 4_000,
    dropped: [],
    cache: null,
    guards: null,
  }
}

const QUERIES: readonly (readonly [string, CallQuery])[] = [
  ['newest', {}],
  ['failed', { outcome: 'error' }],
  ['one key', { key_id: 'key_7' }],
  ['one key, failed', { key_id: 'key_7', outcome: 'error' }],
  ['one provider', { provider: 'anthropic' }],
  ['rare model', { model: 'rare-model' }],
  ['rare model, failed', { model: 'rare-model', outcome: 'error' }],
  ['an end user', { end_user: 'user-77' }],
  ['slow ones', { min_ms: 60_100 }],
  ['slow ones of a model', { min_ms: 60_000, model: 'llama-4' }],
  ['dear ones', { min_cost_micros: 19_999 }],
  ['nothing at all', { min_cost_micros: 1e9 }],
  ['streams of a team with an error code', { team: 'team-5', stream: true, error_code: 'overloaded' }],
  ['a status that never was', { status: 418 }],
]

async function fill(store: Store, count: number): Promise<void> {
  const started = performance.now()
  const now = Date.now()
  for (let index = 0; index < count; index += BATCH) {
    const size = Math.min(BATCH, count - index)
    await callsIn(store.db).ingest(Array.from({ length: size }, (_, offset) => madeUpCall(index + offset, count, now)))
    if (index % (BATCH * 50) === 0)
      console.error(`${index} calls, ${Math.round((index + size) / ((performance.now() - started) / 1000))} a second`)
  }
}

async function time(label: string, run: () => Promise<unknown>): Promise<void> {
  const times: number[] = []
  for (let round = 0; round < 3; round++) {
    const started = performance.now()
    await run()
    times.push(performance.now() - started)
  }
  const [first = 0, ...others] = times
  console.log(
    `${label.padEnd(46)} first ${first.toFixed(0).padStart(5)} ms   again ${Math.min(...others)
      .toFixed(0)
      .padStart(5)} ms`,
  )
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      calls: { type: 'string', default: '1000000' },
      database: { type: 'string' },
      keep: { type: 'boolean', default: false },
    },
  })
  const url = values.database ?? `sqlite:${join(mkdtempSync(join(tmpdir(), 'seed-')), 'portreeve.db')}`
  const store = await openStore(url)
  if (!values.keep) await fill(store, Number(values.calls))
  console.log(`${values.calls} calls in ${url.replace(/\/\/[^@]*@/, '//')}, a page of 50:`)
  for (const [label, query] of QUERIES) await time(label, () => callsIn(store.db).list(query, { limit: 50 }))
  const to = Date.now()
  for (const [label, grain, days] of [
    ['overview of a day', 'hour', 1],
    ['overview of 14 days', 'hour', 14],
    ['overview of 30 days', 'day', 30],
  ] as const) {
    const range = { grain, from: to - days * DAY, to }
    await time(label, () =>
      Promise.all([
        rollupsIn(store.db).sum(range),
        rollupsIn(store.db).sum(range, 'starts_at'),
        rollupsIn(store.db).sum(range, 'provider', 'model'),
        rollupsIn(store.db).sum(range, 'key_id'),
      ]),
    )
    await time(`${label}, one key`, () =>
      Promise.all([
        rollupsIn(store.db).sum({ ...range, keyId: 'key_7' }, 'starts_at'),
        rollupsIn(store.db).sum({ ...range, keyId: 'key_7' }, 'provider', 'model'),
      ]),
    )
  }
  await store.close()
}

import { describe, expect, test } from 'bun:test'
import { readOpenMetrics, sumOf } from '../../test/helpers/open-metrics.ts'
import { callRecord } from '../../test/records.ts'
import type { CallRecord } from '../contract/call.ts'
import { renderMetrics } from '../lib/open-metrics.ts'
import { splitCall } from '../store/call-parts.ts'
import { CallMetrics } from './call-metrics.ts'

const {
  attempts: [plain],
  usage,
} = callRecord()
const failed = { ...plain!, provider: 'azure', status: 500, error_code: 'upstream_failed' }

function read(...records: Partial<CallRecord>[]) {
  const metrics = new CallMetrics()
  metrics.add(records.map((fields) => splitCall(callRecord(fields))))
  return readOpenMetrics(renderMetrics(metrics.families(), 'openmetrics'))
}

const REFUSED: Partial<CallRecord> = {
  provider: null,
  model_served: null,
  status: 404,
  error_code: 'model_not_found',
  usage: null,
  cost_micros: null,
  price_source: null,
  first_byte_ms: null,
  attempts: [],
}
const TARGET = { provider: 'openai', model: 'fast', served_model: 'gpt-4o-mini' }
type Expected = [name: string, labels: Record<string, string>, value: number]

const CASES: [string, Partial<CallRecord>[], Expected[]][] = [
  [
    'a plain call',
    [{}],
    [
      [
        'calls_total',
        { endpoint: 'chat.completions', provider: 'openai', model: 'fast', status: '2xx', outcome: 'ok' },
        1,
      ],
      ['tokens_total', { ...TARGET, class: 'input' }, 100],
      ['tokens_total', { ...TARGET, class: 'output' }, 20],
      ['tokens_total', {}, 120],
      ['cost_usd_total', TARGET, 0.000027],
      ['attempts_total', { provider: 'openai', model: 'gpt-4o-mini', result: 'ok' }, 1],
      ['call_duration_seconds_sum', { provider: 'openai', model: 'fast' }, 0.48025],
      ['call_duration_seconds_bucket', { le: '0.25' }, 0],
      ['call_duration_seconds_bucket', { le: '0.5' }, 1],
      ['overhead_seconds_bucket', { endpoint: 'chat.completions', le: '0.00025' }, 0],
      ['overhead_seconds_bucket', { endpoint: 'chat.completions', le: '0.0005' }, 1],
      ['time_to_first_token_seconds_count', {}, 0],
      ['request_bytes_total', {}, 300],
      ['response_bytes_total', {}, 700],
    ],
  ],
  [
    'a stream of 20 tokens',
    [{ stream: true }],
    [
      ['time_to_first_token_seconds_sum', { model: 'fast' }, 0.2105],
      ['time_per_output_token_seconds_count', {}, 1],
      ['time_per_output_token_seconds_bucket', { le: '0.01' }, 0],
      ['time_per_output_token_seconds_bucket', { le: '0.015' }, 1],
    ],
  ],
  [
    'rare classes of tokens',
    [{ usage: { ...usage!, cache_read: 5, cache_write_1h: 7, reasoning: 9 } }],
    [
      ['tokens_total', { class: 'cache_read' }, 5],
      ['tokens_total', { class: 'cache_write_1h' }, 7],
      ['tokens_total', { class: 'reasoning' }, 9],
      ['tokens_total', {}, 141],
    ],
  ],
  [
    'a call that the gateway refused: the model that it named gets no place',
    [{ ...REFUSED, model_asked: 'made-up' }],
    [
      ['calls_total', { model: 'other', status: '4xx', outcome: 'client-error' }, 1],
      ['refusals_total', { code: 'model_not_found' }, 1],
      ['failures_total', {}, 0],
      ['attempts_total', {}, 0],
      ['cost_usd_total', {}, 0],
    ],
  ],
  [
    'a refusal of a model that answered before',
    [{}, { ...REFUSED, status: 429, error_code: 'rate_limited' }],
    [['calls_total', { model: 'fast', status: '4xx', outcome: 'rate-limited' }, 1]],
  ],
  [
    'a failure after an attempt, with a code that is nobody’s',
    [
      {
        ...REFUSED,
        provider: 'openai',
        status: 502,
        error_code: 'vendor_words',
        attempts: [{ ...plain!, status: 502, error_code: 'vendor_words' }],
      },
    ],
    [
      ['refusals_total', {}, 0],
      ['failures_total', { code: 'other' }, 1],
      ['attempts_total', { result: 'other' }, 1],
    ],
  ],
  [
    'a stream that broke after its 200',
    [{ stream: true, error_code: 'upstream_failed', attempts: [{ ...plain!, error_code: 'upstream_failed' }] }],
    [
      ['calls_total', { status: '2xx', outcome: 'server-error' }, 1],
      ['failures_total', { code: 'upstream_failed' }, 1],
    ],
  ],
  [
    'a retry, then another target',
    [{ attempts: [failed, failed, plain!] }],
    [
      ['attempts_total', {}, 3],
      ['attempts_total', { provider: 'azure', result: 'upstream_failed' }, 2],
      ['retries_total', { provider: 'azure' }, 1],
      ['fallbacks_total', { provider: 'openai' }, 1],
      ['continued_streams_total', {}, 0],
    ],
  ],
  [
    'a stream that another target went on with',
    [{ stream: true, attempts: [failed, { ...plain!, continues: true }] }],
    [
      ['continued_streams_total', { provider: 'openai' }, 1],
      ['fallbacks_total', {}, 0],
    ],
  ],
  [
    'caches and guards',
    [{ cache: 'miss' }, { cache: 'hit', attempts: [], cost_micros: 0, usage: null, guards: { pii: 3, none: 0 } }],
    [
      ['cache_lookups_total', { result: 'hit' }, 1],
      ['cache_lookups_total', { result: 'miss' }, 1],
      ['guard_actions_total', { guard: 'pii' }, 3],
      ['guard_actions_total', {}, 3],
      ['attempts_total', {}, 1],
    ],
  ],
  [
    'tokens whose price nobody knows',
    [{ cost_micros: null }],
    [
      ['unpriced_calls_total', TARGET, 1],
      ['cost_usd_total', {}, 0],
    ],
  ],
  [
    'much money, exactly',
    [{ cost_micros: 12_000_000 }, { cost_micros: 345_001 }],
    [['cost_usd_total', TARGET, 12.345001]],
  ],
]

describe('what is told of', () => {
  test.each(CASES)('%s', (_, records, expected) => {
    const families = read(...records)
    for (const [name, labels, value] of expected)
      expect([name, labels, sumOf(families, `portreeve_${name}`, labels)]).toEqual([name, labels, value])
  })
})

describe('however many names clients make up', () => {
  const many = Array.from({ length: 20_000 }, (_, n) => n)

  test.each<[string, (n: number) => Partial<CallRecord>]>([
    [
      'that no provider takes',
      (n) => ({
        model_asked: `m${n}`,
        model_served: `m${n}`,
        status: 404,
        error_code: 'not_found',
        attempts: [{ ...plain!, model: `m${n}`, status: 404, error_code: 'not_found' }],
      }),
    ],
    [
      'that providers answer',
      (n) => ({ stream: true, model_asked: `m${n}`, model_served: `m${n}`, attempts: [{ ...plain!, model: `m${n}` }] }),
    ],
    ['that are long', (n) => ({ model_asked: 'x'.repeat(300) + n, model_served: 'x'.repeat(300) + n })],
    [
      'in retries',
      (n) => ({
        model_asked: `m${n}`,
        attempts: [
          { ...failed, model: `a${n}` },
          { ...plain!, model: `b${n}` },
        ],
      }),
    ],
    ['for guards', (n) => ({ guards: { [`g${n}`]: 1 } })],
  ])('%s: the series stay few, and no call is missing', (_, fields) => {
    const metrics = new CallMetrics()
    const records = many.map((n) => splitCall(callRecord(fields(n))))
    metrics.add(records)
    const families = readOpenMetrics(renderMetrics(metrics.families(), 'openmetrics'))
    expect(sumOf(families, 'portreeve_calls_total')).toBe(many.length)
    expect(sumOf(families, 'portreeve_tokens_total')).toBe(120 * many.length)
    const text = renderMetrics(metrics.families(), 'openmetrics')
    expect(text.split('\n').length).toBeLessThan(8_000)
    expect(text.length).toBeLessThan(3_000_000)
    for (const { samples } of families) expect(samples.length).toBeLessThan(2_200)
  })

  test('names that never worked do not keep out one that does', () => {
    const metrics = new CallMetrics()
    const bad = many
      .slice(0, 500)
      .map((n) => callRecord({ model_asked: `m${n}`, status: 404, error_code: 'not_found' }))
    metrics.add([...bad, callRecord({ model_asked: 'real' })].map(splitCall))
    const families = readOpenMetrics(renderMetrics(metrics.families(), 'openmetrics'))
    expect(sumOf(families, 'portreeve_calls_total', { model: 'real' })).toBe(1)
    expect(sumOf(families, 'portreeve_calls_total', { model: 'other' })).toBe(450)
  })
})

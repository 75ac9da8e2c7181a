import type { Overview, Totals } from '../../../src/contract/api/overview.ts'
import { KEYS } from './calls.ts'
import { random } from './numbers.ts'

function totals(scale: number, next: () => number): Totals {
  const calls = Math.round(scale * (0.8 + next() * 0.4))
  const server = Math.round(calls * 0.012 * next() * 2)
  const limited = Math.round(calls * 0.02 * next())
  const client = Math.round(calls * 0.018 * next())
  const cancelled = Math.round(calls * 0.01)
  const p50 = 640 + next() * 260
  return {
    calls,
    ok: calls - server - limited - client - cancelled,
    client_errors: client,
    rate_limited: limited,
    server_errors: server,
    cancelled,
    input_tokens: calls * 1900,
    cache_read_tokens: calls * 420,
    cache_write_tokens: calls * 30,
    output_tokens: calls * 410,
    reasoning_tokens: calls * 60,
    cost_micros: Math.round(calls * 4100 * (0.8 + next() * 0.4)),
    unpriced_calls: Math.round(calls * 0.01),
    cache_hits: Math.round(calls * 0.06),
    p50_ms: p50,
    p95_ms: p50 * 3.1 + next() * 400,
    p99_ms: p50 * 6.2 + next() * 1600,
    first_byte_p50_ms: p50 * 0.45,
    first_byte_p95_ms: p50 * 1.3,
  }
}

export function makeOverview(from: number, to: number): Overview {
  const length = to - from
  const grain = length <= 2 * 3_600_000 ? 'minute' : length <= 8 * 86_400_000 ? 'hour' : 'day'
  const step = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }[grain]
  const next = random(Math.floor(length / 1000) % 1000)
  const series = Array.from({ length: Math.floor(length / step) }, (_, index) => {
    const at = Math.floor(from / step) * step + index * step
    const hour = new Date(at).getUTCHours()
    const busy = grain === 'day' ? 1 : 0.35 + 0.65 * Math.max(0, Math.sin(((hour - 5) / 24) * Math.PI * 2 - 0.6))
    return { at: new Date(at).toISOString(), totals: totals((busy * step) / 3000, next) }
  })
  const sum = (read: (each: Totals) => number) => series.reduce((all, point) => all + read(point.totals), 0)
  const all = totals(
    sum((each) => each.calls),
    next,
  )
  const group = (share: number) => {
    const part = totals(all.calls * share, next)
    return {
      totals: part,
      previous_calls: Math.round(part.calls * (0.7 + next() * 0.5)),
      previous_cost_micros: Math.round(part.cost_micros * (0.7 + next() * 0.5)),
    }
  }
  return {
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    grain,
    totals: all,
    previous: totals(all.calls * 0.9, next),
    series,
    by_model: (
      [
        ['openai', 'gpt-5.1-mini', 0.42],
        ['anthropic', 'claude-sonnet-4-5', 0.27],
        ['google', 'gemini-3-flash', 0.19],
        ['mistral', 'mistral-medium-3', 0.08],
        ['local', 'qwen3-32b', 0.04],
      ] as const
    ).map(([provider, model, share]) => ({ provider, model, ...group(share) })),
    by_provider: (
      [
        ['openai', 0.42],
        ['anthropic', 0.27],
        ['google', 0.19],
        ['mistral', 0.08],
        ['local', 0.04],
      ] as const
    ).map(([provider, share]) => ({ provider, ...group(share) })),
    by_key: KEYS.map((key, index) => ({
      key_id: key.id,
      key_name: key.name,
      ...group([0.46, 0.31, 0.15, 0.08][index] ?? 0.1),
    })),
  }
}

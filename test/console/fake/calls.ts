import type { Call, CallDetail } from '../../../src/contract/api/calls.ts'
import { pick, random } from './numbers.ts'

const MODELS = [
  ['openai', 'gpt-5.1-mini', 250_000, 2_000_000],
  ['anthropic', 'claude-sonnet-4-5', 3_000_000, 15_000_000],
  ['google', 'gemini-3-flash', 300_000, 2_500_000],
  ['mistral', 'mistral-medium-3', 400_000, 2_000_000],
  ['local', 'qwen3-32b', null, null],
] as const

export const KEYS = [
  { id: 'key_01', name: 'checkout-service', team: 'payments', application: 'checkout' },
  { id: 'key_02', name: 'support-bot', team: 'support', application: 'helpdesk' },
  { id: 'key_03', name: 'ci', team: 'platform', application: null },
  { id: 'key_04', name: 'notebook-yu', team: 'data', application: null },
] as const

const ERRORS = [
  [429, 'rate_limited'],
  [502, 'upstream_failed'],
  [504, 'upstream_timeout'],
  [400, 'context_length_exceeded'],
  [499, 'client_closed'],
  [402, 'budget_exceeded'],
] as const

export function makeCall(index: number, at: number): Call {
  const next = random(index + 7)
  for (let warm = 0; warm < 5; warm++) next()
  const [provider, model, input, output] = pick(next, MODELS)
  const key = pick(next, KEYS)
  const bad = next() < 0.09 ? pick(next, ERRORS) : null
  const tokens = {
    in: Math.floor(120 + next() * 4200),
    out: Math.floor(20 + next() * 900),
    cached: next() < 0.3 ? 1024 : 0,
  }
  const first = 180 + next() * 900
  const total = bad?.[0] === 504 ? 60_012 : first + tokens.out * (4 + next() * 9)
  const usage =
    bad && bad[0] !== 499
      ? null
      : {
          input: tokens.in,
          cache_read: tokens.cached,
          cache_write_5m: 0,
          cache_write_1h: 0,
          output: tokens.out,
          reasoning: 0,
          audio_input: 0,
          audio_output: 0,
          image_input: 0,
        }
  const cost =
    usage && input !== null
      ? Math.round((usage.input * input + usage.cache_read * input * 0.1 + usage.output * output) / 1e6)
      : null
  const retried = next() < 0.06
  return {
    id: `req_01JD${String(index).padStart(8, '0')}`,
    started_at: new Date(at).toISOString(),
    key_id: key.id,
    key_name: key.name,
    team: key.team,
    application: key.application,
    end_user: next() < 0.4 ? `user-${Math.floor(next() * 90)}` : null,
    endpoint: 'chat.completions',
    dialect: 'openai-chat',
    stream: next() < 0.7,
    model_asked: next() < 0.5 ? 'fast' : `${provider}/${model}`,
    provider,
    model_served: model,
    status: bad?.[0] ?? 200,
    error_code: bad?.[1] ?? null,
    finish_reason: bad ? null : next() < 0.05 ? 'length' : 'stop',
    usage,
    cost_micros: cost,
    price_source: cost === null ? null : 'genai-prices 2026-09-23',
    first_byte_ms: bad && bad[0] !== 499 ? null : first,
    total_ms: bad && bad[0] < 500 && bad[0] !== 499 ? 3.4 : total,
    overhead_ms: 0.6 + next(),
    attempts: [
      ...(retried || bad?.[0] === 502
        ? [
            {
              provider: 'openai',
              model: 'gpt-5.1-mini',
              key: 'main',
              status: 503,
              error_code: 'upstream_failed',
              started_ms: 1.2,
              duration_ms: 210,
            },
          ]
        : []),
      {
        provider,
        model,
        key: 'main',
        status: bad?.[0] ?? 200,
        error_code: bad?.[1] ?? null,
        started_ms: retried ? 462 : 1.2,
        duration_ms: total - 2,
      },
    ],
    bytes_in: 300 + tokens.in * 4,
    bytes_out: tokens.out * 5,
    dropped: next() < 0.05 ? ['logit_bias'] : [],
    cache: next() < 0.08 ? 'hit' : null,
    guards: next() < 0.05 ? { 'mask-cards': 1 } : null,
  }
}

const WORDS: Readonly<Record<string, readonly [CallDetail['explanation'] & {}, 0] | undefined>> = {
  rate_limited: [
    {
      blame: 'limit',
      what: 'The limit "support-rpm" lets 60 requests a minute pass for team support; this was the 61st.',
      remedy: 'Wait 3 s and send it again, or raise the limit under Limits & budgets.',
    },
    0,
  ],
  upstream_failed: [
    {
      blame: 'provider',
      what: 'openai answered 503 twice: "The server is overloaded".',
      remedy: 'Add a fallback to the alias "fast", so that another provider answers when this one fails.',
    },
    0,
  ],
  upstream_timeout: [
    {
      blame: 'provider',
      what: 'anthropic sent no first byte within 60 s.',
      remedy: 'Send it again, or raise timeouts.first_byte_ms of the provider.',
    },
    0,
  ],
  context_length_exceeded: [
    {
      blame: 'client',
      what: 'The prompt has 214,332 tokens; the model takes 200,000.',
      remedy: 'Shorten the prompt, or add a long-context model to the alias under fallbacks_on.',
    },
    0,
  ],
  budget_exceeded: [
    {
      blame: 'limit',
      what: 'The budget "data-month" of $200.00 is used up until 1 December.',
      remedy: 'Raise the budget, or wait for the next period.',
    },
    0,
  ],
}

export function detailOf(call: Call): CallDetail {
  const first = call.first_byte_ms ?? 0
  const price = MODELS.find(([, model]) => model === call.model_served)
  const lines = call.usage
    ? (['input', 'cache_read', 'output'] as const)
        .filter((kind) => call.usage?.[kind])
        .map((kind) => {
          const each =
            kind === 'output'
              ? (price?.[3] ?? null)
              : price?.[2] == null
                ? null
                : kind === 'cache_read'
                  ? price[2] * 0.1
                  : price[2]
          const tokens = call.usage?.[kind] ?? 0
          return {
            kind,
            tokens,
            price_micros: each,
            cost_micros: each === null ? null : Math.round((tokens * each) / 1e6),
          }
        })
    : []
  const last = call.attempts.at(-1)!
  return {
    ...call,
    explanation: call.error_code ? (WORDS[call.error_code]?.[0] ?? null) : null,
    timeline: [
      { kind: 'gateway', label: 'queue', start_ms: 0, duration_ms: 1.2, failed: false },
      ...call.attempts.map((attempt) => ({
        kind: 'attempt' as const,
        label: `${attempt.provider}/${attempt.model}`,
        start_ms: attempt.started_ms,
        duration_ms: attempt.duration_ms,
        failed: attempt.status !== 200,
      })),
      ...(first
        ? [
            {
              kind: 'first-byte' as const,
              label: 'first byte',
              start_ms: last.started_ms,
              duration_ms: Math.max(1, first - last.started_ms),
              failed: false,
            },
            {
              kind: 'stream' as const,
              label: 'stream',
              start_ms: first,
              duration_ms: Math.max(1, call.total_ms - first),
              failed: false,
            },
          ]
        : []),
    ],
    cost: { lines, matches: true },
    curl: `curl http://127.0.0.1:8080/v1/chat/completions \\\n  -H "Authorization: Bearer $PORTREEVE_KEY" \\\n  -H "Content-Type: application/json" \\\n  -d '{"model":"${call.model_asked}","stream":${call.stream},"messages":[{"role":"user","content":"…"}]}'`,
  }
}

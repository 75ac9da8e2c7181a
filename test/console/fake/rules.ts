import type { BudgetView, GuardView, LimitView } from '../../../src/contract/api/rules.ts'
import { Budget } from '../../../src/contract/budget.ts'
import { Guard } from '../../../src/contract/guard.ts'
import { Limit } from '../../../src/contract/limit.ts'

const kept = { origin: 'database' as const, version: 2, created_at: null, updated_at: null }
const resets_at = new Date(Date.now() + 8 * 86_400_000).toISOString()

export const limits: LimitView[] = [
  {
    ...Limit.parse({ name: 'each-key', per: ['key'], requests_per_minute: 600, tokens_per_minute: 400_000 }),
    ...kept,
    used: [
      {
        share: { key: 'checkout-service' },
        measure: 'tokens_per_minute',
        limit: 400_000,
        used: 361_204,
        reset_ms: 12_000,
      },
      { share: { key: 'checkout-service' }, measure: 'requests_per_minute', limit: 600, used: 204, reset_ms: 9000 },
      { share: { key: 'support-bot' }, measure: 'requests_per_minute', limit: 600, used: 61, reset_ms: 4000 },
    ],
  },
  {
    ...Limit.parse({ name: 'local-gpu', for: { provider: 'local' }, in_flight: 16 }),
    ...kept,
    origin: 'file',
    used: [],
  },
]

export const budgets: BudgetView[] = [
  {
    ...Budget.parse({ name: 'team-month', per: ['team'], amount_micros: 900_000_000, period: 'month' }),
    ...kept,
    used: [
      { share: { team: 'payments' }, spent_micros: 714_220_000, reserved_micros: 420_000, resets_at },
      { share: { team: 'support' }, spent_micros: 402_110_000, reserved_micros: 0, resets_at },
    ],
  },
  {
    ...Budget.parse({
      name: 'data-month',
      for: { team: 'data' },
      amount_micros: 200_000_000,
      period: 'month',
      mode: 'soft',
    }),
    ...kept,
    used: [{ share: {}, spent_micros: 184_900_000, reserved_micros: 0, resets_at }],
  },
]

export const guards: GuardView[] = [
  {
    ...kept,
    name: 'mask-cards',
    guard: Guard.parse({ name: 'mask-cards', kind: 'personal_data', find: ['card', 'iban', 'secret'], action: 'mask' }),
  },
  {
    ...kept,
    name: 'no-codenames',
    origin: 'file',
    guard: Guard.parse({ name: 'no-codenames', kind: 'patterns', words: ['bluefin', 'narwhal'], action: 'block' }),
  },
]

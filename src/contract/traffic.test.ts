import { describe, expect, test } from 'bun:test'
import { Configuration } from './configuration.ts'

const accepted: [string, object][] = [
  ['nothing', {}],
  ['a limit', { limits: [{ name: 'a', for: { key: 'ci*' }, per: ['team'], tokens_per_minute: 10 }] }],
  ['a budget', { budgets: [{ name: 'b', amount_micros: 1_000_000, period: 'day' }] }],
  ['a guard', { guards: [{ name: 'g', kind: 'personal_data', action: 'mask' }] }],
  ['a cache', { cache: { rules: [{ for: { key: 'ci' } }] } }],
  [
    'an alias with everything',
    {
      aliases: [
        {
          name: 'fast',
          strategy: 'sticky',
          sticky_by: 'header:x-session',
          targets: [{ provider: 'a', model: 'm', when: { tools: true } }],
          canary: { provider: 'b', model: 'm', percent: 5 },
          fallbacks: [{ provider: 'c', model: 'm' }],
          fallbacks_on: { content_filtered: [{ provider: 'd', model: 'm' }] },
          retries: { attempts: 3 },
        },
      ],
    },
  ],
]

const refused: [string, object, string][] = [
  ['a limit without a number', { limits: [{ name: 'a' }] }, 'name at least one of'],
  ['an unknown dimension', { limits: [{ name: 'a', per: ['colour'], in_flight: 1 }] }, 'Invalid option'],
  ['a negative budget', { budgets: [{ name: 'b', amount_micros: -1 }] }, 'Too small'],
  ['a fractional budget', { budgets: [{ name: 'b', amount_micros: 0.5 }] }, 'expected int'],
  ['a guard of no kind', { guards: [{ name: 'g', kind: 'magic' }] }, 'Invalid'],
  ['a cache for whoever', { cache: { rules: [{}] } }, 'expected object'],
]

describe('traffic sections of the configuration', () => {
  test.each(accepted)('%s is accepted', (_, configuration) => {
    expect(Configuration.safeParse(configuration).error).toBeUndefined()
  })
  test.each(refused)('%s is refused', (_, configuration, message) => {
    expect(Configuration.safeParse(configuration).error?.message).toContain(message)
  })
})

import { expect, test } from 'bun:test'
import { retryAfterOf } from './retry-after.ts'

const NOW = Date.parse('2026-03-01T12:00:00Z')

type Case = [string, number, Record<string, string>, number | undefined]

test.each<Case>([
  ['seconds', 503, { 'retry-after': '2' }, 2_000],
  ['a date', 503, { 'retry-after': 'Sun, 01 Mar 2026 12:00:30 GMT' }, 30_000],
  ['milliseconds', 429, { 'retry-after-ms': '1500', 'retry-after': '2' }, 1_500],
  ['milliseconds under another name', 429, { 'x-ms-retry-after-ms': '1500' }, 1_500],
  ['hours, as for limits of a day', 429, { 'retry-after': '7200' }, 7_200_000],
  ['more than a day is not believed', 429, { 'retry-after': '90000' }, undefined],
  ['a date that has passed', 429, { 'retry-after': 'Sun, 01 Mar 2026 11:00:00 GMT' }, undefined],
  ['words', 429, { 'retry-after': 'soon' }, undefined],
  ['nothing', 429, {}, undefined],
  [
    'the limit that is used up frees',
    429,
    {
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '6m0s',
      'x-ratelimit-remaining-tokens': '900',
      'x-ratelimit-reset-tokens': '12h',
    },
    360_000,
  ],
  [
    'both are used up',
    429,
    {
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '12ms',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '1.5s',
    },
    1_500,
  ],
  [
    'the measure in the middle, and a time',
    429,
    { 'v-ratelimit-input-tokens-remaining': '0', 'v-ratelimit-input-tokens-reset': '2026-03-01T12:00:07Z' },
    7_000,
  ],
  ['one limit, in seconds', 429, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '9' }, 9_000],
  ['one limit, seconds of the epoch', 429, { 'x-ratelimit-reset': String(NOW / 1_000 + 5) }, 5_000],
  ['one limit, milliseconds of the epoch', 429, { 'x-ratelimit-reset': String(NOW + 5_000) }, 5_000],
  [
    'retry-after says it better',
    429,
    { 'retry-after': '1', 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '9s' },
    1_000,
  ],
  [
    'unknown is not used up',
    429,
    { 'x-ratelimit-remaining-tokens': '-1', 'x-ratelimit-reset-tokens': '9s' },
    undefined,
  ],
  ['no limit of another failure', 500, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '9' }, undefined],
])('%s', (_, status, headers, ms) => expect(retryAfterOf(status, new Headers(headers), () => NOW)).toBe(ms as never))

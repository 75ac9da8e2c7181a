import { describe, expect, test } from 'bun:test'
import { Limit } from '../contract/limit.ts'
import type { CallAttributes } from './attributes.ts'
import { LocalBank } from './bank.ts'
import { playHistories } from '../../test/helpers/histories.ts'
import { Admission, explainRefusal, Limiter, type Refusal } from './limits.ts'

const START = 1_800_000_000_000
const CALL: CallAttributes = {
  key: 'ci',
  application: null,
  team: 'a',
  model: 'fast',
  end_user: null,
  provider: null,
}

function limiter(limits: object[], bank = new LocalBank()): Limiter {
  return new Limiter(
    limits.map((limit) => Limit.parse(limit)),
    bank,
  )
}

function admit(limits: Limiter, call: Partial<CallAttributes> = {}, tokens = 0, now = START): Admission | Refusal {
  const answer = limits.admit({ ...CALL, ...call }, tokens, now)
  if (answer instanceof Promise) throw new Error('not synchronous')
  return answer
}

/** Sends `calls` in order and tells how many of each were admitted. */
function admitted(limits: Limiter, calls: readonly Partial<CallAttributes>[]): number {
  return calls.filter((call) => !admit(limits, call).refused).length
}

const six = (call: Partial<CallAttributes>) => Array.from({ length: 6 }, () => call)

describe('which calls a limit concerns', () => {
  test.each<[string, object, Partial<CallAttributes>[], number]>([
    ['everybody', {}, six({}), 2],
    ['a key', { for: { key: 'ci' } }, six({}), 2],
    ['another key', { for: { key: 'other' } }, six({}), 6],
    ['a wildcard', { for: { model: 'local/*' } }, six({ model: 'local/x' }), 2],
    ['each team', { per: ['team'] }, [...six({ team: 'a' }), ...six({ team: 'b' })], 4],
    [
      'each team and model',
      { per: ['team', 'model'] },
      [...six({ team: 'a', model: 'x' }), ...six({ team: 'a', model: 'y' })],
      4,
    ],
    ['each end user', { per: ['end_user'] }, [...six({ end_user: 'u1' }), ...six({ end_user: 'u2' })], 4],
    ['calls without the dimension', { per: ['end_user'] }, six({ end_user: null }), 6],
    [
      'values that look alike',
      { per: ['team', 'model'] },
      [...six({ team: 'a|1:b', model: 'c' }), ...six({ team: 'a', model: 'b|1:c' })],
      4,
    ],
    ['a key and a model', { for: { key: 'ci', model: 'fast' } }, [...six({}), ...six({ model: 'slow' })], 8],
    ['a provider, asked at the target', { for: { provider: 'x' } }, six({}), 6],
    ['a provider, at the target', { for: { provider: 'x' } }, six({ provider: 'x' }), 2],
    ['each provider, at the target', { per: ['provider'] }, [...six({ provider: 'x' }), ...six({ provider: 'y' })], 4],
  ])('%s', (_, limit, calls, expected) => {
    expect(admitted(limiter([{ name: 'l', requests_per_minute: 2, ...limit }]), calls)).toBe(expected)
  })
})

describe('admission', () => {
  test('takes from all limits or from none', () => {
    const limits = limiter([
      { name: 'wide', requests_per_minute: 10 },
      { name: 'narrow', requests_per_minute: 1, for: { model: 'dear' } },
    ])
    admit(limits, { model: 'dear' })
    for (let n = 0; n < 20; n++) expect(admit(limits, { model: 'dear' }).refused).toBe(true)
    expect(
      admitted(
        limits,
        Array.from({ length: 20 }, () => ({})),
      ),
    ).toBe(9)
  })

  test('tokens are reserved by the estimate and settled on the truth, once', () => {
    const limits = limiter([{ name: 't', tokens_per_minute: 100 }])
    const first = admit(limits, {}, 90) as Admission
    expect(admit(limits, {}, 20).refused).toBe(true)
    first.settle(START, 10)
    first.settle(START, 100)
    expect(admit(limits, {}, 90).refused).toBe(false)
  })

  test('a slot comes back exactly once', () => {
    const limits = limiter([{ name: 's', in_flight: 2 }])
    const first = admit(limits) as Admission
    admit(limits)
    expect(admit(limits).refused).toBe(true)
    first.settle(START, 0)
    first.settle(START, 0)
    expect(admitted(limits, six({}))).toBe(1)
  })

  test('the longest wait is named', () => {
    const limits = limiter([{ name: 'l', requests_per_minute: 1, requests_per_hour: 1 }])
    admit(limits)
    const refusal = admit(limits) as Refusal
    expect(refusal).toMatchObject({ name: 'l', measure: 'requests', windowMs: 3_600_000, remaining: 0 })
    expect(explainRefusal(refusal)).toBe(
      'limit "l" allows 1 request an hour, all of them are used; try again in 61 min',
    )
  })

  test.each<[object, number, RegExp]>([
    [
      { requests_per_minute: 2 },
      1,
      /^limit "l" allows 2 requests a minute, all of them are used; try again in 60\.\d s$/,
    ],
    [
      { requests_per_day: 2 },
      1,
      /^limit "l" allows 2 requests a day, all of them are used; try again in 24 h 1?\d min$/,
    ],
    [
      { tokens_per_hour: 10 },
      5,
      /^limit "l" allows 10 tokens an hour, 0 are left and about 5 are needed; try again in 61 min$/,
    ],
    [
      { in_flight: 2 },
      1,
      /^limit "l" allows 2 calls in flight, all of them are used; try again when one of them has ended$/,
    ],
  ])('a refusal in words: %o', (rates, tokens, words) => {
    const limits = limiter([{ name: 'l', ...rates }])
    for (let n = 0; n < 2; n++) admit(limits, {}, tokens)
    expect(explainRefusal(admit(limits, {}, tokens) as Refusal)).toMatch(words)
  })

  test('a request that can never fit is not told to come back', () => {
    const refusal = admit(limiter([{ name: 't', tokens_per_minute: 100 }]), {}, 101) as Refusal
    expect(refusal.waitMs).toBe(Infinity)
    expect(explainRefusal(refusal)).toMatch(/Send a smaller request/)
  })

  test('a new configuration keeps what was counted', () => {
    const bank = new LocalBank()
    admitted(limiter([{ name: 'l', requests_per_minute: 6 }], bank), six({}))
    expect(admitted(limiter([{ name: 'l', requests_per_minute: 8 }], bank), six({}))).toBe(2)
    expect(admitted(limiter([{ name: 'l', requests_per_minute: 4 }], bank), six({}))).toBe(0)
  })

  test('a name used twice is refused', () => {
    expect(() =>
      limiter([
        { name: 'l', in_flight: 1 },
        { name: 'l', in_flight: 2 },
      ]),
    ).toThrow('used twice')
  })

  test('memory stays bounded whatever end users are called', () => {
    const bank = new LocalBank({ max: 100, now: () => START })
    const limits = limiter(
      [
        { name: 'u', requests_per_minute: 2, per: ['end_user'] },
        { name: 'k', requests_per_minute: 9_999 },
      ],
      bank,
    )
    for (let n = 0; n < 5_000; n++) admit(limits, { end_user: `u${n}` })
    expect(bank.size).toBe(101)
  })
})

describe('random histories', () => {
  const MINUTE = 60_000
  const LIMITS = [
    { name: 'all', requests_per_minute: 6, in_flight: 3 },
    { name: 'each', tokens_per_minute: 100, per: ['key'] },
  ].map((limit) => Limit.parse(limit))
  type Counted = { at: number; amount: number }

  /** What was counted in the last `spanMs`. */
  function within(list: readonly Counted[], now: number, spanMs: number): number {
    let sum = 0
    for (let last = list.length - 1; last >= 0 && list[last]!.at > now - spanMs; last--) sum += list[last]!.amount
    return sum
  }

  test('agree with lists of what happened: never above a limit, never refused without need, nothing leaks', () => {
    playHistories(
      { runs: 100_000, steps: 12 },
      (random) => ({
        wait: random.upTo(1) ? random.upTo(30_000) : random.upTo(50),
        tokens: random.upTo(60),
        real: random.upTo(60),
        key: random.one(['a', 'b'] as const),
        end: random.one(['now', 'never', 'later', 'twice', 'uncounted'] as const),
      }),
      (steps) => {
        const bank = new LocalBank()
        const limits = new Limiter(LIMITS, bank)
        const requests: Counted[] = []
        const tokensOf: Record<string, Counted[]> = { a: [], b: [] }
        const open: { admission: Admission; tokens: Counted; list: Counted[] }[] = []
        let running = 0
        let now = START
        const settle = ({ admission, tokens, list }: (typeof open)[number], real: number) => {
          admission.settle(now, real)
          // Units that were not used are free at once, more than was thought counts from now on.
          if (real > tokens.amount) list.push({ at: now, amount: real - tokens.amount })
          else tokens.amount = real
          running--
        }
        for (const { wait, tokens, real, key, end } of steps) {
          now += wait
          const answer = admit(limits, { key }, tokens, now)
          // The window forgets at most one part of 128 late, and never early.
          const fits = (spanMs: number) =>
            running < 3 && within(requests, now, spanMs) < 6 && within(tokensOf[key]!, now, spanMs) + tokens <= 100
          if (answer.refused) {
            if (fits(MINUTE * (129 / 128) + 1)) return `refused at ${now - START} without need`
            if (!(answer.waitMs > 0)) return 'told to come back at once'
            if (answer.waitMs > MINUTE * (129 / 128) + 1) return `told to wait ${answer.waitMs} ms`
            continue
          }
          if (!fits(MINUTE)) return `admitted at ${now - START} above a limit`
          const request = { at: now, amount: 1 }
          const list = tokensOf[key]!
          const one = { admission: answer, tokens: { at: now, amount: tokens }, list }
          requests.push(request)
          list.push(one.tokens)
          running++
          if (end === 'uncounted') {
            answer.settle(now, real, false)
            answer.settle(now, real)
            request.amount = one.tokens.amount = 0
            running--
          } else if (end === 'now' || end === 'twice') {
            settle(one, real)
            if (end === 'twice') answer.settle(now, 60)
          } else {
            open.push(one)
            if (end === 'later') settle(open.shift()!, real)
          }
          const slots = bank.find('limit|all|in_flight')!.used(now)
          if (slots !== running) return `${slots} in flight, not ${running}`
          const counted = bank.find('limit|all|requests_per_minute')!.used(now)
          if (counted < within(requests, now, MINUTE)) return `${counted} requests are counted`
        }
        for (const one of open) one.admission.settle(now, 0)
        for (const [id, meter] of bank.entries())
          if (id.includes('in_flight') && meter.used(now) !== 0) return 'a slot is lost'
        now += 61_000
        for (const [id, meter] of bank.entries()) if (meter.used(now) !== 0) return `${id} forgets nothing`
        return undefined
      },
    )
  }, 60_000)
})

import { describe, expect, test } from 'bun:test'
import { Breaker } from '../../contract/routing.ts'
import { playHistories } from '../../../test/helpers/histories.ts'
import { HealthBoard, type HealthMessage } from './board.ts'
import { CircuitBreaker } from './breaker.ts'
import { CredentialPool } from './credentials.ts'

const NOW = 1_800_000_000_000
const half = () => 0.5
const breaker = (settings: object = {}) => new CircuitBreaker(Breaker.parse({ rest_ms: 1_000, ...settings }))

describe('circuit breaker', () => {
  test('opens after failures in a row, lets one probe through, closes on its success', () => {
    const target = breaker({ failures: 3 })
    for (let n = 0; n < 2; n++) expect(target.fail(NOW)).toBe(false)
    expect(target.enter(NOW)).toBe(true)
    expect(target.fail(NOW)).toBe(true)
    expect(target.enter(NOW + 999)).toBe(false)
    expect(target.enter(NOW + 1_000)).toBe(true)
    expect(target.enter(NOW + 1_000)).toBe(false)
    expect(target.succeed(NOW + 1_100)).toBe(true)
    expect(target.enter(NOW + 1_100)).toBe(true)
  })

  test('rests twice as long after each failed probe, up to sixteen times', () => {
    const target = breaker({ failures: 1 })
    let now = NOW
    const rests: number[] = []
    for (let n = 0; n < 7; n++) {
      target.fail(now)
      rests.push(target.waitMs(now))
      now += target.waitMs(now)
      target.enter(now)
    }
    expect(rests).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 16_000, 16_000])
  })

  test('opens when half of many calls fail, and forgets old ones', () => {
    const target = breaker({ failures: 1_000 })
    for (let n = 0; n < 9; n++) {
      target.succeed(NOW)
      expect(target.fail(NOW)).toBe(false)
    }
    expect(target.fail(NOW + 60_000)).toBe(false)
    for (let n = 0; n < 9; n++) {
      target.succeed(NOW + 60_000)
      target.fail(NOW + 60_000)
    }
    expect(target.fail(NOW + 60_000)).toBe(true)
  })

  test('a probe whose client left does not keep others out', () => {
    const target = breaker({ failures: 1 })
    target.fail(NOW)
    expect(target.enter(NOW + 1_000)).toBe(true)
    target.abandon()
    expect(target.enter(NOW + 1_001)).toBe(true)
  })

  test('a late failure of a call from before neither lengthens the rest nor counts twice', () => {
    const target = breaker({ failures: 1 })
    target.fail(NOW)
    expect(target.fail(NOW + 500)).toBe(false)
    expect(target.waitMs(NOW + 500)).toBe(500)
  })

  test('a call from before the rest neither ends it, nor doubles it, nor makes room for a second probe', () => {
    const target = breaker({ failures: 1 })
    const before = target.epoch
    target.fail(NOW)
    expect(target.succeed(NOW + 500, before)).toBe(false)
    expect(target.waitMs(NOW + 500)).toBe(500)
    expect(target.fail(NOW + 1_500, before)).toBe(false)
    expect(target.enter(NOW + 1_500)).toBe(true)
    target.abandon(before)
    expect(target.enter(NOW + 1_500)).toBe(false)
    expect(target.succeed(NOW + 1_600, target.epoch)).toBe(true)
  })

  test('random histories agree with the rules as one would tell them', () => {
    const settings = Breaker.parse({ rest_ms: 1_000, failures: 2 })
    playHistories(
      { runs: 100_000, steps: 15 },
      (random) => ({
        wait: random.upTo(1) ? random.upTo(3_000) : random.upTo(70_000),
        report: random.one(['succeed', 'fail', 'abandon', 'silent', 'late'] as const),
      }),
      (steps) => {
        const target = new CircuitBreaker(settings)
        let [now, row, until, rests] = [NOW, 0, 0, 0]
        let probedAt = -Infinity
        const open = () => {
          until = now + 1_000 * 2 ** Math.min(rests++, 4)
          probedAt = -Infinity
        }
        for (const { wait, report } of steps) {
          now += wait
          const state = until === 0 ? 'closed' : now < until ? 'open' : 'probing'
          if (target.state(now) !== state) return `${target.state(now)}, not ${state}`
          // A probe of which nothing is heard for a minute is not waited for.
          const free = state === 'closed' || (state === 'probing' && now - probedAt >= 60_000)
          if (report === 'late') {
            // Of a call from before the rest.
            if (state !== 'open') continue
            if (target.fail(now)) return 'opened anew while it rests'
            row++
          } else {
            if (target.enter(now) !== free) return free ? 'nobody may enter' : 'one too many may enter'
            if (!free) continue
            if (state === 'probing') probedAt = now
            if (report === 'succeed') {
              if (target.succeed(now) !== (state === 'probing')) return 'closed wrongly'
              ;[row, until, rests, probedAt] = [0, 0, 0, -Infinity]
            } else if (report === 'fail') {
              row++
              const opens = state === 'probing' || row >= 2
              if (target.fail(now) !== opens) return opens ? 'did not open' : 'opened'
              if (opens) open()
            } else if (report === 'abandon') {
              target.abandon()
              probedAt = -Infinity
            }
          }
          const waits = until === 0 ? 0 : now < until ? until - now : Math.max(0, probedAt + 60_000 - now)
          if (target.waitMs(now) !== waits) return `waits ${target.waitMs(now)} ms, not ${waits}`
        }
        return undefined
      },
    )
  })
})

const credential = (id: string, more: object = {}) => ({ id, weight: 1, expiresAt: null, ...more })

describe('credential pool', () => {
  test('draws by weight', () => {
    const pool = new CredentialPool([credential('a', { weight: 3 }), credential('b')])
    const ids = [0.1, 0.5, 0.74, 0.76, 0.99].map((point) => pool.pick(NOW, () => point)?.id)
    expect(ids).toEqual(['a', 'a', 'a', 'b', 'b'])
  })

  test('one that was limited rests for as long as the vendor said and comes back by one probe', () => {
    const pool = new CredentialPool([credential('a'), credential('b')])
    pool.rest('a', 'rate_limited', NOW, 2_000)
    for (const point of [0, 0.9]) expect(pool.pick(NOW + 1_999, () => point)?.id).toBe('b')
    const probe = pool.pick(NOW + 2_000, () => 0)!
    expect(probe.id).toBe('a')
    expect(pool.pick(NOW + 2_001, () => 0)?.id).toBe('b')
    expect(pool.succeed(probe)).toBe(true)
    expect(pool.pick(NOW + 2_002, () => 0)?.id).toBe('a')
  })

  test('rests are extended and never shortened, and grow when the vendor says nothing', () => {
    const pool = new CredentialPool([credential('a')])
    expect(pool.rest('a', 'rate_limited', NOW, 10_000)).toBe(NOW + 10_000)
    expect(pool.rest('a', 'rate_limited', NOW, 500)).toBe(NOW + 10_000)
    expect(pool.rest('a', 'rate_limited', NOW, 60_000)).toBe(NOW + 60_000)
    expect(pool.waitMs(NOW)).toBe(60_000)
    pool.succeed(pool.pick(NOW + 60_000, half)!)
    expect(pool.rest('a', 'rate_limited', NOW)).toBe(NOW + 5_000)
    expect(pool.rest('a', 'rate_limited', NOW + 5_000)).toBe(NOW + 15_000)
  })

  test('answers to calls from before the rest neither end it nor make room for a second probe', () => {
    const pool = new CredentialPool([credential('a')])
    const [first, second] = [pool.pick(NOW, half)!, pool.pick(NOW, half)!]
    pool.rest('a', 'rate_limited', NOW, 30_000)
    expect(pool.succeed(first)).toBe(false)
    expect(pool.waitMs(NOW)).toBe(30_000)
    const probe = pool.pick(NOW + 30_000, half)!
    pool.release(second, NOW + 30_000, 0)
    expect(pool.pick(NOW + 30_000, half)).toBeUndefined()
    expect(pool.succeed(probe)).toBe(true)
  })

  test.each([
    ['expired', { expiresAt: NOW }, Infinity],
    ['not yet expired', { expiresAt: NOW + 1 }, 0],
  ])('%s', (_, more, waitMs) => expect(new CredentialPool([credential('a', more)]).waitMs(NOW)).toBe(waitMs))

  test('the limits the vendor grants a credential are kept', () => {
    const pool = new CredentialPool([
      credential('a', { requestsPerMinute: 2 }),
      credential('b', { tokensPerMinute: 100 }),
    ])
    const picks = Array.from({ length: 6 }, () => pool.pick(NOW, () => 0, 40))
    expect(picks.map((use) => use?.id)).toEqual(['a', 'a', 'b', 'b', undefined, undefined])
    pool.release(picks[2]!, NOW, 0)
    expect(pool.pick(NOW, half, 40)?.id).toBe('b')
  })

  test('a new configuration keeps what is known', () => {
    const pool = new CredentialPool([credential('a'), credential('b')])
    pool.rest('a', 'rejected', NOW)
    pool.configure([credential('a', { weight: 9 }), credential('c')])
    expect(pool.states(NOW).map(({ id, state }) => [id, state])).toEqual([
      ['a', 'resting'],
      ['c', 'ready'],
    ])
  })

  test('tried ones are left out', () => {
    const pool = new CredentialPool([credential('a'), credential('b')])
    expect(pool.pick(NOW, () => 0, 0, new Set(['a']))?.id).toBe('b')
    expect(pool.pick(NOW, () => 0, 0, new Set(['a', 'b']))).toBeUndefined()
  })
})

test('once a stream has told when its first token came, whole answers are not measured', () => {
  const target = new HealthBoard().target('p', 'm')
  const means = [
    { ms: 4_000, streamed: false },
    { ms: 5_000, streamed: false },
    { ms: 300, streamed: true },
    { ms: 9_000, streamed: false },
    { ms: 400, streamed: true },
  ].map(({ ms, streamed }) => {
    target.measured(ms, streamed)
    return target.firstTokenMs
  })
  expect(means).toEqual([4_000, 4_200, 300, 300, 320])
})

test('what one process learns, another takes over', () => {
  const [here, there] = [new HealthBoard(), new HealthBoard()]
  for (const board of [here, there]) board.configure([{ id: 'p', credentials: [credential('a')] }])
  const sent: HealthMessage[] = []
  here.publish = (message) => {
    sent.push(message)
    there.apply(JSON.parse(JSON.stringify(message)) as HealthMessage)
  }
  here.rest('p', 'a', 'rejected', NOW)
  for (let n = 0; n < 5; n++) here.fail(here.target('p', 'm'), NOW)
  expect(there.pool('p')?.pick(NOW, half)).toBeUndefined()
  expect(there.target('p', 'm').breaker.enter(NOW)).toBe(false)
  const use = here.pool('p')!.pick(NOW + 60_000, half)
  here.succeed(here.target('p', 'm'), use, NOW + 60_000, here.target('p', 'm').breaker.epoch, 120, true)
  expect(there.pool('p')?.pick(NOW, half)?.id).toBe('a')
  expect(there.target('p', 'm').breaker.enter(NOW)).toBe(true)
  expect(sent.map(({ type }) => type)).toEqual(['credential-rest', 'breaker', 'breaker', 'credential-rest'])
  expect(here.states(NOW).targets[0]).toMatchObject({ breaker: 'closed', firstTokenMs: 120 })
})

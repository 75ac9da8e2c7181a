import { describe, expect, test } from 'bun:test'
import { Budget } from '../contract/budget.ts'
import { Limit } from '../contract/limit.ts'
import { LocalBank } from './bank.ts'
import { Budgets, type Reservation } from './budget.ts'
import { LeaseAuthority, openWorkerBank, type LeaseAnswer, type LeaseQuestion } from './lease-ipc.ts'
import { Limiter, type Admission } from './limits.ts'
import type { Meter } from './meter.ts'

const CALL = { key: 'ci', application: null, team: null, model: 'm', end_user: null, provider: null }

/** Workers and their parent, joined by queues as IPC joins them: messages are copied and arrive later. */
function node(count: number, now: () => number = Date.now) {
  const bank = new LocalBank({ now })
  const authority = new LeaseAuthority(bank, now)
  const workers = Array.from({ length: count }, (_, index) => {
    const copy = <T>(message: T): T => JSON.parse(JSON.stringify(message)) as T
    const worker = openWorkerBank(
      (message: LeaseQuestion) => queueMicrotask(() => authority.receive(index, copy(message))),
      now,
    )
    authority.join(index, (message: LeaseAnswer) => queueMicrotask(() => worker.receive(copy(message))))
    return worker
  })
  return { bank, authority, workers, stop: () => workers.forEach(({ bank }) => bank.close()) }
}

describe('leases over IPC', () => {
  test.each([
    [{ name: 'l', requests_per_minute: 100 }],
    [{ name: 'l', in_flight: 100 }],
    [{ name: 'l', requests_per_hour: 1_000_000, requests_per_day: 100 }],
  ])('%o is exact over four workers', async (limit) => {
    const { workers, stop } = node(4)
    const limiters = workers.map(({ bank }) => new Limiter([Limit.parse(limit)], bank))
    const answers = await Promise.all(
      Array.from({ length: 400 }, async (_, index) => limiters[index % 4]!.admit(CALL, 0, Date.now())),
    )
    expect(answers.filter(({ refused }) => !refused).length).toBe(100)
    const more = await Promise.all(limiters.map(async (limiter) => limiter.admit(CALL, 0, Date.now())))
    expect(more.every(({ refused }) => refused)).toBe(true)
    stop()
  })

  test('a model without a price passes where the budget allows it, until nothing is left', async () => {
    const { workers, stop } = node(2)
    const budget = Budget.parse({ name: 'b', amount_micros: 100, unpriced: 'allow', wait_ms: 0 })
    const [one, other] = workers.map(({ bank }) => new Budgets([budget], bank))
    const unpriced = (await one!.reserve(CALL, null, Date.now())) as Reservation
    expect(unpriced.refused).toBe(false)
    unpriced.settle(Date.now(), 0)
    const all = (await other!.reserve(
      CALL,
      { inputMicros: 99, perOutputToken: 0, askedOutputTokens: 1 },
      Date.now(),
    )) as Reservation
    all.settle(Date.now(), 100)
    await Bun.sleep(60)
    expect((await one!.reserve(CALL, null, Date.now())).refused).toBe(true)
    stop()
  })

  test('calls without a maximum of their own get what is left, and not all of them the same', async () => {
    const { workers, bank, stop } = node(2)
    const budget = Budget.parse({ name: 'b', amount_micros: 1_000, wait_ms: 0 })
    const budgets = workers.map(({ bank }) => new Budgets([budget], bank))
    const open = { inputMicros: 100, perOutputToken: 1 }
    const ask = (worker: number) => budgets[worker]!.reserve(CALL, open, Date.now())
    // More than there is, so that the answer would be capped.
    const answers = await Promise.all(Array.from({ length: 20 }, async (_, index) => await ask(index % 2)))
    const admitted = answers.filter((answer): answer is Reservation => !answer.refused)
    expect(admitted.map(({ outputCap }) => outputCap)).toEqual([900])
    admitted[0]!.settle(Date.now(), 300)
    await Bun.sleep(60)
    const next = await Promise.all([ask(1), ask(0)])
    expect(next.flatMap((answer) => (answer.refused ? [] : [answer.outputCap]))).toEqual([600])
    const [meter] = [...bank.entries()].map(([, meter]) => meter)
    expect(meter!.used(Date.now())).toBeLessThanOrEqual(1_000)
    stop()
  })

  test('units left with one worker are found for another', async () => {
    const { workers, stop } = node(2)
    const limiters = workers.map(({ bank }) => new Limiter([Limit.parse({ name: 'l', requests_per_minute: 50 })], bank))
    let admitted = 0
    for (let n = 0; n < 30; n++) if (!(await limiters[0]!.admit(CALL, 0, Date.now())).refused) admitted++
    for (let n = 0; n < 40; n++) if (!(await limiters[1]!.admit(CALL, 0, Date.now())).refused) admitted++
    expect(admitted).toBe(50)
    stop()
  })

  test('most admissions need no question', async () => {
    const { workers, stop } = node(2)
    const limiter = new Limiter([Limit.parse({ name: 'l', requests_per_minute: 100_000 })], workers[0]!.bank)
    let asked = 0
    for (let n = 0; n < 5_000; n++) {
      const answer = limiter.admit(CALL, 0, Date.now())
      if (answer instanceof Promise) {
        asked++
        await answer
      }
    }
    expect(asked).toBeLessThan(100)
    stop()
  })

  test('slots move between workers and come back when a worker dies', async () => {
    const { workers, authority, bank, stop } = node(2)
    const limiters = workers.map(({ bank }) => new Limiter([Limit.parse({ name: 'l', in_flight: 10 })], bank))
    const held = (await Promise.all(
      Array.from({ length: 10 }, async () => limiters[0]!.admit(CALL, 0, Date.now())),
    )) as Admission[]
    expect((await limiters[1]!.admit(CALL, 0, Date.now())).refused).toBe(true)
    held[0]!.settle(Date.now(), 0)
    await Bun.sleep(60)
    const taken = await limiters[1]!.admit(CALL, 0, Date.now())
    expect(taken.refused).toBe(false)
    authority.leave(0)
    await Bun.sleep(60)
    const more = await Promise.all(Array.from({ length: 10 }, async () => limiters[1]!.admit(CALL, 0, Date.now())))
    expect(more.filter(({ refused }) => !refused).length).toBe(9)
    authority.leave(1)
    for (const [, meter] of bank.entries()) expect(meter.used(Date.now())).toBe(0)
    stop()
  })

  test('users who are gone are forgotten', async () => {
    let now = 1_000_000
    const { workers, authority, stop } = node(2, () => now)
    const limit = Limit.parse({ name: 'l', per: ['end_user'], requests_per_minute: 10, in_flight: 5 })
    const limiters = workers.map(({ bank }) => new Limiter([limit], bank, () => now))
    for (let n = 0; n < 500; n++) {
      const admission = (await limiters[n % 2]!.admit({ ...CALL, end_user: `u${n}` }, 0, now)) as Admission
      admission.settle(now, 0)
      now += 10
      if (n % 50 === 49) await Bun.sleep(25)
    }
    now += 1_000
    await Bun.sleep(25)
    for (const limiter of limiters) await limiter.admit({ ...CALL, end_user: 'last' }, 0, now)
    expect(authority.remembered).toBeLessThan(20)
    stop()
  })

  test('a budget is not overspent by workers, and settles to the truth', async () => {
    const { workers, bank, stop } = node(3)
    const budget = Budget.parse({ name: 'b', amount_micros: 10_000, wait_ms: 0, period: 'once' })
    const all = workers.map(({ bank }) => new Budgets([budget], bank))
    const cost = { inputMicros: 10, perOutputToken: 1, askedOutputTokens: 90 }
    const answers = await Promise.all(
      Array.from({ length: 500 }, async (_, index) => all[index % 3]!.reserve(CALL, cost, Date.now())),
    )
    const held = answers.filter(({ refused }) => !refused) as Reservation[]
    expect(held.length).toBeLessThanOrEqual(100)
    expect(held.length).toBeGreaterThanOrEqual(98)
    for (const reservation of held) reservation.settle(Date.now(), 60)
    stop()
    await Bun.sleep(5)
    const [[, meter]] = [...bank.entries()] as [readonly [string, Meter]]
    expect(meter.spent!(Date.now())).toBe(held.length * 60)
    expect(meter.used(Date.now())).toBe(held.length * 60)
  })

  test('tokens are corrected where the truth is', async () => {
    const { workers, bank, stop } = node(2)
    const limiter = new Limiter([Limit.parse({ name: 'l', tokens_per_minute: 10_000 })], workers[0]!.bank)
    for (let n = 0; n < 20; n++) {
      const answer = (await limiter.admit(CALL, 400, Date.now())) as Admission
      answer.settle(Date.now(), n % 2 ? 100 : 500)
    }
    stop()
    await Bun.sleep(5)
    for (const [, meter] of bank.entries()) expect(meter.used(Date.now())).toBe(6_000)
  })
})

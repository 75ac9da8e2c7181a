import { describe, expect, test } from 'bun:test'
import { Budget } from '../contract/budget.ts'
import type { CallAttributes } from './attributes.ts'
import { BudgetWatch, type BudgetAlert } from './alerts.ts'
import { LocalBank } from './bank.ts'
import { budgetError, Budgets, formatMicros, type BudgetRefusal, type Reservation } from './budget.ts'
import type { CostBound } from './estimate.ts'
import { playHistories } from '../../test/helpers/histories.ts'
import { Purse } from './purse.ts'

const NOON = Date.UTC(2026, 10, 23, 12)
const DAY = 86_400_000
const CALL: CallAttributes = { key: 'ci', application: 'app', team: 'a', model: 'm', end_user: null, provider: null }
/** 10 micros of input, one micro for each of 90 output tokens. */
const COST: CostBound = { inputMicros: 10, perOutputToken: 1, askedOutputTokens: 90 }

function budgets(list: object[], bank = new LocalBank(), clock?: () => number): Budgets {
  return new Budgets(
    list.map((budget) => Budget.parse({ wait_ms: 0, ...budget })),
    bank,
    clock,
  )
}

async function reserve(all: Budgets, call: Partial<CallAttributes> = {}, cost: CostBound | null = COST, now = NOON) {
  return await all.reserve({ ...CALL, ...call }, cost, now)
}

describe('budget', () => {
  test('is never overspent by calls that run at the same time', async () => {
    const all = budgets([{ name: 'b', amount_micros: 10_000 }])
    const answers = await Promise.all(Array.from({ length: 500 }, () => reserve(all)))
    const held = answers.filter((answer) => !answer.refused) as Reservation[]
    expect(held.length).toBe(100)
    for (const reservation of held) reservation.settle(NOON, 100)
    expect(all.states(CALL, NOON)[0]).toMatchObject({ spentMicros: 10_000, usedMicros: 10_000 })
    expect(await reserve(all)).toMatchObject({ refused: true, reserved: false })
  })

  test('models that callers make up do not fill the memory, and money that was spent is not forgotten for them', async () => {
    const bank = new LocalBank({ max: 100, now: () => NOON })
    const all = budgets([{ name: 'b', per: ['model'], amount_micros: 1_000, unpriced: 'allow' }], bank)
    for (let n = 0; n < 50; n++) ((await reserve(all, { model: `paid${n}` })) as Reservation).settle(NOON, 950)
    const running = (await reserve(all, { model: 'running' })) as Reservation
    for (let n = 0; n < 10_000; n++)
      ((await reserve(all, { model: `made-up${n}` }, null)) as Reservation).settle(NOON, 0)
    expect(bank.size).toBeLessThanOrEqual(100)
    running.settle(NOON, 950)
    for (const model of ['running', 'paid0', 'paid49'])
      expect(await reserve(all, { model })).toMatchObject({ refused: true, spentMicros: 950 })
  })

  test('calls wait for what running calls may give back', async () => {
    const all = budgets([{ name: 'b', amount_micros: 1_000, wait_ms: 2_000 }], undefined, () => NOON)
    let served = 0
    const call = async () => {
      const answer = await reserve(all)
      if (answer.refused) return
      await Promise.resolve()
      served++
      answer.settle(NOON, 20)
    }
    await Promise.all(Array.from({ length: 40 }, call))
    expect(served).toBe(40)
    expect(all.openCount).toBe(0)
  })

  test('a call without a maximum of its own gets what there is money for', async () => {
    const all = budgets([{ name: 'b', amount_micros: 1_000 }])
    const open = { inputMicros: 10, perOutputToken: 1, modelOutputTokens: 100_000 }
    const first = (await reserve(all, {}, open)) as Reservation
    expect(first.outputCap).toBe(990)
    expect(await reserve(all, {}, open)).toMatchObject({ refused: true, reserved: true })
    first.settle(NOON, 30)
    expect(((await reserve(all, {}, open)) as Reservation).outputCap).toBe(960)
  })

  test('every level counts and the tightest decides', async () => {
    const all = budgets([
      { name: 'org', amount_micros: 1_000 },
      { name: 'teams', amount_micros: 300, per: ['team'] },
      { name: 'key', amount_micros: 100, for: { key: 'small' } },
    ])
    expect((await reserve(all, { key: 'small' })).refused).toBe(false)
    expect(await reserve(all, { key: 'small' })).toMatchObject({ budget: 'key' })
    expect((await reserve(all)).refused).toBe(false)
    expect((await reserve(all)).refused).toBe(false)
    expect(await reserve(all)).toMatchObject({ budget: 'teams' })
    for (let n = 0; n < 3; n++) expect((await reserve(all, { team: 'b' })).refused).toBe(false)
    for (let n = 0; n < 3; n++) expect((await reserve(all, { team: 'c' })).refused).toBe(false)
    for (let n = 0; n < 1; n++) expect((await reserve(all, { team: 'd' })).refused).toBe(false)
    expect(await reserve(all, { team: 'd' })).toMatchObject({ budget: 'org' })
  })

  test('a soft budget refuses nothing', async () => {
    const all = budgets([{ name: 'b', amount_micros: 50, mode: 'soft' }])
    for (let n = 0; n < 5; n++) ((await reserve(all)) as Reservation).settle(NOON, 100)
    expect(all.states(CALL, NOON)[0]?.spentMicros).toBe(500)
  })

  test.each([
    ['day', NOON, Date.UTC(2026, 10, 24)],
    ['week', NOON, Date.UTC(2026, 10, 30)],
    ['month', NOON, Date.UTC(2026, 11, 1)],
  ] as const)('a budget of a %s begins anew with the calendar', async (period, at, next) => {
    const all = budgets([{ name: 'b', amount_micros: 100, period }])
    const first = (await reserve(all, {}, COST, at)) as Reservation
    first.settle(at, 100)
    expect(await reserve(all, {}, COST, next - 1)).toMatchObject({ refused: true, waitMs: 1 })
    expect((await reserve(all, {}, COST, next)).refused).toBe(false)
  })

  test('a budget for once never does', async () => {
    const all = budgets([{ name: 'b', amount_micros: 100, period: 'once' }])
    ;((await reserve(all)) as Reservation).settle(NOON, 100)
    expect(await reserve(all, {}, COST, NOON + 4_000 * DAY)).toMatchObject({ refused: true, waitMs: Infinity })
  })

  test('a call that ends after its period is not charged to the next', async () => {
    const all = budgets([{ name: 'b', amount_micros: 100, period: 'day' }])
    const late = (await reserve(all, {}, COST, NOON)) as Reservation
    const next = (await reserve(all, {}, COST, NOON + DAY)) as Reservation
    late.settle(NOON + DAY, 100)
    next.settle(NOON + DAY, 40)
    expect(all.states(CALL, NOON + DAY)[0]).toMatchObject({ spentMicros: 40, usedMicros: 40 })
  })

  test('a lost reservation expires, and is charged when it settles after all', async () => {
    const all = budgets([{ name: 'b', amount_micros: 100, reservation_ms: 1_000 }])
    const lost = (await reserve(all)) as Reservation
    expect(all.sweep(NOON + 999)).toBe(0)
    expect(all.sweep(NOON + 1_000)).toBe(1)
    expect(all.states(CALL, NOON)[0]?.usedMicros).toBe(0)
    lost.settle(NOON + 2_000, 70)
    lost.settle(NOON + 2_000, 70)
    expect(all.states(CALL, NOON)[0]).toMatchObject({ spentMicros: 70, usedMicros: 70 })
  })

  test.each([-5, Number.NaN, -Infinity, Infinity])('a cost of %d charges nothing and gives nothing', async (cost) => {
    const all = budgets([{ name: 'b', amount_micros: 100 }])
    ;((await reserve(all)) as Reservation).settle(NOON, cost)
    expect(all.states(CALL, NOON)[0]).toMatchObject({ spentMicros: 0, usedMicros: 0 })
  })

  test('a model without a price is refused, unless the budget allows it', async () => {
    const refusal = (await reserve(budgets([{ name: 'b', amount_micros: 100 }]), {}, null)) as BudgetRefusal
    expect(budgetError(refusal, 'm').message).toBe(
      'budget "b" needs a price for model "m", and none is known; set a price for it, or let the budget say "unpriced: allow"',
    )
    expect((await reserve(budgets([{ name: 'b', amount_micros: 100, unpriced: 'allow' }]), {}, null)).refused).toBe(
      false,
    )
  })

  test('what earlier processes spent counts, from this period only', async () => {
    const all = budgets([{ name: 'b', amount_micros: 100, period: 'day' }])
    all.restore([{ attributes: CALL, costMicros: 60, at: NOON - DAY }], NOON)
    expect(all.states(CALL, NOON)[0]?.spentMicros).toBe(0)
    all.restore([{ attributes: CALL, costMicros: 60, at: NOON - 1_000 }], NOON)
    expect(await reserve(all)).toMatchObject({ refused: true, spentMicros: 60 })
  })

  test('what is restored for a budget that came later is counted in no other', () => {
    const all = budgets([
      { name: 'b', amount_micros: 100 },
      { name: 'late', amount_micros: 100 },
    ])
    all.restore([{ attributes: CALL, costMicros: 60, at: NOON }], NOON, new Set(['late']))
    expect(all.states(CALL, NOON).map(({ name, spentMicros }) => [name, spentMicros])).toEqual([
      ['b', 0],
      ['late', 60],
    ])
  })

  test.each([
    [0, '$0.00'],
    [1, '$0.000001'],
    [12_500, '$0.0125'],
    [50_000_000, '$50.00'],
  ])('%d micros are %s', (micros, text) => expect(formatMicros(micros)).toBe(text))
})

test('alerts come once for each threshold and period', () => {
  const seen: BudgetAlert[] = []
  let now = NOON
  const url = 'https://alerts.example/hook'
  const budget = Budget.parse({ name: 'b', amount_micros: 100, period: 'day', alerts: { url, secret: 'x' } })
  const watch = new BudgetWatch(
    () => [budget],
    (_, alert) => seen.push(alert),
    () => now,
  )
  const purse = new Purse(100, 'day')
  watch.watch('budget|b|day|4:team', purse)
  const spend = (micros: number) => purse.settle(now, purse.take(now, micros), micros, micros)
  for (const micros of [49, 1, 1, 40, 20]) spend(micros)
  expect(seen.map(({ data }) => [data.percent, data.spent_micros, data.of])).toEqual([
    [50, 50, ['team']],
    [80, 91, ['team']],
    [100, 111, ['team']],
  ])
  now += DAY
  spend(50)
  expect(seen.length).toBe(4)
})

describe('random histories', () => {
  const BUDGETS = [
    Budget.parse({ name: 'org', amount_micros: 150, period: 'day', wait_ms: 0 }),
    Budget.parse({ name: 'team', amount_micros: 90, per: ['team'], period: 'week', reservation_ms: DAY, wait_ms: 0 }),
  ]
  /** A purse as one would write it on paper. */
  type Paper = { amount: number; length: number; from: number; spent: number; held: Map<Reservation, number> }

  const turn = (paper: Paper, now: number) => {
    // 1970-01-05 was a Monday.
    const from = Math.floor((now - 4 * DAY) / paper.length) * paper.length
    if (from === paper.from) return
    paper.from = from
    paper.spent = 0
    paper.held.clear()
  }
  const usedOf = ({ spent, held }: Paper) => [...held.values()].reduce((sum, micros) => sum + micros, spent)

  test('agree with books kept by hand: never overspent, never negative, no reservation leaks', () => {
    playHistories(
      { runs: 100_000, steps: 12 },
      (random) => ({
        wait: random.upTo(1) ? random.upTo(DAY / 3) : random.upTo(1_000),
        share: random.upTo(100) / 100,
        tokens: random.upTo(60),
        team: random.one(['a', 'b'] as const),
        end: random.one(['now', 'later', 'never', 'twice', 'expire'] as const),
      }),
      (steps) => {
        let now = NOON
        const bank = new LocalBank({ now: () => now })
        const all = new Budgets(BUDGETS, bank, () => now)
        const paper = (amount: number, length: number): Paper => ({
          amount,
          length,
          from: -1,
          spent: 0,
          held: new Map(),
        })
        const org = paper(150, DAY)
        const teams = { a: paper(90, 7 * DAY), b: paper(90, 7 * DAY) }
        const open: { reservation: Reservation; bound: number; papers: Paper[] }[] = []
        const settle = ({ reservation, papers }: (typeof open)[number], cost: number, made: readonly number[]) => {
          reservation.settle(now, cost)
          papers.forEach((each, index) => {
            // A call of an earlier period is nobody's.
            if (each.from !== made[index]) return
            each.held.delete(reservation)
            each.spent += cost
          })
        }
        const made = new Map<Reservation, number[]>()
        let lost = false
        for (const { wait, share, tokens, team, end } of steps) {
          now += wait
          const papers = [org, teams[team]]
          for (const each of [org, teams.a, teams.b]) turn(each, now)
          if (end === 'expire') {
            all.sweep(now)
            for (const { reservation } of open) {
              if (reservation.expiresAt > now) continue
              lost = true
              for (const each of [org, teams.a, teams.b]) each.held.delete(reservation)
            }
          }
          const bound = 5 + tokens
          const fits = papers.every((each) => usedOf(each) + bound <= each.amount)
          const answer = all.reserve(
            { ...CALL, team },
            { inputMicros: 5, perOutputToken: 1, askedOutputTokens: tokens },
            now,
          )
          const refused = answer instanceof Promise || answer.refused
          if (refused === fits) return fits ? 'refused what could be paid' : 'admitted what could not be paid'
          if (!(answer instanceof Promise) && !answer.refused) {
            const one = { reservation: answer, bound, papers }
            made.set(
              answer,
              papers.map(({ from }) => from),
            )
            for (const each of papers) each.held.set(answer, bound)
            const cost = Math.floor(bound * share)
            if (end === 'now' || end === 'twice') {
              settle(one, cost, made.get(answer)!)
              if (end === 'twice') answer.settle(now, bound)
            } else open.push(one)
            if (end === 'later' && open.length > 1) {
              const first = open.shift()!
              settle(first, Math.floor(first.bound * share), made.get(first.reservation)!)
            }
          }
          for (const [id, meter] of bank.entries()) {
            const each = id.startsWith('budget|org') ? org : teams[id.endsWith('a') ? 'a' : 'b']
            if (meter.used(now) !== usedOf(each) || meter.spent!(now) !== each.spent)
              return `${id}: ${meter.spent!(now)} spent, ${meter.used(now)} used; on paper ${each.spent} and ${usedOf(each)}`
            // Who is given up for lost and then settles after all is charged, whoever has its money by then.
            if (each.spent > each.amount && !lost) return `${id} is overspent`
          }
        }
        for (const { reservation } of open) reservation.settle(now, 0)
        all.sweep(Infinity)
        for (const [id, meter] of bank.entries()) if (meter.used(now) !== meter.spent!(now)) return `${id} holds on`
        return all.openCount === 0 ? undefined : `${all.openCount} reservations are open`
      },
    )
  }, 60_000)
})

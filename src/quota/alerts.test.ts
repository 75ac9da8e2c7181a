import { describe, expect, test } from 'bun:test'
import { BAD_RECEIVERS, openBadReceiver, type BadReceiver } from '../../test/helpers/bad-receiver.ts'
import { Budget, type BudgetAlerts } from '../contract/budget.ts'
import { AlertSender, BudgetWatch, type BudgetAlert } from './alerts.ts'

const ALERT: BudgetAlert = {
  type: 'budget.threshold',
  timestamp: new Date(1_800_000_000_000).toISOString(),
  data: { budget: 'b', of: [], percent: 50, amount_micros: 1, spent_micros: 1, period: 'month', mode: 'soft' },
}
const alertsTo = (url: string, secret = 'a secret'): BudgetAlerts => ({ url, secret, at: [50] })

/** A sender whose pauses are over at once. */
const hasty = () => new AlertSender(async () => {}, 100)

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await Bun.sleep(5)
}

describe('a receiver that', () => {
  test.each(Object.keys(BAD_RECEIVERS) as BadReceiver[])(
    '%s: the message is tried four times, dropped and counted',
    async (how) => {
      const receiver = await openBadReceiver(how)
      const sender = hasty()
      sender.send(alertsTo(receiver.url), ALERT)
      const takesIt = /^answers (what was not|no JSON)|never ends its answer/.test(how)
      // A 2xx says that the message arrived, whatever else it says.
      if (takesIt) await until(() => receiver.asked.times === 1 && sender.pending === 0)
      else await until(() => sender.dropped === 1)
      expect(receiver.asked.times).toBe(how === 'refuses connections' ? 0 : takesIt ? 1 : 4)
      await until(() => receiver.open() === 0)
      receiver.close()
    },
  )

  test('never answers takes nobody else’s place', async () => {
    const dead = await openBadReceiver('never answers')
    const arrived: string[] = []
    const good = Bun.serve({
      port: 0,
      fetch(request) {
        arrived.push(request.url)
        return new Response()
      },
    })
    const sender = new AlertSender(async () => {}, 60_000)
    for (let n = 0; n < 500; n++) sender.send(alertsTo(dead.url), ALERT)
    sender.send(alertsTo(good.url.href), ALERT)
    await until(() => arrived.length === 1)
    expect(sender.dropped).toBeGreaterThan(300)
    await good.stop(true)
    dead.close()
  })
})

test('a secret that signs nothing sends nothing, and breaks nothing', async () => {
  const sender = hasty()
  sender.send(alertsTo('http://127.0.0.1:9/', 'whsec_'), ALERT)
  await until(() => sender.dropped === 1)
})

test('an observer that throws is not heard of, and not heard by the call', async () => {
  const budget = Budget.parse({ name: 'b', amount_micros: 100, alerts: { url: 'http://127.0.0.1:9/', secret: 's' } })
  const watch = new BudgetWatch(
    () => [budget],
    () => {
      throw new Error('the observer is broken')
    },
  )
  await watch.note('budget|b|month', 60, 0)
  await watch.note('budget|b|month', 100, 0, () => Promise.reject(new Error('nobody to ask')))
})

test('shares that have told nothing are not remembered, and no share tells twice', async () => {
  const sent: string[] = []
  const budget = Budget.parse({
    name: 'b',
    amount_micros: 100,
    per: ['key'],
    alerts: { url: 'http://127.0.0.1:9/', secret: 's' },
  })
  const watch = new BudgetWatch(
    () => [budget],
    (_, { data }) => void sent.push(`${data.of.join()} ${data.percent}`),
  )
  for (let n = 0; n < 1_000; n++) await watch.note(`budget|b|month|${n}:k`, 10, 0)
  expect(watch.remembered).toBe(0)
  for (let n = 0; n < 3; n++) await watch.note('budget|b|month|1:a', 80, 0)
  expect(sent).toEqual(['a 50', 'a 80'])
  await watch.note('budget|b|month|1:a', 50, 1)
  expect(sent.length).toBe(3)
})

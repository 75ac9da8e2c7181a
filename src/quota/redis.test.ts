import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { Budget } from '../contract/budget.ts'
import { Limit } from '../contract/limit.ts'
import { Sharing } from '../contract/routing.ts'
import { budgetError, Budgets, type BudgetRefusal, type Reservation } from './budget.ts'
import { LeasedBank } from './lease.ts'
import { LeaseAuthority, openWorkerBank } from './lease-ipc.ts'
import { explainRefusal, Limiter, type Admission, type Refusal } from './limits.ts'
import { RedisLeases } from './redis.ts'

const CALL = { key: 'ci', application: null, team: null, model: 'm', end_user: null, provider: null }
const server = Bun.which('redis-server') ?? Bun.which('valkey-server')
if (!server && process.env['CI']) throw new Error('redis-server is missing, and CI must test against one')

/** A Redis of our own on a free port, without disk. */
function startRedis(port = freePort()) {
  const child = Bun.spawn(
    [server!, '--port', String(port), '--save', '', '--appendonly', 'no', '--bind', '127.0.0.1'],
    {
      stdout: 'ignore',
      stderr: 'ignore',
    },
  )
  return { port, url: `redis://127.0.0.1:${port}`, child }
}

function freePort(): number {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const { port } = listener
  listener.stop(true)
  return port
}

async function reached(url: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const client = new Bun.RedisClient(url, { autoReconnect: false, connectionTimeout: 500 })
    try {
      await client.connect()
      await client.send('PING', [])
      return
    } catch {
      await Bun.sleep(20)
    } finally {
      client.close()
    }
  }
  throw new Error('redis-server did not start')
}

describe.skipIf(!server)('leases through Redis (skipped where no redis-server is installed)', () => {
  let redis: ReturnType<typeof startRedis>
  const closing: (() => void)[] = []
  beforeAll(async () => {
    redis = startRedis()
    await reached(redis.url)
  })
  beforeEach(async () => {
    const client = new Bun.RedisClient(redis.url)
    await client.send('FLUSHALL', [])
    client.close()
  })
  afterAll(() => {
    for (const close of closing) close()
    redis.child.kill()
  })

  let nodes = 0
  function node(sharing: Partial<Sharing> = {}, url = redis.url) {
    const client = new Bun.RedisClient(url, { connectionTimeout: 500, maxRetries: 1 })
    const changes: string[] = []
    const leases = new RedisLeases(client, {
      node: `n${++nodes}`,
      sharing: () => Sharing.parse(sharing),
      onChange: (state) => changes.push(state),
    })
    const bank = new LeasedBank(leases)
    closing.push(() => {
      bank.close()
      client.close()
    })
    return { bank, leases, changes }
  }

  async function admitted(limiters: readonly Limiter[], calls: number): Promise<Admission[]> {
    const answers = await Promise.all(
      Array.from({ length: calls }, async (_, index) => limiters[index % limiters.length]!.admit(CALL, 0, Date.now())),
    )
    return answers.filter((answer) => !answer.refused) as Admission[]
  }

  test.each([1, 3])('%d nodes never exceed a limit, and leave no more than their leases unused', async (count) => {
    const limit = Limit.parse({ name: 'l', requests_per_minute: 1_000 })
    const limiters = Array.from({ length: count }, () => new Limiter([limit], node().bank))
    const { length } = await admitted(limiters, 3_000)
    expect(length).toBeLessThanOrEqual(1_000)
    expect(length).toBeGreaterThanOrEqual(1_000 * (1 - 0.02 * (count - 1) - 0.01))
  })

  test('a change of the sharing takes effect at once', async () => {
    const sharing: Partial<Sharing> = { lease_percent: 1 }
    const { leases } = node(sharing, 'redis://127.0.0.1:1')
    expect(leases.share).toBe(0.01)
    sharing.lease_percent = 20
    expect(leases.share).toBe(0.2)
    const spec = { id: 'limit|l|in_flight', kind: 'slots', limit: 5, windowMs: 0 } as const
    expect((await leases.ask(spec, 1, 1)).granted).toBe(1)
    sharing.on_loss = 'closed'
    expect((await leases.ask(spec, 1, 1)).granted).toBe(0)
  })

  test('closed: what cannot be counted is refused as such, by workers too, and not as used up', async () => {
    const { bank } = node({ on_loss: 'closed' }, 'redis://127.0.0.1:1')
    const authority = new LeaseAuthority(bank)
    const worker = openWorkerBank((message) => queueMicrotask(() => authority.receive(0, message)))
    authority.join(0, (message) => queueMicrotask(() => worker.receive(message)))
    closing.push(() => worker.bank.close())
    const away = 'cannot be counted while the counters that nodes share are away; try again in'
    for (const each of [bank, worker.bank]) {
      const limit = Limit.parse({ name: 'l', requests_per_minute: 100 })
      const refusal = await new Limiter([limit], each).admit(CALL, 0, Date.now())
      expect(refusal).toMatchObject({ refused: true, cut: true })
      expect(explainRefusal(refusal as Refusal)).toStartWith(`limit "l" ${away}`)
      const budget = Budget.parse({ name: 'b', amount_micros: 1_000_000, wait_ms: 0 })
      // The caller names no maximum: what is left would be its cap, if anybody knew.
      const cost = { inputMicros: 10, perOutputToken: 1 }
      const denied = await new Budgets([budget], each).reserve(CALL, cost, Date.now())
      expect(denied).toMatchObject({ refused: true, cut: true })
      const error = budgetError(denied as BudgetRefusal, 'm')
      expect([error.code, error.message]).toEqual([
        'limits_unavailable',
        expect.stringMatching(new RegExp(`^budget "b" ${away}`)),
      ])
    }
  })

  test('workers of two nodes get what there is, and no more', async () => {
    const limit = Limit.parse({ name: 'l', requests_per_minute: 100 })
    const limiters = [node(), node()].flatMap(({ bank }) => {
      const authority = new LeaseAuthority(bank)
      return [0, 1].map((index) => {
        const worker = openWorkerBank((message) => queueMicrotask(() => authority.receive(index, message)))
        authority.join(index, (message) => queueMicrotask(() => worker.receive(message)))
        closing.push(() => worker.bank.close())
        return new Limiter([limit], worker.bank)
      })
    })
    expect((await admitted(limiters.slice(0, 2), 80)).length).toBe(80)
    const { length } = await admitted(limiters.slice(2), 80)
    expect(length).toBeLessThanOrEqual(20)
    expect(length).toBeGreaterThanOrEqual(16)
  })

  test('what was spent before Redis knew anything is the sum of all who spent it', async () => {
    const budget = Budget.parse({ name: 'b', amount_micros: 1_000, wait_ms: 0 })
    const costs = ['ci', 'web', 'lab'].map((key) => ({
      attributes: { ...CALL, key },
      costMicros: 300,
      at: Date.now(),
    }))
    const [first, second] = [node(), node()].map(({ bank }) => new Budgets([budget], bank))
    first!.restore(costs, Date.now())
    await Bun.sleep(50)
    second!.restore(costs, Date.now())
    await Bun.sleep(50)
    const cost = { inputMicros: 200, perOutputToken: 0, askedOutputTokens: 1 }
    expect(await second!.reserve(CALL, cost, Date.now())).toMatchObject({ refused: true, spentMicros: 900 })
  })

  test('slots are shared and come back', async () => {
    const limit = Limit.parse({ name: 'l', in_flight: 10 })
    const limiters = [node(), node()].map(({ bank }) => new Limiter([limit], bank))
    const held = await admitted(limiters, 40)
    expect(held.length).toBe(10)
    for (const admission of held) admission.settle(Date.now(), 0)
    await Bun.sleep(600)
    expect((await admitted([limiters[1]!], 10)).length).toBeGreaterThanOrEqual(9)
  })

  test('tokens are corrected', async () => {
    const limiter = new Limiter([Limit.parse({ name: 'l', tokens_per_minute: 1_000 })], node().bank)
    for (let n = 0; n < 12; n++) {
      const answer = await limiter.admit(CALL, 400, Date.now())
      expect(answer.refused).toBe(false)
      ;(answer as Admission).settle(Date.now(), 50)
      await Bun.sleep(15)
    }
  })

  test('a budget is not overspent by three nodes', async () => {
    const budget = Budget.parse({ name: 'b', amount_micros: 10_000, wait_ms: 1_500 })
    const all = Array.from({ length: 3 }, () => new Budgets([budget], node().bank))
    const cost = { inputMicros: 10, perOutputToken: 1, askedOutputTokens: 90 }
    let spent = 0
    await Promise.all(
      Array.from({ length: 300 }, async (_, index) => {
        const answer = await all[index % 3]!.reserve(CALL, cost, Date.now())
        if (answer.refused) return
        spent += 80
        ;(answer as Reservation).settle(Date.now(), 80)
      }),
    )
    expect(spent).toBeLessThanOrEqual(10_000)
    expect(spent).toBeGreaterThanOrEqual(9_000)
  })

  test.each<[Sharing['on_loss'], number]>([
    ['open', 5],
    ['closed', 0],
  ])(
    'while Redis is away: %s',
    async (on_loss, expected) => {
      const gone = startRedis()
      await reached(gone.url)
      const { bank, changes, leases } = node({ on_loss }, gone.url)
      const limiter = new Limiter([Limit.parse({ name: 'l', requests_per_minute: 5, in_flight: 100 })], bank)
      gone.child.kill('SIGKILL')
      await gone.child.exited
      const began = performance.now()
      expect((await admitted([limiter], 20)).length).toBe(expected)
      expect(performance.now() - began).toBeLessThan(1_000)
      expect(changes).toEqual(['lost'])
      const again = startRedis(gone.port)
      await reached(again.url)
      await Bun.sleep(1_100)
      await admitted([limiter], 1)
      for (let tries = 0; tries < 20 && leases.isLost; tries++) {
        await Bun.sleep(200)
        await admitted([limiter], 1)
      }
      expect(changes).toEqual(['lost', 'back'])
      again.child.kill()
    },
    20_000,
  )
})

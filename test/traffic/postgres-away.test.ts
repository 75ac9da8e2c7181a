// PostgreSQL is off the path of calls: while it is down, silent, slow or restarts, calls are answered and limited, management says 503, and
// records come later, each once.
import { SQL } from 'bun'
import { afterAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { readRunning } from '../../src/control/data-folder.ts'
import { FakeVendor } from '../fake-vendor/vendor.ts'
import { readOpenMetrics, sumOf } from '../helpers/open-metrics.ts'
import { GatewayProcess, run } from '../helpers/process.ts'
import { Proxy, type ProxyMode } from '../helpers/proxy.ts'
import { freshPostgres, noPostgres } from '../postgres.ts'

const KEY = `prk_live_${'d'.repeat(49)}`
/** What one node may have open: ten for management, two for records. */
const MOST_CONNECTIONS = 12
const missing = process.env['CI'] ? null : noPostgres

const vendor = new FakeVendor()
afterAll(() => vendor.stop())

const config = `providers:
  - { id: fake, type: openai-compatible, base_url: "${vendor.origin}/v1" }
keys:
  - { name: test, secret: "${KEY}" }
prices:
  - { provider: fake, model: m, input: 1000000, output: 1000000 }
limits:
  - { name: each, per: [key], requests_per_hour: 60 }
budgets:
  - { name: month, amount_micros: 1000000 }
`

async function ask(address: string) {
  const began = performance.now()
  const response = await fetch(`${address}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'fake/m', max_tokens: 20, messages: [{ role: 'user', content: 'hi' }] }),
  })
  await response.text()
  return {
    status: response.status,
    id: response.headers.get('x-request-id') ?? '',
    ms: performance.now() - began,
  }
}

/** A gateway whose database is behind a proxy. */
async function setUp() {
  const direct = await freshPostgres()
  const url = new URL(direct)
  const proxy = new Proxy(url.hostname, Number(url.port))
  url.port = String(await proxy.listen())
  const database = new SQL({ url: direct, max: 1 })
  const start = (folder?: string) =>
    new GatewayProcess({
      config,
      args: ['--admin-port', '0'],
      env: { DATABASE_URL: url.href },
      ...(folder === undefined ? {} : { folder }),
    })
  return {
    direct,
    proxy,
    database,
    start,
    /** The ids on record, with how often each is there. */
    async recorded() {
      const rows = (await database`select id, count(*)::int as times from call group by id`) as {
        id: string
        times: number
      }[]
      return new Map(rows.map(({ id, times }) => [id, times]))
    },
    async close() {
      await database.close()
      proxy.close()
    },
  }
}

async function adminOf(gateway: GatewayProcess) {
  const { address, token } = readRunning(join(gateway.folder, 'portreeve-data'))!
  const get = (path: string) => fetch(`${address}${path}`, { headers: { authorization: `Bearer ${token}` } })
  return {
    get,
    metric: async (name: string) => sumOf(readOpenMetrics(await (await fetch(`${address}/metrics`)).text()), name),
  }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await Bun.sleep(100)
}

describe.skipIf(missing !== null)(`PostgreSQL that is away${missing ? `: skipped, ${missing}` : ''}`, () => {
  test.each<ProxyMode>(['refuses', 'stalls'])(
    'calls go on while it %s, and their records come once it is back',
    async (mode) => {
      const { direct, proxy, recorded, start, close } = await setUp()
      await using gateway = start()
      const address = await gateway.address()
      const admin = await adminOf(gateway)
      const ids = [(await ask(address)).id]
      proxy.mode = mode
      const answers = []
      for (let n = 0; n < 40; n++) answers.push(await ask(address))
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
      for (const { ms } of answers) expect(ms).toBeLessThan(2_000)
      ids.push(...answers.map(({ id }) => id))

      // More requests than connections: each is refused in words, in time, and none crashes anything.
      const began = performance.now()
      const refused = await Promise.all(Array.from({ length: 30 }, () => admin.get('/api/v1/keys')))
      expect(performance.now() - began).toBeLessThan(20_000)
      expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 503))
      const problem = (await refused[0]!.json()) as Record<string, unknown>
      expect(problem).toMatchObject({ code: 'not_ready', status: 503 })
      expect(problem['detail']).toMatch(
        /^PostgreSQL at 127\.0\.0\.1:\d+\/test_\d+_\d+ does not answer as it should: .+ Check DATABASE_URL/,
      )
      expect(Number(refused[0]!.headers.get('retry-after'))).toBeGreaterThan(0)
      expect((await fetch(`${address}/readyz`)).status).toBe(200)
      await until(async () => (await admin.metric('portreeve_calls_total')) === 41)
      await until(async () => (await admin.metric('portreeve_database_up')) === 0)
      for (let n = 0; n < 25; n++) answers.push(await ask(address))
      expect(answers.filter(({ status }) => status === 429)).toHaveLength(6)
      ids.push(...answers.slice(40).map(({ id }) => id))

      proxy.mode = 'carries'
      await until(async () => (await admin.get('/api/v1/keys')).status === 200)
      await until(async () => (await recorded()).size === ids.length)
      expect(await recorded()).toEqual(new Map(ids.map((id) => [id, 1])))
      expect(await admin.metric('portreeve_calls_total')).toBe(ids.length)
      expect(await admin.metric('portreeve_records_written_total')).toBe(ids.length)
      expect(proxy.most).toBeLessThanOrEqual(MOST_CONNECTIONS)
      const ledger = await run(gateway.folder, ['ledger', 'verify'], { env: { DATABASE_URL: direct } })
      expect([ledger.code, ledger.err]).toEqual([0, ''])
      expect(await gateway.stop()).toBe(0)
      await close()
    },
    120_000,
  )

  test('a database that restarts again and again loses and doubles nothing', async () => {
    const { proxy, database, recorded, start, close } = await setUp()
    await using gateway = start()
    const address = await gateway.address()
    const admin = await adminOf(gateway)
    const ids: string[] = []
    for (let round = 0; round < 6; round++) {
      for (let n = 0; n < 10; n++) {
        const { status, id } = await ask(address)
        expect(status).toBe(200)
        ids.push(id)
        // As a restart does: each connection is told that it ends.
        if (n === 5)
          await database`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`
      }
      await until(async () => (await admin.get('/api/v1/keys')).status === 200)
    }
    await until(async () => (await recorded()).size === ids.length)
    expect(await recorded()).toEqual(new Map(ids.map((id) => [id, 1])))
    expect(proxy.most).toBeLessThanOrEqual(MOST_CONNECTIONS)
    expect(await gateway.stop()).toBe(0)
    await close()
  }, 120_000)

  test('a slow database slows nobody who calls', async () => {
    const { proxy, recorded, start, close } = await setUp()
    await using gateway = start()
    const address = await gateway.address()
    proxy.mode = 'delays'
    const answers = []
    for (let n = 0; n < 30; n++) answers.push(await ask(address))
    expect(answers.filter(({ status, ms }) => status !== 200 || ms > 1_000)).toEqual([])
    const admin = await adminOf(gateway)
    expect((await admin.get('/api/v1/keys')).status).toBe(200)
    await until(async () => (await recorded()).size === answers.length)
    proxy.mode = 'carries'
    expect(await gateway.stop()).toBe(0)
    await close()
  }, 120_000)

  test.each<ProxyMode>(['refuses', 'stalls'])(
    'a start while it %s serves the last configuration, and management comes with the database',
    async (mode) => {
      const { proxy, recorded, start, close } = await setUp()
      const first = start()
      const ids = [(await ask(await first.address())).id]
      // What is not yet in the database waits in the spool, also over a kill.
      proxy.mode = mode
      ids.push((await ask(await first.address())).id)
      first.signal('SIGKILL')
      await first.exited()
      await using second = start(first.folder)
      const address = await second.address()
      const admin = await adminOf(second)
      const { status, id } = await ask(address)
      expect(status).toBe(200)
      ids.push(id)
      expect((await admin.get('/api/v1/keys')).status).toBe(503)
      expect(await admin.metric('portreeve_database_up')).toBe(0)
      await until(async () => (await admin.metric('portreeve_calls_total')) === 1)
      proxy.mode = 'carries'
      await until(async () => (await admin.get('/api/v1/keys')).status === 200)
      await until(async () => (await recorded()).size === ids.length)
      expect(await recorded()).toEqual(new Map(ids.map((each) => [each, 1])))
      expect(await second.stop()).toBe(0)
      await close()
    },
    120_000,
  )

  test('a stop while it is silent is quick, and the next start brings the records', async () => {
    const { proxy, recorded, start, close } = await setUp()
    const first = start()
    const address = await first.address()
    const ids = [(await ask(address)).id]
    proxy.mode = 'stalls'
    ids.push((await ask(address)).id)
    const began = performance.now()
    expect(await first.stop()).toBe(0)
    expect(performance.now() - began).toBeLessThan(20_000)
    proxy.mode = 'carries'
    await using second = start(first.folder)
    await second.address()
    await until(async () => (await recorded()).size === ids.length)
    expect(await recorded()).toEqual(new Map(ids.map((id) => [id, 1])))
    expect(await second.stop()).toBe(0)
    await close()
  }, 120_000)
})

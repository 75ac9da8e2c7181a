// Whose the things are that vendors keep: after a restart, after a kill, in many processes, on many nodes.
import { Database } from 'bun:sqlite'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { emptyFolder, GatewayProcess, run } from '../helpers/process.ts'
import { ResponsesVendor } from '../helpers/responses-vendor.ts'
import { freshPostgres, noPostgres } from '../postgres.ts'

const [OWN, FRIEND, OTHER] = ['o', 'f', 's'].map((letter) => `prk_live_${letter.repeat(49)}`) as [
  string,
  string,
  string,
]
const vendor = new ResponsesVendor()
afterAll(() => vendor.stop())
beforeEach(() => void (vendor.asked.length = 0))

// A machine that is busy with other tests must not have calls refused here.
const config = `overload: { max_lag_ms: 60000 }
providers:
  - id: kept
    type: openai
    base_url: "${vendor.origin}/v1"
    api_keys: [{ id: a, secret: "env:KEY_A" }, { id: b, secret: "env:KEY_B" }]
prices:
  - { provider: kept, model: m, input: 1000000, output: 2000000 }
keys:
  - { name: own, secret: "env:OWN", models: ["kept/*"], team: search }
  - { name: friend, secret: "env:FRIEND", models: ["kept/*"], team: search }
  - { name: other, secret: "env:OTHER", models: ["kept/*"], team: sales }
`
const env = { KEY_A: 'vendor-a', KEY_B: 'vendor-b', OWN, FRIEND, OTHER }
type Start = { folder?: string; args?: string[]; env?: Record<string, string> }
const start = ({ folder = emptyFolder(), args = [], env: more = {} }: Start = {}) =>
  new GatewayProcess({ folder, config, args, env: { ...env, ...more } })

async function say(address: string, body: object, key = OWN): Promise<{ status: number; id: string; text: string }> {
  const response = await fetch(`${address}/v1/responses`, {
    method: 'POST',
    // Another connection each time, so that each process has its turn.
    keepalive: false,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'kept/m', input: 'q', ...body }),
  })
  const text = await response.text()
  return { status: response.status, id: /resp_\w+/.exec(text)?.[0] ?? '', text }
}

/** What the owner, a key of the same team, and a stranger get when they go on from a response or from its message. */
async function statuses(address: string, id: string): Promise<number[]> {
  const item = { input: [{ type: 'item_reference', id: id.replace('resp', 'msg') }] }
  const all = [OWN, FRIEND, OTHER].flatMap((key) => [
    say(address, { previous_response_id: id }, key),
    say(address, item, key),
  ])
  return (await Promise.all(all)).map(({ status }) => status)
}
const RIGHT = [200, 200, 200, 200, 400, 400]

describe('one node', () => {
  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'knows after %s whose they are',
    async (signal) => {
      const folder = emptyFolder()
      const ids: string[] = []
      for (let round = 0; round < 3; round++) {
        await using gateway = start({ folder })
        const address = await gateway.address()
        for (const id of ids) expect(await statuses(address, id)).toEqual(RIGHT)
        for (const stream of [false, true]) ids.push((await say(address, { stream })).id)
        gateway.signal(signal)
        await gateway.exited()
      }
    },
    60_000,
  )

  test('knows it in each of its processes, at once, and after a restart', async () => {
    const folder = emptyFolder()
    const last: string[] = []
    for (let round = 0; round < 2; round++) {
      await using gateway = start({ folder, args: ['--workers', '2'] })
      const address = await gateway.address()
      for (const id of last) expect(await statuses(address, id)).toEqual(RIGHT)
      for (let call = 0; call < 10; call++) {
        const { id } = await say(address, { stream: call % 2 === 0 })
        expect(await statuses(address, id)).toEqual(RIGHT)
        last[round] = id
      }
      await gateway.stop()
    }
  }, 60_000)
})

/** Call records as they are stored, once all are. */
function recordsOf(folder: string) {
  const database = new Database(join(folder, 'portreeve-data', 'portreeve.db'), { readonly: true })
  const rows = database.query('select endpoint, status, cost_micros, key_name from call order by id').all()
  database.close()
  return rows as { endpoint: string; status: number; cost_micros: number | null; key_name: string }[]
}

test('what works in the background is charged once, whoever sees its end, also after a restart', async () => {
  const folder = emptyFolder()
  const look = async (address: string, id: string, key: string) =>
    (await fetch(`${address}/v1/responses/${id}`, { keepalive: false, headers: { authorization: `Bearer ${key}` } }))
      .status
  let id = ''
  let address = ''
  {
    await using gateway = start({ folder, args: ['--workers', '2'] })
    address = await gateway.address()
    ;({ id } = await say(address, { background: true }))
    expect(await look(address, id, OWN)).toBe(200)
    gateway.signal('SIGKILL')
    await gateway.exited()
  }
  vendor.finish(id)
  for (const args of [['--workers', '2'], []]) {
    await using gateway = start({ folder, args })
    address = await gateway.address()
    const seen = await Promise.all(
      Array.from({ length: 20 }, (_, index) => look(address, id, [OWN, FRIEND, OTHER][index % 3]!)),
    )
    expect(seen).toEqual(seen.map((_, index) => (index % 3 === 2 ? 404 : 200)))
    await gateway.stop()
  }
  const records = recordsOf(folder)
  expect(records.filter(({ cost_micros }) => (cost_micros ?? 0) > 0)).toEqual([
    { endpoint: 'responses.background', status: 200, cost_micros: 200, key_name: 'own' },
  ])
  const { code, out, err } = await run(folder, ['ledger', 'verify'], { env })
  expect([code, err, out.includes('1 call')]).toEqual([0, '', true])
}, 60_000)

async function twoNodes(args: string[], more: Record<string, string>): Promise<void> {
  await using one = start({ args, env: more })
  const first = await one.address()
  await using two = start({ args, env: more })
  const second = await two.address()
  const made = await say(first, {})
  expect(await statuses(second, made.id)).toEqual(RIGHT)
  const { id } = await say(second, { stream: true })
  expect(await statuses(first, id)).toEqual(RIGHT)
}

test.skipIf(noPostgres !== null && !process.env['CI']).each([[[]], [['--workers', '2']]])(
  'nodes that share PostgreSQL tell each other: %p',
  async (args) => {
    await twoNodes(args, { DATABASE_URL: await freshPostgres() })
  },
  60_000,
)

const redis = Bun.which('redis-server') ?? Bun.which('valkey-server')
if (!redis && process.env['CI']) throw new Error('redis-server is missing, and CI must test against one')

test.skipIf(!redis).each([[[]], [['--workers', '2']]])(
  'nodes that share Redis alone ask it: %p',
  async (args) => {
    const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
    const port = String(listener.port)
    listener.stop(true)
    const server = Bun.spawn([redis!, '--port', port, '--save', '', '--bind', '127.0.0.1'], { stdout: 'ignore' })
    try {
      await twoNodes(args, { REDIS_URL: `redis://127.0.0.1:${port}` })
    } finally {
      server.kill()
      await server.exited
    }
  },
  60_000,
)

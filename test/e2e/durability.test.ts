// What survives: kill -9 under load, SIGTERM with calls under way, a database that is locked or damaged.
import { Database } from 'bun:sqlite'
import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FakeVendor } from '../fake-vendor/vendor.ts'
import { emptyFolder, GatewayProcess, run } from '../helpers/process.ts'

const KEY = `prk_live_${'k'.repeat(49)}`
const vendor = new FakeVendor()
afterAll(() => vendor.stop())
beforeEach(() => vendor.reset())

const config = `providers:
  - { id: fake, type: openai-compatible, base_url: "${vendor.origin}/v1", api_key: "env:FAKE_KEY" }
keys:
  - { name: test, secret: "env:TEST_KEY", models: ["fake/*"] }
`
const env = { FAKE_KEY: 'sk-fake', TEST_KEY: KEY }
const start = (folder: string) => new GatewayProcess({ folder, config, env })

const ask = (address: string, stream: boolean) =>
  fetch(`${address}/v1/chat/completions`, {
    method: 'POST',
    keepalive: false,
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'fake/gpt-4o-mini', stream, messages: [{ role: 'user', content: 'hi' }] }),
  })

/** The id of a call that was answered whole; undefined when the gateway died in it. */
async function completed(address: string, stream: boolean): Promise<string | undefined> {
  try {
    const response = await ask(address, stream)
    const text = await response.text()
    const whole = response.status === 200 && (stream ? text.endsWith('data: [DONE]\n\n') : text.endsWith('}'))
    return whole ? response.headers.get('x-request-id')! : undefined
  } catch {
    return undefined
  }
}

const open = (folder: string) => new Database(join(folder, 'portreeve-data', 'portreeve.db'), { readonly: true })

test('killed fifty times under load: each completed call has exactly one record', async () => {
  const folder = emptyFolder()
  const ids: string[] = []
  for (let round = 0; round < 50; round++) {
    await using gateway = start(folder)
    const address = await gateway.address()
    let left = 1 + ((round * 7) % 40)
    let dead = false
    // Eight clients, one call after the other, until the blow falls in the middle of their work.
    await Promise.all(
      Array.from({ length: 8 }, async (_, client) => {
        while (!dead) {
          const id = await completed(address, (client + left) % 2 === 0)
          if (id) ids.push(id)
          if (id && --left > 0) continue
          if (!dead) gateway.signal('SIGKILL')
          dead = true
        }
      }),
    )
    expect(await gateway.exited()).toBe('SIGKILL')
    vendor.requests.length = 0
  }
  await using gateway = start(folder)
  await gateway.address()
  // The last segment is taken over at the start; a clean stop waits until everything is in the store.
  expect(await gateway.stop()).toBe(0)
  const database = open(folder)
  expect(database.query('pragma integrity_check').get()).toEqual({ integrity_check: 'ok' })
  const records = database.query('select id, status, error_code from call').all() as { id: string; status: number }[]
  const byId = new Map(records.map((record) => [record.id, record]))
  expect(records.length).toBe(byId.size)
  expect(ids.length).toBeGreaterThan(500)
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.filter((id) => byId.get(id)?.status !== 200)).toEqual([])
  database.close()
}, 120_000)

describe('SIGTERM', () => {
  test('readiness goes off, running calls finish, then it ends with 0', async () => {
    await using gateway = start(emptyFolder())
    const address = await gateway.address()
    vendor.next({ fault: 'stall' })
    const response = await ask(address, true)
    const reading = response.text()
    await vendor.received()
    gateway.signal('SIGTERM')
    while ((await fetch(`${address}/readyz`, { keepalive: false })).status === 200);
    expect((await fetch(`${address}/healthz`, { keepalive: false })).status).toBe(200)
    vendor.release()
    expect(await reading).toEndWith('data: [DONE]\n\n')
    expect(await gateway.exited()).toBe(0)
  })
})

describe('the last snapshot serves when the database does not', () => {
  async function prepared(): Promise<string> {
    const folder = emptyFolder()
    await using gateway = start(folder)
    expect(await completed(await gateway.address(), false)).toBeDefined()
    expect(await gateway.stop()).toBe(0)
    return folder
  }

  test('a damaged file', async () => {
    const folder = await prepared()
    writeFileSync(join(folder, 'portreeve-data', 'portreeve.db'), 'this is no database, '.repeat(1000))
    await using gateway = start(folder)
    const address = await gateway.address()
    expect(await completed(address, true)).toBeDefined()
    expect(gateway.output).toContain('Running on the last configuration')
    // Which providers there are is not known before the database is back.
    expect(gateway.output).not.toContain('Providers:')
    const { code, out } = await run(folder, ['doctor', '--port', '0'], { env })
    expect([code, out]).toEqual([1, expect.stringMatching(/^FAILED +database .*The file is damaged/m)])
    expect(await gateway.stop()).toBe(0)
  })

  test('a file that somebody else has locked', async () => {
    const folder = await prepared()
    const database = new Database(join(folder, 'portreeve-data', 'portreeve.db'))
    database.run('pragma locking_mode = exclusive')
    database.run('begin exclusive')
    const started = performance.now()
    await using gateway = start(folder)
    const address = await gateway.address()
    // A start takes well under a second; the wait for the lock was five.
    expect(performance.now() - started).toBeLessThan(4_500)
    expect(await completed(address, false)).toBeDefined()
    expect(gateway.output).toContain('Running on the last configuration')
    database.run('rollback')
    database.close()
    expect(await gateway.stop()).toBe(0)
  }, 60_000)
})

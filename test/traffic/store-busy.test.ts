// The database is off the path of calls: while somebody else holds it, calls are answered, counted and limited, and their records come later.
import { Database } from 'bun:sqlite'
import { afterAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import { readRunning } from '../../src/control/data-folder.ts'
import { FakeVendor } from '../fake-vendor/vendor.ts'
import { GatewayProcess } from '../helpers/process.ts'

const KEY = `prk_live_${'b'.repeat(49)}`
const vendor = new FakeVendor()
afterAll(() => vendor.stop())

const config = `providers:
  - { id: fake, type: openai-compatible, base_url: "${vendor.origin}/v1" }
keys:
  - { name: test, secret: "${KEY}" }
prices:
  - { provider: fake, model: m, input: 1000000, output: 1000000 }
limits:
  - { name: each, per: [key], requests_per_hour: 40 }
budgets:
  - { name: month, amount_micros: 1000000 }
`

const ask = (address: string) =>
  fetch(`${address}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'fake/m', max_tokens: 20, messages: [{ role: 'user', content: 'hi' }] }),
  }).then(async (response) => {
    await response.text()
    return { status: response.status, id: response.headers.get('x-request-id') ?? '' }
  })

test('calls are served, limited and recorded while the database is held by somebody else', async () => {
  await using gateway = new GatewayProcess({ config })
  const address = await gateway.address()
  expect((await ask(address)).status).toBe(200)
  const path = join(gateway.folder, 'portreeve-data', 'portreeve.db')
  const holder = new Database(path)
  holder.run('pragma busy_timeout = 10000')
  holder.run('begin immediate')
  const answers = []
  for (let n = 0; n < 45; n++) answers.push(await ask(address))
  expect(answers.map(({ status }) => status)).toEqual([...Array<number>(39).fill(200), ...Array<number>(6).fill(429)])
  const { address: admin, token } = readRunning(join(gateway.folder, 'portreeve-data'))!
  const refused = await fetch(`${admin}/api/v1/keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'another' }),
  })
  expect([refused.status, await refused.json()]).toMatchObject([
    503,
    {
      code: 'not_ready',
      detail: expect.stringMatching(/portreeve\.db cannot be used: .*Another program holds the file/),
    },
  ])
  holder.run('rollback')
  holder.close()
  expect(await gateway.stop()).toBe(0)
  const database = new Database(path, { readonly: true })
  const kept = new Set((database.query('select id from call').all() as { id: string }[]).map(({ id }) => id))
  expect(answers.filter(({ id }) => !kept.has(id))).toEqual([])
  database.close()
}, 60_000)

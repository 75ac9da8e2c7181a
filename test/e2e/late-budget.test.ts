// A budget that is made in the middle of its period begins with what its calls have cost since the period began.
import { afterAll, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FakeVendor } from '../fake-vendor/vendor.ts'
import { GatewayProcess, run } from '../helpers/process.ts'

const KEY = `prk_live_${'d'.repeat(49)}`
const vendor = new FakeVendor()
afterAll(() => vendor.stop())

const config = `providers:
  - { id: fake, type: openai-compatible, base_url: "${vendor.origin}/v1" }
keys:
  - { name: test, secret: "${KEY}", team: web }
prices:
  - { provider: fake, model: m, input: 1000000, output: 1000000 }
budgets:
  - { name: early, amount_micros: 1000000 }
`

type Used = { name: string; used: { spent_micros: number }[] }[]

async function spentOf(folder: string): Promise<Record<string, number | undefined>> {
  const { out } = await run(folder, ['budgets', 'list', '--json'])
  return Object.fromEntries((JSON.parse(out) as Used).map(({ name, used }) => [name, used[0]?.spent_micros]))
}

test('a budget that is made later knows what was spent before', async () => {
  await using gateway = new GatewayProcess({ config })
  const address = await gateway.address()
  for (let n = 0; n < 3; n++)
    await fetch(`${address}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'fake/m', max_tokens: 20, messages: [{ role: 'user', content: 'hi' }] }),
    }).then((response) => response.text())
  // In the ledger, not only on its way there.
  while (!(await run(gateway.folder, ['ledger', 'verify'])).out.includes('3 calls'));
  const { early } = await spentOf(gateway.folder)
  expect(early).toBeGreaterThan(0)
  writeFileSync(join(gateway.folder, 'more.yaml'), '{ name: late, amount_micros: 1000000, per: [team] }')
  expect((await run(gateway.folder, ['budgets', 'apply', 'more.yaml'])).code).toBe(0)
  let late: number | undefined
  while (late === undefined) ({ late } = await spentOf(gateway.folder))
  expect(late).toBe(early!)
  expect(await spentOf(gateway.folder)).toEqual({ early: early!, late: early! })
}, 40_000)

// A gateway that cannot write records must not have vendors work for calls that it cannot answer.
import { expect, test } from 'bun:test'
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { FakeVendor } from '../fake-vendor/vendor.ts'
import { GatewayProcess } from '../helpers/process.ts'

test('it takes no calls while its disk takes no records, says so, and goes on by itself', async () => {
  await using vendor = new FakeVendor()
  const config = `providers:\n  - { id: fake, type: openai-compatible, base_url: "${vendor.origin}/v1" }\n`
  await using gateway = new GatewayProcess({ config })
  const address = await gateway.address()
  const key = await gateway.key()
  const ask = async () => {
    const answer = await fetch(`${address}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'x-api-key': key },
      body: JSON.stringify({ model: 'fake/m', messages: [{ role: 'user', content: 'Hi' }] }),
    })
    return [answer.status, ((await answer.json()) as { error?: { code: string } }).error?.code]
  }
  const spool = join(gateway.folder, 'portreeve-data', 'spool')
  renameSync(spool, `${spool}-away`)
  expect(await ask()).toEqual([503, 'not_ready'])
  const { length } = vendor.requests
  expect(await ask()).toEqual([503, 'not_ready'])
  expect(vendor.requests).toHaveLength(length)
  const ready = await fetch(`${address}/readyz`)
  expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining('cannot write records')])
  expect((await fetch(`${address}/healthz`)).status).toBe(200)
  renameSync(`${spool}-away`, spool)
  await gateway.printed(/can be written again/)
  expect(await ask()).toEqual([200, undefined])
  expect(gateway.output.match(/cannot write records/g)).toHaveLength(1)
}, 20_000)

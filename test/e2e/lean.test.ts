// What a process that serves calls has loaded. Each pause of its garbage collector grows with that, and so does its start.
import { afterAll, expect, test } from 'bun:test'
import { join, relative } from 'node:path'
import { readRunning } from '../../src/control/data-folder.ts'
import { FakeVendor } from '../fake-vendor/vendor.ts'
import { GatewayProcess } from '../helpers/process.ts'

const root = join(import.meta.dir, '..', '..')
const KEY = `prk_live_${'l'.repeat(49)}`
const vendor = new FakeVendor()
afterAll(() => vendor.stop())

const config = `providers:
  - { id: fake, type: openai-compatible, base_url: "${vendor.origin}/v1" }
keys:
  - { name: test, secret: "${KEY}" }
`
const env = { BUN_OPTIONS: `--preload ${join(root, 'test', 'helpers', 'loaded-modules.ts')}` }

/** Of management, of commands and of reading what people write: no call needs any of it. */
const UNNEEDED =
  /^(node_modules\/(zod|yaml|hono|@hono|@aws-sdk|@smithy)\/|src\/(ecs|iam|aws|execution-role)\b|src\/contract\/api\/|src\/http\/api\.ts|src\/store\/migrations)/
/** What only the process with the database needs. */
const PARENT = /^(node_modules\/kysely\/|src\/(control|http|cli\/start))/

async function modulesOf(gateway: GatewayProcess, pid: number): Promise<string[]> {
  process.kill(pid, 'SIGUSR2')
  const [, list = ''] = await gateway.printed(new RegExp(`modules of ${pid}: (.*)\n`))
  return (JSON.parse(list) as string[]).map((path) => relative(root, path))
}

async function call(address: string): Promise<void> {
  const response = await fetch(`${address}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'fake/m', messages: [{ role: 'user', content: 'hi' }] }),
  })
  expect([response.status, await response.text()]).toEqual([200, expect.any(String)])
}

test('one process serves calls, its health and its metrics without the code of management', async () => {
  await using gateway = new GatewayProcess({ config, env, args: ['--admin-port', '0'] })
  const address = await gateway.address()
  await call(address)
  const admin = readRunning(join(gateway.folder, 'portreeve-data'))?.address
  for (const url of [`${address}/healthz`, `${address}/readyz`, `${admin}/metrics`])
    expect((await fetch(url)).status).toBe(200)
  const modules = await modulesOf(gateway, gateway.pid)
  expect(modules).toContain('src/gateway/create.ts')
  expect(modules.filter((path) => UNNEEDED.test(path))).toEqual([])
})

test('the first request for management brings it', async () => {
  await using gateway = new GatewayProcess({ config, env })
  const address = await gateway.address()
  const answers = await Promise.all(['/api/v1/health', '/api/v1/health', '/docs'].map((path) => fetch(address + path)))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
  expect(await modulesOf(gateway, gateway.pid)).toContain('src/http/api.ts')
})

test('a gateway process beside others has no database either', async () => {
  await using gateway = new GatewayProcess({ config, env, args: ['--workers', '2'] })
  await call(await gateway.address())
  const pids = gateway.output.matchAll(/modules of (\d+) can be asked/g).map(([, pid]) => Number(pid))
  const workers = [...pids].filter((pid) => pid !== gateway.pid)
  expect(workers).toHaveLength(2)
  for (const pid of workers) {
    const modules = await modulesOf(gateway, pid)
    expect(modules).toContain('src/gateway/create.ts')
    expect(modules.filter((path) => UNNEEDED.test(path) || PARENT.test(path))).toEqual([])
  }
})

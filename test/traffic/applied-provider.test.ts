// A provider that is set up by the command line is what the management API shows, and calls go through it.
import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { providerCommands } from '../../src/cli/providers.ts'
import { runCommandLine } from '../../src/cli/run.ts'
import { openDataFolder } from '../../src/control/data-folder.ts'
import { openTestControl } from '../control.ts'
import { FakeVendor } from '../fake-vendor/vendor.ts'
import { startTestGateway } from '../helpers/gateway.ts'

const cwd = mkdtempSync(join(tmpdir(), 'applied-'))
const data = openDataFolder(join(cwd, 'portreeve-data'))
const vendor = new FakeVendor()
const { api, handler, token, control } = await openTestControl()
const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: (request, peer) => handler(request, peer) })
data.announce({ address: `http://127.0.0.1:${server.port}`, token })
afterAll(() => {
  void vendor.stop()
  void server.stop(true)
  data.close()
})

async function run(line: string, stdin = '', env: Record<string, string> = {}): Promise<string> {
  let said = ''
  const say = (text: string) => void (said += text)
  const io = { out: say, err: say, env, cwd, colour: false, readStdin: async () => stdin }
  await runCommandLine(line.split(' '), providerCommands, io)
  return said
}

async function ask() {
  const gateway = startTestGateway({ providers: control.context.live.merged().source.providers })
  const body = { model: 'pool/m', messages: [{ role: 'user', content: 'Hi' }] }
  const { status } = await gateway.post('/v1/chat/completions', body)
  await gateway.stop()
  return [status, vendor.requests.at(-1)?.headers['authorization']]
}

test('calls go out with the secret of whoever applied the provider', async () => {
  const provider = (key: string) =>
    `{ id: pool, type: openai-compatible, base_url: "${vendor.origin}/v1", api_keys: [${key}] }`
  const env = { POOL_KEY: 'sk-canary-one' }
  const first = provider('{ id: first, secret: "env:POOL_KEY", weight: 2 }')
  expect(await run('providers apply -', first, env)).toBe('Created provider pool.\n')
  expect(await ask()).toEqual([200, 'Bearer sk-canary-one'])
  expect(await (await api('GET', '/providers/pool')).json()).toMatchObject({
    origin: 'database',
    api_keys: [{ id: 'first', weight: 2, secret: { reference: null, found: true } }],
  })
  expect(await run('providers apply -', provider('{ id: second, secret: sk-canary-two }'))).toBe(
    'Replaced provider pool.\n',
  )
  expect(await ask()).toEqual([200, 'Bearer sk-canary-two'])
  expect(await run('providers delete pool')).toBe('Deleted provider pool.\n')
  expect((await ask())[0]).toBe(404)
})

// A start that cannot go on says why and ends: whoever supervises it must see the exit code.
import { afterAll, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { emptyFolder, GatewayProcess, run } from '../helpers/process.ts'

const taken = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response() })
afterAll(() => taken.stop(true))

test.each<[string, string, string[], string]>([
  [
    'a vendor that nobody knows',
    'providers:\n  - { id: a, type: opnai }\n',
    ['--port', '0'],
    'portreeve.yaml:2:20: providers[0].type:',
  ],
  [
    'a target that is not set up',
    'aliases:\n  - { name: x, targets: [{ provider: no, model: m }] }\n',
    ['--port', '0'],
    'portreeve.yaml:2:38: aliases[0].targets[0].provider:',
  ],
  ['a port that is taken', '', ['--port', String(taken.port)], '--port'],
  ['a port that is taken, for many', '', ['--port', String(taken.port), '--workers', '2'], '--port'],
  ['a data folder that is a file', '', ['--data', 'portreeve.yaml'], 'cannot be made (there is a file of that name)'],
  ['an admin port that is taken', '', ['--port', '0', '--admin-port', String(taken.port)], '--admin-port'],
])(
  '%s',
  async (_, text, flags, says) => {
    const folder = emptyFolder()
    writeFileSync(join(folder, 'portreeve.yaml'), text)
    const { code, err } = await run(folder, ['start', ...flags])
    expect(err).toContain(says)
    expect(code).toBe(1)
  },
  20_000,
)

test.each([[[]], [['--workers', '2']]])(
  'the key of a first start that could not listen is shown by the next one: %j',
  async (flags) => {
    const folder = emptyFolder()
    expect((await run(folder, ['start', '--port', String(taken.port), ...flags])).code).toBe(1)
    await using gateway = new GatewayProcess({ entry: 'source', folder })
    const models = await fetch(`${await gateway.address()}/v1/models`, {
      headers: { 'x-api-key': await gateway.key() },
    })
    expect(models.status).toBe(200)
  },
  20_000,
)

test('paths that nobody has are answered in the format of clients', async () => {
  await using gateway = new GatewayProcess({ entry: 'source', folder: emptyFolder() })
  const address = await gateway.address()
  for (const [method, path, status, code] of [
    ['POST', '/v2/chat/completions', 404, 'unknown_path'],
    ['GET', '/nope', 404, 'unknown_path'],
    ['POST', '/healthz', 405, 'method_not_allowed'],
  ] as const) {
    const answer = await fetch(address + path, { method })
    expect([answer.status, await answer.json()]).toMatchObject([status, { error: { code, param: null } }])
    expect(answer.headers.get('x-request-id')).toStartWith('call_')
  }
  const key = { 'x-api-key': await gateway.key() }
  const zipped = Bun.gzipSync(JSON.stringify({ model: 'demo/parley', messages: [{ role: 'user', content: 'Hi' }] }))
  const headers = { ...key, 'content-encoding': 'gzip' }
  const answer = await fetch(`${address}/v1/chat/completions`, { method: 'POST', headers, body: zipped })
  expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('content-encoding: gzip')])
  expect((await fetch(`${address}/healthz`)).headers.get('x-request-id')).toStartWith('call_')
}, 20_000)

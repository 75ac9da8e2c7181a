import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { openTestControl } from '../../test/control.ts'
import { readerHere, type TextReader } from '../config/read-text.ts'
import { hashSecret } from './secret.ts'

const FILE = `providers:
  - { id: local, type: openai-compatible, base_url: "http://127.0.0.1:9100/v1", api_key: "env:LOCAL_KEY" }
aliases:
  - { name: fast, targets: [{ provider: local, model: gpt-4o-mini }] }
keys:
  - { name: ci, secret: "env:CI_KEY", models: ["fast", "local/*"] }
`
const ENV = {
  LOCAL_KEY: 'sk-local-canary-0123456789',
  CI_KEY: 'ci-canary-0123456789',
  OPENAI_API_KEY: 'sk-openai-canary-0123',
}

test('file, database and environment become one configuration; what the file holds is read-only and says so', async () => {
  const { api, published } = await openTestControl({ file: FILE, env: ENV })
  const source = published.at(-1)
  expect(source?.providers.map(({ id, origin }) => `${id} ${origin}`)).toEqual([
    'local file',
    'openai environment',
    'demo built-in',
  ])
  expect(source?.providers[0]?.credentials[0]?.secret).toBe(ENV.LOCAL_KEY)
  expect(source?.keys).toMatchObject([{ name: 'ci', hash: hashSecret(ENV.CI_KEY), models: ['fast', 'local/*'] }])
  const refused = await api('PATCH', '/aliases/fast', { strategy: 'cheapest' })
  expect([refused.status, ((await refused.json()) as { detail: string }).detail]).toEqual([
    409,
    'The alias fast is kept in portreeve.yaml: change it there.',
  ])
  for (const path of ['/providers', '/keys', '/settings', '/aliases', '/audit']) {
    expect(await (await api('GET', path)).text()).not.toContain('canary')
  }
  expect(await (await api('GET', '/providers')).text()).toContain('"reference":"env:LOCAL_KEY"')
})

test('of two texts the last one wins, however long the first takes to read', async () => {
  const [asked, slow] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const read: TextReader['read'] = async (text, ...rest) => {
    if (text.includes('first')) {
      asked.resolve()
      await slow.promise
    }
    return readerHere.read(text, ...rest)
  }
  const { control, published, folder } = await openTestControl({
    file: FILE,
    env: ENV,
    reader: { ...readerHere, read },
  })
  const path = join(folder, 'portreeve.yaml')
  await Bun.write(path, FILE.replace('name: ci', 'name: first'))
  const first = control.reload()
  await asked.promise
  await Bun.write(path, FILE.replace('name: ci', 'name: second'))
  const second = control.reload()
  // Time enough to overtake, were that possible.
  const turns = async () => {
    for (let turn = 0; turn < 500; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
  await Promise.race([second, turns()])
  slow.resolve()
  expect(await Promise.all([first, second])).toEqual([[], []])
  expect(published.at(-1)?.keys).toMatchObject([{ name: 'second' }])
})

test('a file is taken into use when it is right; else what is in use goes on, and attention is asked for', async () => {
  const { api, control, published, folder } = await openTestControl({ file: FILE, env: ENV })
  const path = join(folder, 'portreeve.yaml')
  const before = published.length
  for (const [text, line] of [
    [FILE.replace('aliases:', 'alias:'), 3],
    [FILE.replace('openai-compatible', 'openai-compatibel'), 2],
    [FILE.replace('provider: local, model', 'provider: gone, model'), 4],
  ] as const) {
    await Bun.write(path, text)
    expect((await control.reload())[0]?.line).toBe(line)
    expect(published.length).toBe(before)
    const attention = (await (await api('GET', '/attention')).json()) as { data: { kind: string }[] }
    expect(attention.data[0]?.kind).toBe('file-refused')
  }
  await Bun.write(path, FILE.replace('name: fast', 'name: quick').replace('"fast"', '"quick"'))
  expect(await control.reload()).toEqual([])
  expect(published.at(-1)?.aliases.map(({ name }) => name)).toEqual(['quick'])
  expect(published.at(-1)?.version).toBeGreaterThan(published.at(-2)?.version ?? 0)
})

test('checking a text judges it together with what the database keeps, and uses nothing of it', async () => {
  const { api, published } = await openTestControl()
  const text = 'aliases:\n  - { name: fast, targets: [{ provider: kept, model: m }] }\n'
  const check = async () => {
    const answer = (await (await api('POST', '/settings/check', { text })).json()) as {
      ok: boolean
      findings: object[]
    }
    return answer
  }
  expect(await check()).toMatchObject({
    ok: false,
    findings: [{ file: 'portreeve.yaml', line: 2, field: 'aliases[0].targets[0].provider' }],
  })
  expect((await api('POST', '/providers', { id: 'kept', type: 'openai', api_key: 'sk-canary-123456789' })).status).toBe(
    201,
  )
  const before = published.length
  expect(await check()).toEqual({ ok: true, findings: [] })
  expect(published.length).toBe(before)
})

import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { providerCommands } from '../../src/cli/providers.ts'
import { ruleCommands } from '../../src/cli/rules.ts'
import { runCommandLine } from '../../src/cli/run.ts'
import { keysOfFile } from '../../src/control/key-source.ts'
import { Configuration } from '../../src/contract/configuration.ts'
import { FakeVendor } from '../fake-vendor/vendor.ts'
import { SECRET, sourceProvider, startTestGateway } from '../helpers/gateway.ts'

const DOCS = join(import.meta.dir, '..', '..', 'docs')
const vendor = new FakeVendor()
afterAll(() => vendor.stop())

/** The examples of one page, put together and read as a configuration. */
async function exampleOf(page: string): Promise<Configuration> {
  const text = await Bun.file(join(DOCS, `${page}.md`)).text()
  const blocks = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml = '']) => Bun.YAML.parse(yaml) as object)
  expect(blocks.length).toBeGreaterThan(0)
  return Configuration.parse(Object.assign({}, ...blocks))
}

function start(configuration: Configuration) {
  const names = ['main', 'other', 'backup', 'openai']
  return startTestGateway({
    providers: names.map((id) => sourceProvider(id, `${vendor.origin}/v1`)),
    aliases: configuration.aliases,
    prices: [{ provider: 'main', model: 'm', input: 1_000_000, output: 1_000_000 }],
    traffic: configuration,
  })
}

type Check = {
  model?: string
  content?: string
  more?: object
  status: number
  headers?: Record<string, RegExp>
  sent?: RegExp
}

const PAGES: [string, Check[]][] = [
  [
    'limits',
    [
      {
        status: 200,
        headers: { 'x-ratelimit-limit-requests': /^60$/, 'ratelimit-policy': /"each-key-requests-60s";q=60;w=60/ },
      },
    ],
  ],
  ['budgets', [{ status: 200 }, { model: 'main/unpriced', status: 402 }]],
  ['routing', [{ model: 'fast', status: 200, headers: { 'x-portreeve-model': /^(main|other|backup)\// } }]],
  [
    'guards',
    [
      { content: 'Mail jane@example.com', status: 200, sent: /Mail \[EMAIL_1\]/ },
      { more: { tools: [{ type: 'function', function: { name: 'drop_table' } }] }, status: 400 },
    ],
  ],
  ['cache', [{ status: 200 }]],
  ['responses', [{ status: 200 }]],
]

describe.each(PAGES)('docs/%s.md', (page, checks) => {
  test('its example is a configuration, and does what the page says', async () => {
    const gateway = start(await exampleOf(page))
    for (const { model = 'main/m', content = 'Hi', more, status, headers = {}, sent } of checks) {
      vendor.reset()
      const body = { model, max_tokens: 50, messages: [{ role: 'user', content }], ...more }
      const response = await gateway.post('/v1/chat/completions', body)
      expect(response.status).toBe(status)
      for (const [name, pattern] of Object.entries(headers)) expect(response.headers.get(name)).toMatch(pattern)
      if (sent) expect(vendor.requests[0]!.text).toMatch(sent)
      await response.text()
    }
    await gateway.stop()
  })
})

/** Applies what a page shows with the command that it names, which speaks to the management API. */
describe.each([
  ['limits', 'limits'],
  ['budgets', 'budgets'],
  ['guards', 'guards'],
  ['routing', 'aliases'],
  ['routing', 'providers'],
  ['providers', 'providers'],
  ['cache', 'sections'],
])('docs/%s.md', (page, noun) => {
  test(`its example of ${noun} can be set up by the command that it names, and so by the management API`, async () => {
    const text = await Bun.file(join(DOCS, `${page}.md`)).text()
    const [, file = ''] = new RegExp(`portreeve ${noun} apply (\\S+)`).exec(text) ?? []
    const cwd = mkdtempSync(join(tmpdir(), 'docs-'))
    const providers = ['main', 'other', 'backup', 'openai'].map((id) => ({ id, type: 'demo' }))
    if (noun !== 'providers') writeFileSync(join(cwd, 'portreeve.yaml'), JSON.stringify({ providers }))
    const section = page === 'cache' ? 'cache' : noun
    const block = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)]
      .map(([, yaml = '']) => yaml)
      .find((yaml) => yaml.startsWith(section))
    writeFileSync(join(cwd, file), block ?? '')
    const references = [...(block ?? '').matchAll(/env:(\w+)/g)].map(([, name = '']) => [name, `secret of ${name}`])
    let [out, err] = ['', '']
    const io = {
      out: (more: string) => void (out += more),
      err: (more: string) => void (err += more),
      env: Object.fromEntries(references),
      cwd,
      colour: false,
      readStdin: async () => '',
    }
    const code = await runCommandLine([noun, 'apply', file], [...ruleCommands, ...providerCommands], io)
    expect([code, out.split('\n')[0], code === 0 ? '' : err]).toEqual([0, expect.stringMatching(/^Created /), ''])
  }, 30_000)
})

test('docs/api.md: its key works with the secret from the environment', async () => {
  const { keys } = await exampleOf('api')
  const gateway = startTestGateway({
    providers: [sourceProvider('demo', '', { type: 'demo', credentials: [], base_url: undefined })],
    keys: keysOfFile(keys, { env: { CI_KEY: SECRET }, folder: DOCS }),
  })
  const ask = (model: string) =>
    gateway.post('/v1/chat/completions', { model, messages: [{ role: 'user', content: 'Hi' }] })
  expect([(await ask('demo/parley')).status, (await ask('main/m')).status]).toEqual([200, 403])
  await gateway.stop()
})

import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openTestControl } from '../../test/control.ts'
import { runCommands } from '../../test/helpers/command-line.ts'
import { callRecord } from '../../test/records.ts'
import { openDataFolder } from '../control/data-folder.ts'
import { openStore } from '../store/open.ts'
import { resourcesIn } from '../store/resource.ts'
import { callCommands } from './calls.ts'
import { configCommands } from './config.ts'
import { doctor } from './doctor.ts'
import { commandHelp } from './help.ts'
import { keyCommands } from './keys.ts'
import { ledgerVerify } from './ledger.ts'
import { modelCommands } from './models.ts'
import { providerCommands } from './providers.ts'
import { relative, spanOf, table } from './table.ts'
import { userCommands } from './users.ts'

const COMMANDS = [
  ...keyCommands,
  ...callCommands,
  ...modelCommands,
  ...providerCommands,
  ...userCommands,
  ...configCommands,
  doctor,
  ledgerVerify,
]
const folder = () => mkdtempSync(join(tmpdir(), 'cli-'))

const run = (cwd: string, line: string, env: Record<string, string> = {}) => runCommands(COMMANDS, cwd, line, { env })

describe('without a gateway, in an empty folder', () => {
  const cwd = folder()
  const steps: [string, number, RegExp][] = [
    ['keys list', 0, /^No keys yet\. Create one: portreeve keys create --name NAME\n$/],
    ['keys create --name ci --model fast --expires 30d', 0, /^prk_live_[\w-]{49}\n$/],
    ['keys create --name ci', 1, /^$/],
    ['keys create --name x --expires soon', 2, /^$/],
    ['keys create --name x --expires 2020-01-01T00:00:00Z', 2, /^$/],
    ['keys create --name ä', 2, /^$/],
    ['keys create --name x --model= ', 2, /^$/],
    ['keys list', 0, /NAME +KEY +STATUS[^\n]+\nci +prk_live_….{4} +active +fast +- +0 +\$0 +- +in 30 days +key_\w+\n$/],
    ['keys list --json', 0, /^\[\{.*"name":"ci".*\}\]\n$/],
    [
      'keys update ci --model demo/parley --priority high --unset expires',
      0,
      /^Changed ci \(key_\w+\); it may use demo\/parley\.\n$/,
    ],
    ['keys list --json', 0, /"priority":"high"/],
    ['keys list', 0, /ci +prk_live_….{4} +active +demo\/parley +- +0 +\$0 +- +- +key_\w+\n$/],
    ['keys update ci', 2, /^$/],
    ['keys update ci --priority urgent', 2, /^$/],
    ['keys update nobody --priority low', 1, /^$/],
    ['keys rotate ci --overlap 0m', 0, /^prk_live_[\w-]{49}\n$/],
    ['keys revoke ci', 0, /^Revoked ci \(key_\w+\)\.\n$/],
    ['keys revoke nobody', 1, /^$/],
    ['keys list --status active', 0, /^No active keys\.\n$/],
    ['calls list', 0, /^No calls\./],
    ['calls tail', 1, /^$/],
    ['calls show call_1', 1, /^$/],
    ['models list', 0, /^MODEL[^\n]+\ndemo\/parley /],
    ['models search gpt-4o-mini --json', 0, /"id":"openai\/gpt-4o-mini"/],
    ['models search nothing-of-that-name', 0, /^No model named like "nothing-of-that-name"/],
    ['providers list', 0, /\ndemo +Portreeve demo +built in +- +unused /],
    ['providers test demo', 0, /^ok: The built-in demo provider always answers\.\n$/],
    ['providers test nobody', 1, /^$/],
    ['users list', 0, /^Nobody yet\./],
    ['users link', 0, /^http:\/\/127\.0\.0\.1:8080\/console\/join#pri_[\w-]{49}\n$/],
    ['users invite bob@example.com --role admin', 0, /^http:\/\/127\.0\.0\.1:8080\/console\/join#pri_/],
    ['users link bob@example.com', 0, /^http:/],
    ['doctor --port 0', 0, /^ok +configuration +no portreeve\.yaml here; none is needed\n/],
    ['config show', 0, /--data, PORTREEVE_DATA +portreeve-data +default\n/],
  ]
  for (const [line, code, out] of steps) {
    test(line, async () => {
      const result = await run(cwd, line)
      expect(result.err + result.out).not.toContain('unexpected error')
      expect([result.code, result.out]).toEqual([code, expect.stringMatching(out)])
      if (code !== 0) expect(result.err).not.toBe('')
    })
  }
})

test('what is typed wrongly is called what was typed', async () => {
  const { err } = await run(folder(), 'keys create --name ä')
  expect(err).toContain('portreeve keys create: --name: use 1 to 63 letters')
})

test('a folder that no gateway has run on is named: it may be the wrong one', async () => {
  const cwd = folder()
  const says = `No gateway has run on the data folder ${join(cwd, 'portreeve-data')} yet`
  expect((await run(cwd, 'calls list')).err).toStartWith(says)
  expect((await run(cwd, 'calls list')).err).toStartWith(says)
  writeFileSync(join(cwd, 'portreeve-data', 'last-configuration'), '')
  expect((await run(cwd, 'calls list')).err).toBe('')
})

describe('with a gateway on the folder', async () => {
  const cwd = folder()
  const data = openDataFolder(join(cwd, 'portreeve-data'))
  const { handler, token, control } = await openTestControl()
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: (request, peer) => handler(request, peer) })
  data.announce({ address: `http://127.0.0.1:${server.port}`, token })
  afterAll(() => {
    void server.stop(true)
    data.close()
  })

  test('commands speak to it', async () => {
    expect((await run(cwd, 'keys create --name live')).out).toStartWith('prk_live_')
    expect((await run(cwd, 'users invite bob')).err).toBe(
      'portreeve users invite: EMAIL: must be an e-mail address, as name@example.com. See "portreeve users invite --help".\n',
    )
    expect(control.context.live.merged().source.keys.map(({ name }) => name)).toEqual(['live'])
    await control.addCalls([
      callRecord({ id: 'call_9', status: 502, error_code: 'upstream_failed', started_at: Date.now() - 60_000 }),
    ])
    expect((await run(cwd, 'calls list --outcome error --since 1h')).out).toMatch(
      /\n1 minute ago +502 +fast → openai\/gpt-4o-mini +ci +100 +20 /,
    )
    const shown = await run(cwd, 'calls show call_9')
    expect(shown.out).toContain('Test the provider; give the alias another target to fall back to.')
    writeFileSync(join(cwd, 'portreeve.yaml'), 'broken: true')
    expect((await run(cwd, 'keys list')).out).toContain('live')
    unlinkSync(join(cwd, 'portreeve.yaml'))
    expect((await run(cwd, 'doctor --port 0')).out).toContain(
      `runs as process ${process.pid} at http://127.0.0.1:${server.port}\nok       database       the gateway works with it\n`,
    )
  })

  test('from elsewhere, a token is needed', async () => {
    const url = `http://127.0.0.1:${server.port}`
    expect((await run(folder(), `keys list --url ${url}`)).code).toBe(2)
    const nonsense = await run(folder(), 'keys list --url nonsense', { PORTREEVE_TOKEN: token })
    expect([nonsense.code, nonsense.err]).toEqual([
      2,
      'portreeve keys list: --url nonsense: use an address, as https://gateway.example.com.\n',
    ])
    expect((await run(folder(), `keys list --url ${url}`, { PORTREEVE_TOKEN: token })).out).toContain('live')
    expect((await run(folder(), `keys list --url ${url}`, { PORTREEVE_TOKEN: 'pra_wrong' })).err).toContain(
      'The token is not known',
    )
  })
})

test('keys list shows an unknown cost as unknown, and when a key of the file was last used', async () => {
  const cwd = folder()
  const data = openDataFolder(join(cwd, 'portreeve-data'))
  const { handler, token, control } = await openTestControl({ file: 'keys:\n  - { name: ci, secret: "file-key" }\n' })
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: (request, peer) => handler(request, peer) })
  data.announce({ address: `http://127.0.0.1:${server.port}`, token })
  const of = async (field: RegExp) => field.exec((await run(cwd, 'keys list')).out)?.[1]
  const key_id = control.context.live.merged().source.keys[0]?.id ?? ''
  const started_at = Date.now() - 3_600_000
  const costAndUse = /\nci .*\d {2,}(\S+ (?:\$\S+ )? *(?:-|\d+ hours? ago)) +- +key_/
  expect(await of(costAndUse)).toMatch(/^\$0 +-$/)
  await control.addCalls([callRecord({ id: 'call_1', key_id, started_at, cost_micros: null, price_source: null })])
  expect(await of(costAndUse)).toMatch(/^- +1 hour ago$/)
  await control.addCalls([callRecord({ id: 'call_2', key_id, started_at, cost_micros: 27 })])
  expect(await of(costAndUse)).toMatch(/^≥ \$0\.000027 +1 hour ago$/)
  void server.stop(true)
  data.close()
})

test('models list has the models that are only known by a price of their own, and what the demo costs', async () => {
  const cwd = folder()
  writeFileSync(
    join(cwd, 'portreeve.yaml'),
    [
      'providers:',
      '  - { id: lab, type: openai-compatible, base_url: "http://127.0.0.1:9100/v1", models: [Known-1] }',
      'prices:',
      '  - { provider: lab, model: llama-4, input: 150000, output: 600000 }',
      '  - { provider: lab, model: known-1, input: 1000000 }',
      '  - { provider: demo, model: Embed, input: 2000000 }',
    ].join('\n'),
  )
  const { out } = await run(cwd, 'models list')
  const rows = out.split('\n').map((row) => row.split(/ {2,}/))
  const prices = rows.map(([model = '', , , input, output]) => [model, input, output].join(' '))
  expect(prices).toEqual(
    expect.arrayContaining([
      'lab/Known-1 $1.00 -',
      'lab/llama-4 $0.1500 $0.6000',
      'demo/parley $0 $0',
      'demo/embed $2.00 $0',
    ]),
  )
  expect(prices.filter((row) => /known-1|embed/i.test(row))).toHaveLength(2)
})

test('models list names the aliases first', async () => {
  const cwd = folder()
  writeFileSync(
    join(cwd, 'portreeve.yaml'),
    'aliases:\n  - { name: fast, targets: [{ provider: demo, model: parley }] }\n',
  )
  expect((await run(cwd, 'models list')).out).toMatch(/^MODEL[^\n]+\nfast +alias [^\n]+\ndemo\/parley /)
})

describe('ledger verify', () => {
  const cwd = folder()
  const path = join(cwd, 'portreeve-data', 'portreeve.db')
  test('where no database is, nothing is made and nothing is claimed', async () => {
    const { code, out, err } = await run(cwd, 'ledger verify')
    expect([code, out, existsSync(join(cwd, 'portreeve-data'))]).toEqual([1, '', false])
    expect(err).toContain(`There is no database ${path}, so nothing was checked. `)
  })
  test('an empty one is named, with a warning', async () => {
    await run(cwd, 'keys list')
    const { code, out, err } = await run(cwd, 'ledger verify')
    expect([code, out]).toEqual([0, `Checked ${path}\n0 entries, 0 calls, $0.000000: no faults\n`])
    expect(err).toContain('Nothing is in the ledger')
    expect(JSON.parse((await run(cwd, 'ledger verify --json')).out)).toMatchObject({ ok: true, database: path })
  })
})

describe('config check', () => {
  const cwd = folder()
  writeFileSync(join(cwd, 'good.yaml'), 'keys:\n  - { name: ci, secret: "env:CI" }\n')
  writeFileSync(join(cwd, 'typo.yaml'), 'providers:\n  - { id: a, type: opnai }\n')
  writeFileSync(join(cwd, 'bad.yaml'), 'keys:\n  - { nam: ci }\n')
  writeFileSync(
    join(cwd, 'prices.yaml'),
    'prices:\n  - { provider: openai, model: m, input: 1 }\n  - { provider: opnai, model: m, input: 1 }\n',
  )
  test.each([
    ['config check good.yaml', { CI: 'x' }, 0, `${cwd}/good.yaml is right: 1 key.\n`, ''],
    [
      'config check good.yaml',
      {},
      1,
      '',
      `${cwd}/good.yaml:2:25: keys[0].secret: the environment has no CI; set it before the start\n`,
    ],
    [
      'config check bad.yaml',
      {},
      1,
      '',
      `${cwd}/bad.yaml:2:7: keys[0].nam: there is no field "nam" here; did you mean "name"?\n`,
    ],
    [
      'config check typo.yaml',
      {},
      1,
      '',
      `${cwd}/typo.yaml:2:20: providers[0].type: "opnai" is not in the registry. Did you mean "openai"?`,
    ],
    ['config check good.yaml', { CI: 'short' }, 0, `${cwd}/good.yaml is right: 1 key.\n`, 'can be guessed'],
    [
      'config check prices.yaml',
      {},
      1,
      '',
      `${cwd}/prices.yaml:3:17: prices[1].provider: "opnai" is neither set up nor a vendor that is known; did you mean "openai"?`,
    ],
    ['doctor --port 0 --config good.yaml', { CI: 'a-secret-of-18-char' }, 0, expect.stringMatching(/^ok /), ''],
    [
      'doctor --port 0 --config good.yaml',
      { CI: 'short' },
      0,
      expect.stringMatching(/^warning .*\n.*can be guessed/),
      '',
    ],
    ['doctor --port 0 --config prices.yaml', {}, 1, expect.stringMatching(/^FAILED .*\n.*prices\[1\]/), ''],
    ['config check none.yaml', {}, 1, '', `There is no file ${cwd}/none.yaml: write it`],
  ] as [string, Record<string, string>, number, string, string][])('%s %j', async (line, env, code, out, err) => {
    const result = await run(cwd, line, env)
    expect([result.code, result.out]).toEqual([code, out])
    expect(result.err).toContain(err)
  })
  describe('beside a database', () => {
    const own = folder()
    writeFileSync(
      join(own, 'portreeve.yaml'),
      'aliases:\n  - { name: fast, targets: [{ provider: kept, model: m }] }\n',
    )
    const database = join(own, 'portreeve-data', 'portreeve.db')
    const unknown = 'targets[0].provider: "kept" is not set up'

    test('that is not there yet, the file is judged by itself', async () => {
      const { code, err } = await run(own, 'config check')
      expect([code, existsSync(join(own, 'portreeve-data'))]).toEqual([1, false])
      expect(err).toContain(unknown)
      expect(err).toContain(`It was judged by itself: there is no database ${database} yet.`)
    })

    test('what it keeps counts, and nothing in it changes', async () => {
      const store = await openStore((mkdirSync(join(own, 'portreeve-data')), `sqlite:${database}`))
      await resourcesIn(store.db).insert({
        kind: 'provider',
        id: 'kept',
        body: JSON.stringify({ id: 'kept', type: 'openai', enabled: true }),
        secrets: 'v1.sealed.elsewhere',
        version: 1,
        created_at: 0,
        updated_at: 0,
      })
      await store.close()
      const before = readFileSync(database)
      const good = await run(own, 'config check')
      expect([good.code, good.out]).toEqual([0, `${join(own, 'portreeve.yaml')} is right: 1 alias.\n`])
      expect(good.err).toBe(`It was judged together with what ${database} keeps: 1 provider.\n`)
      expect(JSON.parse((await run(own, 'config check --json')).out)).toEqual({
        ok: true,
        findings: [],
        warnings: [],
        database,
      })
      expect(readFileSync(database).equals(before)).toBe(true)
    })

    test.each([
      ['a damaged one', () => writeFileSync(database, 'no database '.repeat(999)), {}, 'not a database'],
      [
        'one that does not answer',
        () => {},
        { DATABASE_URL: 'postgres://u:canary@127.0.0.1:1/d' },
        'PostgreSQL at 127.0.0.1:1/d cannot be read (',
      ],
    ])('%s is left out, and that is said', async (_, prepare, env, why) => {
      prepare()
      const { code, err } = await run(own, 'config check', env)
      expect([code, err.includes('canary')]).toEqual([1, false])
      expect(err).toContain(unknown)
      expect(err).toContain('It was judged by itself: ')
      expect(err).toContain(why)
    })
  })

  test('config show hides secrets', async () => {
    writeFileSync(
      join(cwd, 'secret.yaml'),
      'providers:\n  - { id: a, type: openai, api_key: sk-canary, headers: { x: canary2 } }\nkeys:\n  - { name: ci, secret: canary3 }\n',
    )
    const { out } = await run(cwd, 'config show --config secret.yaml', { DATABASE_URL: 'postgres://u:canary4@h/d' })
    expect(out).toContain('api_key: (hidden)')
    expect(out).not.toContain('canary')
  })
})

test.each(COMMANDS.map((command) => [command.name, command] as const))('help of %s', (_, command) => {
  expect(commandHelp(command)).toMatchSnapshot()
})

describe('tables', () => {
  test('are aligned, also beyond ASCII', () => {
    expect(
      table(
        [
          { a: '中文', n: 1 },
          { a: 'x', n: 20 },
        ],
        [
          { head: 'A', of: ({ a }) => a },
          { head: 'N', of: ({ n }) => String(n), right: true },
        ],
      ),
    ).toBe('A      N\n中文   1\nx     20\n')
  })
  test.each([
    [0, 'now'],
    [-90, '2 minutes ago'],
    [-3600, '1 hour ago'],
    [86_400 * 3, 'in 3 days'],
  ])('%d seconds is "%s"', (seconds, text) =>
    expect(relative(new Date(1e12 + seconds * 1000).toISOString(), 1e12)).toBe(text),
  )
  test.each([
    ['15m', 900_000],
    ['2w', 1_209_600_000],
    ['x', undefined],
    ['5', undefined],
  ])('%s is %p', (text, ms) => expect(spanOf(text)).toBe(ms as number))
})

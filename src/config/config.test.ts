import { describe, expect, test } from 'bun:test'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Alias } from '../contract/alias.ts'
import { Budget } from '../contract/budget.ts'
import { Configuration } from '../contract/configuration.ts'
import { Guard } from '../contract/guard.ts'
import { readIssue } from '../contract/issue-words.ts'
import { Limit } from '../contract/limit.ts'
import { fieldsAt } from '../contract/schema-path.ts'
import { AppError } from '../errors.ts'
import { loadConfig } from './config.ts'
import { readConfigurationText } from './configuration-text.ts'
import { resolveReference } from './reference.ts'
import { watchText } from './watch.ts'

const folder = mkdtempSync(join(tmpdir(), 'config-'))
writeFileSync(join(folder, 'secret'), 'from-file\n')
writeFileSync(join(folder, 'empty'), '')
writeFileSync(
  join(folder, 'server.yaml'),
  'server: { port: 7000, host: 0.0.0.0, database_url: "env:DB", workers: auto }\n',
)

const load = async (flags: Record<string, string> = {}, env: Record<string, string> = {}) =>
  (await loadConfig({ flags, env, cwd: folder })).config

async function caught(run: () => Promise<unknown>): Promise<AppError> {
  try {
    await run()
  } catch (error) {
    if (error instanceof AppError) return error
  }
  throw new Error('it was taken')
}

describe('settings', () => {
  test.each([
    [
      {},
      {},
      { port: 8080, host: '127.0.0.1', workers: 1, databaseUrl: `sqlite:${folder}/portreeve-data/portreeve.db` },
    ],
    [{}, { PORT: '1' }, { port: 1 }],
    [{ port: '2' }, { PORT: '1' }, { port: 2 }],
    [
      { config: 'server.yaml' },
      { DB: 'sqlite:x' },
      { port: 7000, host: '0.0.0.0', databaseUrl: 'sqlite:x', workers: 'auto' },
    ],
    [
      { config: 'server.yaml', port: '3' },
      { DB: 'sqlite:x', HOST: '::1' },
      { port: 3, host: '::1' },
    ],
    [{ data: '/var/lib/p' }, {}, { dataFolder: '/var/lib/p', databaseUrl: 'sqlite:/var/lib/p/portreeve.db' }],
    [{}, { ENCRYPTION_KEY_FILE: join(folder, 'secret') }, { encryptionKey: 'from-file' }],
    [{}, { TRUSTED_PROXIES: '10.0.0.0/8, ::1' }, { trustedProxies: ['10.0.0.0/8', '::1'] }],
    [{}, { PUBLIC_URL: 'https://ai.example.com/' }, { publicUrl: 'https://ai.example.com' }],
  ])('%j %j', async (flags, env, expected) => expect(await load(flags, env)).toMatchObject(expected))

  test.each([
    [{ port: '70000' }, {}, '--port or PORT 70000: use a whole number from 0 to 65535.'],
    [{}, { PORTREEVE_ONLY: 'half' }, '--only or PORTREEVE_ONLY half: use one of all, gateway, control.'],
    [
      {},
      { DATABASE_URL: 'mysql://root:hunter2@x' },
      'DATABASE_URL: use sqlite:PATH or postgres://user:password@host/database.',
    ],
    [{}, { PUBLIC_URL: 'ftp://x' }, 'PUBLIC_URL ftp://x: use an address that begins with http:// or https://.'],
    [{}, { ENCRYPTION_KEY_FILE: '/nowhere' }, 'ENCRYPTION_KEY_FILE: the file /nowhere cannot be read (ENOENT).'],
    [{ config: 'nowhere.yaml' }, {}, `--config ${folder}/nowhere.yaml: there is no such file.`],
  ])('%j %j is refused', async (flags, env, message) => {
    const { code, message: said } = await caught(() => load(flags, env))
    expect(said).toBe(message)
    expect(code).toBe('port' in flags ? 'invalid_usage' : 'invalid_configuration')
  })

  test('secrets are not among what may be shown', async () => {
    const { sources } = await load({}, { DATABASE_URL: 'postgres://u:hunter2@h/d', ENCRYPTION_KEY: 'hunter3' })
    expect(JSON.stringify(sources)).not.toContain('hunter')
    expect(sources.find(({ name }) => name === 'databaseUrl')).toEqual({
      name: 'databaseUrl',
      from: 'env',
      shown: '(hidden)',
    })
  })
})

describe('a portreeve.yaml', () => {
  const read = (text: string) => readConfigurationText(text, 'portreeve.yaml', { env: { LOCAL_KEY: 'k' }, folder })

  test('is read with its references as they are', () => {
    const result = read(`
providers:
  - { id: local, type: openai-compatible, base_url: "http://127.0.0.1:9100/v1", api_key: "env:LOCAL_KEY" }
aliases:
  - { name: fast, targets: [{ provider: local, model: gpt-4o-mini, weight: 1 }] }
keys:
  - { name: ci, secret: "os.environ/LOCAL_KEY", models: ["fast", "local/*"] }
`)
    expect(result.ok && result.configuration.providers[0]?.api_key).toBe('env:LOCAL_KEY')
    expect(result.ok && result.configuration.keys[0]).toMatchObject({ name: 'ci', models: ['fast', 'local/*'] })
  })
  test('a secret that can be guessed works and is told, without being shown', () => {
    const result = read('keys:\n  - { name: a, secret: "env:LOCAL_KEY" }\n  - { name: b, secret: abcdefghijklmnop }\n')
    expect(result.ok && result.warnings).toEqual([
      {
        file: 'portreeve.yaml',
        line: 2,
        column: 24,
        field: 'keys[0].secret',
        message: 'has fewer than 16 characters and can be guessed; "openssl rand -hex 32" prints a safe one',
      },
    ])
  })
  test.each(['', '# nothing yet\n', 'providers: []\n'])('may be empty: %j', (text) => expect(read(text).ok).toBe(true))

  test.each<[string, string]>([
    ['providers:\n  - id: local\n    typ: demo\n', '2:5 providers[0].type is missing; add it (string)'],
    [
      'providers:\n  - id: local\n    typ: demo\n',
      '3:5 providers[0].typ there is no field "typ" here; did you mean "type"?',
    ],
    ['provider: []\n', '1:1 provider there is no field "provider" here; did you mean "providers"?'],
    [
      'providers:\n  - { id: "a b", type: demo }\n',
      '2:11 providers[0].id use 1 to 63 letters, digits, ".", "_" or "-", beginning with a letter or digit',
    ],
    [
      'keys:\n  - name: ci\n    on_unsupported: drp\n',
      '3:21 keys[0].on_unsupported must be one of map, drop, refuse; did you mean "drop"?',
    ],
    [
      'keys:\n  - name: ci\n    secret: env:NOPE\n',
      '3:13 keys[0].secret the environment has no NOPE; set it before the start',
    ],
    ['keys:\n  - name: ci\n    secret: file:nope\n', '3:13 keys[0].secret the file nope cannot be read (ENOENT)'],
    ['keys:\n  - name: ci\n    secret: file:empty\n', '3:13 keys[0].secret the file empty is empty'],
    [
      'aliases: []\nkeys:\n  - { name: ci, secret: "env:LOCAL_KEY" }\n  - { name: ci, secret: other }\n',
      '4:13 keys[1].name "ci" is the name of keys[0] already; choose another',
    ],
    ['keys:\n  - name: ci\n', '2:5 keys[0].secret is missing; give it, best as "env:NAME"'],
    [
      'keys:\n  - { name: a, secret: "env:LOCAL_KEY" }\n  - { name: b, secret: "env:LOCAL_KEY" }\n',
      '3:24 keys[1].secret is the secret of "a" too; each key needs its own',
    ],
    [
      'keys:\n  - { name: a, secret: "two words" }\n',
      '2:24 keys[0].secret holds a blank or a character beyond ASCII; no call can carry it',
    ],
    [
      `keys:\n  - { name: a, secret: ${'a'.repeat(513)} }\n`,
      '2:24 keys[0].secret has more than 512 characters; no call can carry it',
    ],
    ['keys:\n  - name: ci\n    name: cd\n', '3:5  this field is given twice; keep one'],
    ['providers: {}\n', '1:12 providers must be a list, as [a, b]'],
    ['aliases:\n  - { name: x, targets: [] }\n', '2:25 aliases[0].targets must have at least one entry'],
    ['aliases:\n  - { name: x }\n', '2:5 aliases[0].targets is missing; add it (a list)'],
    [
      'aliases:\n  - { name: x, targets: ["demo/parley"] }\n',
      `2:26 aliases[0].targets[0] must be a mapping of fields, with ${fieldsAt(Configuration, ['aliases', 0, 'targets', 0]).join(', ')}`,
    ],
    ['server: { port: 99999 }\n', '1:17 server.port must be at most 65535'],
    ['server: { prot: 80 }\n', '1:11 server.prot there is no field "prot" here; did you mean "port"?'],
    [
      'guards:\n  - { name: x, kind: pattern }\n',
      '2:22 guards[0].kind must be one of patterns, personal_data, size, tools, json_schema, webhook; did you mean "patterns"?',
    ],
    ['version: 2\n', '1:10 version must be 1'],
    ['budgets:\n  - { name: x }\n', '2:5 budgets[0].amount_micros is missing; whole micro-dollars: 50000000 is $50'],
    [
      'aliases:\n  - { name: x, targets: [{ provider: a, model: b, weight: heavy }] }\n',
      '2:59 aliases[0].targets[0].weight must be a number',
    ],
    [
      'guards:\n  - { name: x, kind: patterns, wrds: [a] }\n',
      '2:32 guards[0].wrds there is no field "wrds" here; did you mean "words"?',
    ],
    ...(['0.15', '-1', '"0.15"'] as const).map((input): [string, string] => [
      `prices:\n  - { provider: a, model: b, input: ${input} }\n`,
      '2:37 prices[0].input must be whole micro-dollars for a million tokens: 150000 is $0.15',
    ]),
    ['keys:\n  - { name: x, secret: 123 }\n', '2:24 keys[0].secret must be text: put it in quotation marks'],
    ['- a\n', `1:1  must be a mapping of fields, with ${fieldsAt(Configuration, []).join(', ')}`],
  ])('%j is refused at its place', (text, expected) => {
    const result = read(text)
    if (result.ok) throw new Error('it was taken')
    expect(
      result.findings.map(({ line, column, field, message }) => `${line}:${column} ${field} ${message}`),
    ).toContain(expected)
  })

  test.each(['a: [', 'a: "\n', '\tb: 1', 'a: *nope', 'a: &x [*x]'])('%j is refused, not fatal', (text) => {
    expect(read(text).ok).toBe(false)
  })
  test('every finding is told at once, in the order of the file', () => {
    const result = read('keys:\n  - { name: ci, secret: k, modls: [] }\naliases: 3\nprovidrs: []\n')
    expect(result.ok ? [] : result.findings.map(({ line }) => line)).toEqual([2, 3, 4])
  })
})

describe('references', () => {
  test.each([
    ['plain', { value: 'plain' }],
    ['env:A', { value: 'a' }],
    ['os.environ/A', { value: 'a' }],
    ['file:secret', { value: 'from-file' }],
    ['env:EMPTY', { missing: 'the environment has no EMPTY; set it before the start' }],
  ])('%s', (reference, expected) => {
    expect(resolveReference(reference, { env: { A: 'a', EMPTY: '' }, folder })).toEqual(expected)
  })
})

test('a changed file is seen, also when it is replaced', async () => {
  const path = join(folder, 'watched.yaml')
  writeFileSync(path, 'one')
  const seen = Promise.withResolvers<string | null>()
  const end = watchText(path, 'one', seen.resolve)
  writeFileSync(join(folder, 'next'), 'two')
  await Bun.$`mv ${join(folder, 'next')} ${path}`
  expect(await seen.promise).toBe('two')
  end()
})

test.each([
  ['limits', Limit, { name: 'x', request_per_minute: 1, in_flight: 1 }, 'did you mean "requests_per_minute"?'],
  ['limits', Limit, { name: 'x', per: ['teem'], in_flight: 1 }, 'did you mean "team"?'],
  ['budgets', Budget, { name: 'x' }, 'is missing; whole micro-dollars: 50000000 is $50'],
  ['budgets', Budget, { name: 'x', amount_micros: -1 }, 'must be whole micro-dollars: 50000000 is $50'],
  ['budgets', Budget, { name: 'x', amount_micros: 1, period: 'year' }, 'must be one of day, week, month, once'],
  ['guards', Guard, { name: 'x' }, 'is missing; use one of patterns, personal_data, size, tools, json_schema, webhook'],
  ['guards', Guard, { name: 'x', kind: 'pattern' }, 'did you mean "patterns"?'],
  ['aliases', Alias, { name: 'x' }, 'is missing; add it (a list)'],
  [
    'aliases',
    Alias,
    { name: 'x', targets: [{ provider: 'a', model: 'm', when: { headers: { 'X-Tier': 'a' } } }] },
    'write header names in lower case',
  ],
] as const)(
  '%s: of one thing the API and the command line say what is said of it in the file: %#',
  (section, schema, thing, words) => {
    const text = Bun.YAML.stringify({ [section]: [thing] })
    const whole = readConfigurationText(text, 'f', { env: {}, folder })
    const inFile = whole.ok ? [] : whole.findings.map(({ message }) => message)
    const read = schema.safeParse(thing)
    const alone = read.error?.issues.flatMap((issue) => readIssue(schema, issue, thing)).map(({ message }) => message)
    expect(alone?.toSorted()).toEqual(inFile.toSorted())
    expect(inFile.join('\n')).toContain(words)
  },
)

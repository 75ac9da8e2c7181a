import { describe, expect, test } from 'bun:test'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { runCommands } from '../../test/helpers/command-line.ts'
import { providerCommands } from './providers.ts'

const folder = () => mkdtempSync(join(tmpdir(), 'cli-providers-'))

const run = (cwd: string, line: string, stdin: object | string = '', env: Record<string, string> = {}) =>
  runCommands(providerCommands, cwd, line, { stdin: typeof stdin === 'string' ? stdin : stringify(stdin), env })

const FULL = {
  id: 'main',
  type: 'openai-compatible',
  base_url: 'http://127.0.0.1:9100/v1',
  api_keys: [
    { id: 'first', secret: 'env:KEY_ONE', weight: 2, expires_at: '2031-01-01T00:00:00Z' },
    { id: 'second', secret: 'file:key.txt', requests_per_minute: 500 },
  ],
  headers: { 'x-team': 'canary-team', 'x-old': 'canary-old' },
  timeouts: { connect_ms: 5, idle_ms: 6 },
  breaker: { failures: 3 },
}

test('a provider is applied, shown without secrets, applied again as shown, replaced as a whole and deleted', async () => {
  const cwd = folder()
  writeFileSync(join(cwd, 'key.txt'), 'canary-two\n')
  const env = { KEY_ONE: 'canary-one' }
  const made = await run(cwd, 'providers apply -', { providers: [FULL] }, env)
  expect([made.code, made.out]).toEqual([0, 'Created provider main.\n'])
  const shown = await run(cwd, 'providers show main')
  expect(Bun.YAML.parse(shown.out)).toEqual({
    ...FULL,
    enabled: true,
    api_keys: [
      { ...FULL.api_keys[0], secret: '(hidden)' },
      { ...FULL.api_keys[1], weight: 1, secret: '(hidden)' },
    ],
    headers: { 'x-team': '(hidden)', 'x-old': '(hidden)' },
    timeouts: { connect_ms: 5, first_byte_ms: 120_000, idle_ms: 6, total_ms: 600_000 },
    breaker: { failures: 3, failure_percent: 50, window_ms: 30_000, rest_ms: 5_000 },
  })
  expect((await run(cwd, 'providers list')).out).toMatch(/^main +.* console, API or CLI +2 keys +unused /m)

  expect((await run(cwd, 'providers apply -', shown.out)).out).toBe('Replaced provider main.\n')
  expect((await run(cwd, 'providers show main')).out).toBe(shown.out)
  const less = { ...FULL, api_keys: [{ id: 'second', secret: '(hidden)' }], headers: { 'x-team': '(hidden)' } }
  const { breaker: _, ...bare } = { ...less, timeouts: { idle_ms: 7 } }
  expect((await run(cwd, 'providers apply - --json', bare)).out).toBe('[{"id":"main","created":false}]\n')
  expect(Bun.YAML.parse((await run(cwd, 'providers show main')).out)).toEqual({
    ...bare,
    enabled: true,
    timeouts: { connect_ms: 5_000, first_byte_ms: 120_000, idle_ms: 7, total_ms: 600_000 },
    api_keys: [{ id: 'second', weight: 1, secret: '(hidden)' }],
  })
  const list = await run(cwd, 'providers list --json')
  expect(list.out).toContain('"idle_ms":7')
  expect(made.out + made.err + shown.out + shown.err + list.out).not.toContain('canary')

  // A key that was entered for one address is never sent to another.
  const moved = await run(cwd, 'providers apply -', { ...bare, base_url: 'http://127.0.0.1:9/v1' })
  expect([moved.code, moved.err]).toEqual([1, expect.stringContaining('enter the key again, because it would now be')])
  expect((await run(cwd, 'providers delete main')).out).toBe('Deleted provider main.\n')
  expect((await run(cwd, 'providers delete main')).code).toBe(1)
  expect((await run(cwd, 'providers show main')).code).toBe(1)
}, 20_000)

describe('refused', () => {
  const cwd = folder()
  const owned = folder()
  writeFileSync(join(owned, 'portreeve.yaml'), 'providers:\n  - { id: main, type: demo }\n')
  const main = (more: object) => ({ id: 'main', type: 'openai-compatible', base_url: 'http://127.0.0.1:9/v1', ...more })
  test.each([
    [
      'an unknown field',
      main({ api_kye: 'x' }),
      2,
      'provider main: api_kye: there is no field "api_kye" here; did you mean "api_key"?',
    ],
    ['a wrong value', main({ timeouts: { idle_ms: 0 } }), 2, 'provider main: timeouts.idle_ms: must be at least 1'],
    [
      'a key without its secret',
      main({ api_keys: [{ id: 'a' }] }),
      2,
      'provider main: api_keys[0].secret: is missing; add it',
    ],
    [
      'a variable that is not set',
      main({ api_key: 'env:NOPE' }),
      2,
      'provider main: api_key: the environment has no NOPE; set it for this command',
    ],
    [
      'a file that is not there',
      main({ api_key: 'file:nope' }),
      2,
      'provider main: api_key: the file nope cannot be read (ENOENT)',
    ],
    [
      'what stands for no secret',
      main({ api_key: '(hidden)' }),
      2,
      'provider main: api_key: (hidden) stands for a secret that is kept, and none is',
    ],
    [
      'an unknown vendor',
      { id: 'main', type: 'opnai' },
      1,
      'type "opnai" is not in the registry. Did you mean "openai"?',
    ],
  ])('%s', async (_, value, code, words) => {
    const refused = await run(cwd, 'providers apply -', value)
    expect([refused.code, refused.err]).toEqual([code, expect.stringContaining(words)])
  })

  test.each([
    ['apply -', 'There is a provider main already, in portreeve.yaml.'],
    ['delete main', 'The provider main is kept in portreeve.yaml: change it there.'],
  ])('%s of a provider that portreeve.yaml owns', async (line, words) => {
    const refused = await run(owned, `providers ${line}`, { id: 'main', type: 'demo' })
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining(words)])
  })
})

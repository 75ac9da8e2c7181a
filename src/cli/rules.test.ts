import { describe, expect, test } from 'bun:test'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { Configuration } from '../contract/configuration.ts'
import { ruleCommands } from './rules.ts'
import { runCommandLine } from './run.ts'

const folder = () => mkdtempSync(join(tmpdir(), 'cli-rules-'))

async function run(cwd: string, line: string, stdin = '') {
  let [out, err] = ['', '']
  const io = {
    out: (text: string) => void (out += text),
    err: (text: string) => void (err += text),
    env: {},
    cwd,
    colour: false,
    readStdin: async () => stdin,
  }
  return { code: await runCommandLine(line.split(' '), ruleCommands, io), out, err }
}

/** One of each kind, and a change to it, as portreeve.yaml would hold them. */
const THINGS: [string, string, object, object, RegExp][] = [
  [
    'aliases',
    'fast',
    {
      name: 'fast',
      targets: [{ provider: 'demo', model: 'parley' }],
      continue_streams: true,
      hold_back: 3,
      timeouts: { connect_ms: 5, idle_ms: 6 },
    },
    {
      name: 'fast',
      targets: [{ provider: 'demo', model: 'parley' }],
      fallbacks: [{ provider: 'demo', model: 'echo', continues_prefix: true }],
      timeouts: { idle_ms: 7 },
    },
    /^fast +console, API or CLI +weighted over demo\/parley; then demo\/echo$/m,
  ],
  [
    'limits',
    'each-key',
    { name: 'each-key', per: ['key'], requests_per_minute: 60 },
    { name: 'each-key', per: ['team'], in_flight: 5 },
    /^each-key +console, API or CLI +each team: in flight 5$/m,
  ],
  [
    'budgets',
    'month',
    { name: 'month', amount_micros: 1_000_000 },
    { name: 'month', amount_micros: 2_500_000, period: 'day', mode: 'soft' },
    /^month +console, API or CLI +all calls: \$2\.50? a day, soft/m,
  ],
  [
    'guards',
    'names',
    { name: 'names', kind: 'patterns', words: ['falcon'] },
    { name: 'names', kind: 'personal_data', for: { key: 'ci' } },
    /^names +console, API or CLI +personal data: key ci$/m,
  ],
]

describe.each(THINGS)('%s', (noun, name, first, second, listed) => {
  test('are applied, replaced as a whole, listed, shown as the file would hold them, and deleted', async () => {
    const cwd = folder()
    writeFileSync(join(cwd, 'one.yaml'), stringify(first))
    writeFileSync(join(cwd, 'list.json'), JSON.stringify({ [noun]: [second] }))
    expect(await run(cwd, `${noun} apply one.yaml`)).toMatchObject({ code: 0, out: expect.stringMatching(/^Created /) })
    expect(await run(cwd, `${noun} apply list.json`)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Replaced /),
    })
    expect((await run(cwd, `${noun} list`)).out).toMatch(listed)
    const shown = await run(cwd, `${noun} show ${name}`)
    const whole = Configuration.parse({ [noun]: [second] })[noun as 'limits'][0]
    expect(Bun.YAML.parse(shown.out)).toEqual(JSON.parse(JSON.stringify(whole)))
    // What is shown can be applied again.
    expect((await run(cwd, `${noun} apply -`, shown.out)).code).toBe(0)
    expect(await run(cwd, `${noun} delete ${name}`)).toMatchObject({ code: 0, out: expect.stringMatching(/^Deleted /) })
    expect(await run(cwd, `${noun} delete ${name}`)).toMatchObject({ code: 1 })
  }, 20_000)

  test('of a file that is wrong are refused with the place, and those of portreeve.yaml are changed there', async () => {
    const cwd = folder()
    writeFileSync(join(cwd, 'portreeve.yaml'), stringify({ [noun]: [first] }))
    writeFileSync(join(cwd, 'wrong.yaml'), stringify([{ ...first, surprise: 1 }]))
    writeFileSync(join(cwd, 'broken.yaml'), 'a: [')
    expect((await run(cwd, `${noun} apply wrong.yaml`)).err).toContain(
      `wrong.yaml: ${noun.replace(/(?:es|s)$/, '')} ${name}: `,
    )
    for (const path of ['wrong.yaml', 'broken.yaml', 'missing.yaml'])
      expect([path, (await run(cwd, `${noun} apply ${path}`)).code]).toEqual([path, 2])
    const refused = await run(cwd, `${noun} apply -`, stringify(second))
    expect(refused.code).toBe(1)
    expect(refused.err).toMatch(/portreeve\.yaml/)
  }, 20_000)
})

test('sections are applied as portreeve.yaml has them', async () => {
  const cwd = folder()
  const text = 'overload: { max_lag_ms: 90 }\ncache: { rules: [{ for: { key: ci } }] }\n'
  expect((await run(cwd, 'sections apply -', text)).out).toBe('Created section cache.\nCreated section overload.\n')
  expect(Bun.YAML.parse((await run(cwd, 'sections show overload')).out)).toEqual({
    overload: { max_lag_ms: 90, max_in_flight: 20_000 },
  })
  expect((await run(cwd, 'sections apply -', 'overload: { max_lag_ms: 1 }')).code).toBe(2)
  expect((await run(cwd, 'sections delete overload')).code).toBe(0)
  expect((await run(cwd, 'sections list --json')).out).toMatch(/^\[\{"name":"cache","settings":\{/)
})

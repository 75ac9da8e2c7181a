// Every command takes --json, and what it prints then is JSON: one document, or one a line where it follows something.
import { afterAll, expect, test } from 'bun:test'
import { copyFileSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openTestControl } from '../../test/control.ts'
import { callRecord } from '../../test/records.ts'
import { openDataFolder } from '../control/data-folder.ts'
import { allCommands } from './commands.ts'
import { runCommandLine } from './run.ts'

const commands = await allCommands()
const cwd = mkdtempSync(join(tmpdir(), 'json-'))
const examples = join(import.meta.dir, '../../docs/examples/execution-role')
for (const name of readdirSync(examples)) copyFileSync(join(examples, name), join(cwd, name))
writeFileSync(join(cwd, 'portreeve.yaml'), 'keys: []\n')
const DECISION = {
  id: 'one',
  principal: 'arn:aws:sts::111122223333:assumed-role/x/y',
  principalAccount: '111122223333',
  action: 's3:GetObject',
  resource: 'arn:aws:s3:::b/k',
  resourceAccount: '111122223333',
  context: {},
  identityPolicies: [],
  expected: 'ImplicitlyDenied',
}
writeFileSync(join(cwd, 'decisions.json'), JSON.stringify([DECISION]))

/** Things that are applied from a file; each is `one`. */
const THINGS = {
  providers: { id: 'one', type: 'demo' },
  aliases: { name: 'one', targets: [{ provider: 'demo', model: 'parley' }] },
  limits: { name: 'one', requests_per_minute: 5 },
  budgets: { name: 'one', amount_micros: 5 },
  guards: { name: 'one', kind: 'patterns', words: ['falcon'] },
  sections: { cache: { store: 'memory' } },
}
for (const [noun, thing] of Object.entries(THINGS)) writeFileSync(join(cwd, `${noun}.json`), JSON.stringify(thing))

const data = openDataFolder(join(cwd, 'portreeve-data'))
const gateway = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch: (request) =>
    Response.json(request.url.endsWith('/healthz') ? {} : { choices: [{ message: { content: 'The portreeve.' } }] }),
})
const { handler, token, control, clock } = await openTestControl({
  runtime: { address: () => `http://127.0.0.1:${gateway.port}` },
})
clock.now = Date.now()
const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: (request, peer) => handler(request, peer) })
data.announce({ address: `http://127.0.0.1:${server.port}`, token })
await control.addCalls([callRecord({ id: 'call_1', started_at: Date.now() })])
afterAll(() => {
  void server.stop(true)
  void gateway.stop(true)
  data.close()
})

const LIVE = '--task-definition task.json --role-name shop --region eu-west-1'
/** What to type after each command. Those that ask AWS are refused here, which is said in JSON as well. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  try: 'Who?',
  'keys create': '--name ci',
  'keys update': 'ci --priority low',
  'keys rotate': 'ci',
  'keys revoke': 'ci',
  'calls list': '',
  'calls show': 'call_1',
  'models search': 'gpt-4o-mini',
  'providers test': 'demo',
  ...Object.fromEntries(
    Object.keys(THINGS).flatMap((noun) => {
      const name = noun === 'sections' ? 'cache' : 'one'
      return [
        [`${noun} apply`, `${noun}.json`],
        [`${noun} show`, name],
        [`${noun} delete`, name],
      ]
    }),
  ),
  'users invite': 'bob@example.com --role viewer',
  'iam test': 'decisions.json',
  'iam explain': 'decisions.json',
  'role lint': 'role.json',
  'role derive': '--task-definition task.json',
  'role preflight': '--task-definition task.json --role role.json',
  'role test': 'cases.json',
  'role check': 'service.yaml',
  'role explain': 'CannotPullContainerError',
  'role plan': `${LIVE} --role-arn x`,
  'role apply': `${LIVE} --role-arn x`,
  'role destroy': '--role-name shop --task-definition x',
  'role facts': '--task-definition nothing.json',
  'task register': '--task-definition nothing.json',
  health: `--port ${gateway.port}`,
}

/** They do not end by themselves, or not here: `start` is started by the tests of the newcomer's path. */
const OTHERS = new Set(['start', 'calls tail', 'gateway-worker'])

/** What is shown or deleted has to be there. */
const RANK = ({ name }: { readonly name: string }) => (name.endsWith(' apply') && name !== 'role apply' ? 0 : 1)

test.each(
  commands
    .filter(({ name }) => !OTHERS.has(name))
    .toSorted((a, b) => RANK(a) - RANK(b))
    .map(({ name }) => name),
)('%s --json', async (name) => {
  let out = ''
  const io = {
    out: (text: string) => void (out += text),
    err: () => {},
    env: {},
    cwd,
    colour: false,
    readStdin: async () => '',
  }
  const words = `${name} ${ARGUMENTS[name] ?? ''} --json`.split(' ').filter(Boolean)
  await runCommandLine(words, commands, io)
  expect(out).toEndWith('\n')
  const parsed = JSON.parse(out) as { error?: { code: string; message: string } }
  // A refusal is named; it is what the table expects only of commands that would ask AWS.
  const refused = /^(role (plan|apply|destroy|facts)|task register|ledger verify)$/.test(name)
  expect([name, parsed.error?.code]).toEqual([name, refused ? parsed.error?.code : undefined])
  if (refused) expect(parsed.error?.message.length).toBeGreaterThan(10)
})

test('a command line that is wrong is refused in JSON too', async () => {
  for (const { name } of commands.filter(({ name }) => !OTHERS.has(name))) {
    let out = ''
    const io = { out: (text: string) => void (out += text), err: () => {}, env: {}, cwd, colour: false }
    const code = await runCommandLine([...name.split(' '), '--no-such-option', '--json'], commands, {
      ...io,
      readStdin: async () => '',
    })
    expect([name, code, (JSON.parse(out) as { error: { code: string } }).error.code]).toEqual([
      name,
      2,
      'invalid_usage',
    ])
  }
})

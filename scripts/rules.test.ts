import { expect, test } from 'bun:test'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { differences } from './check-dependencies.ts'
import { text } from './check-text.ts'
import { unsafe } from './check-unsafe.ts'
import { vendorNames } from './check-vendor-names.ts'
import { findingsOf, type Rule } from './rule.ts'

test.each([
  [vendorNames, 'src/gateway/x.ts', "if (type === 'openai') add()", 1],
  [vendorNames, 'src/gateway/x.ts', "const path = host.includes('anthropic')", 1],
  [vendorNames, 'src/snapshot/x.ts', "provider.auth.scheme === 'google'", 0],
  [vendorNames, 'src/snapshot/x.ts', "if (provider.type === 'google') add()", 1],
  [vendorNames, 'src/gateway/x.ts', "const door = { dialect: 'openai', path: '/v1' }", 0],
  [vendorNames, 'src/gateway/x.ts', "const model = 'claude-3'", 1],
  [vendorNames, 'src/quota/x.ts', 'const azureQuirk = 1', 1],
  [vendorNames, 'src/quota/x.ts', '// as azure does\n/* and\n groq */ const a = 1', 0],
  [unsafe, 'src/http/x.ts', "import { spawn } from 'node:child_process'", 1],
  [unsafe, 'src/http/x.ts', 'const y = eval(text)', 1],
  [unsafe, 'src/quota/x.ts', 'await this.redis.eval(script, keys)', 0],
  [unsafe, 'src/http/x.ts', 'await Bun.$`ls`', 1],
  [unsafe, 'src/http/x.ts', 'Bun.spawn([])', 1],
  [unsafe, 'src/http/x.ts', 'const evaluated = evaluate(policy)', 0],
  [unsafe, 'src/app/workers.ts', 'Bun.spawn([process.execPath])', 0],
  [text, 'docs/x.md', 'run /home/ada/portreeve', 1],
  [text, 'docs/x.md', 'see https://example.com/home/page and ./work/list', 0],
  [text, 'src/x.ts', '// TODO: later', 1],
  [text, 'src/x.test.ts', "test.only('x', () => {})", 1],
] as const)('%o: %s %j', (rule: Rule, path, source, count) => {
  expect(rule.find(path, source)).toHaveLength(count)
})

test.each([vendorNames, unsafe, text])('%o fails when it looked at nothing', async (rule: Rule) => {
  const empty = mkdtempSync(join(tmpdir(), 'portreeve-rule-'))
  expect(findingsOf(rule, empty)).rejects.toThrow('looked at 0 files')
})

const PAGE = '| package | licence | owner | why |\n| --- | --- | --- | --- |\n| `a` | MIT | `src/a` | it counts |\n'

test.each([
  [{ a: '1.2.3' }, PAGE, []],
  [{ a: '^1.2.3' }, PAGE, ['a is not pinned exactly']],
  [
    { a: '1.2.3', b: '1.0.0' },
    PAGE,
    ['b is missing in docs/dependencies.md: add its licence, owner folder and reason'],
  ],
  [
    { b: '1.0.0' },
    `${PAGE}| \`b\` | MIT | | |\n`,
    [
      'b has no owner or no reason in docs/dependencies.md',
      'a stands in docs/dependencies.md but is no runtime dependency',
    ],
  ],
  [
    { a: '1.2.3', agpl: '1.0.0' },
    `${PAGE}| \`agpl\` | AGPL-3.0 | x | y |\n`,
    ['agpl: AGPL-3.0 is not on the list of permissive licences'],
  ],
])('dependencies %j', (dependencies, page, found) => {
  expect(differences({ dependencies }, page, (name) => (name === 'agpl' ? 'AGPL-3.0' : 'MIT'))).toEqual(found)
})

test('a page without rows is a failure, not a pass', () => {
  expect(() => differences({ dependencies: { a: '1.0.0' } }, '# nothing', () => 'MIT')).toThrow('looked at nothing')
})

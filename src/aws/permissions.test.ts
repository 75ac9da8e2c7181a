import { expect, test } from 'bun:test'
import { Glob } from 'bun'
import { join } from 'node:path'
import { loadActions } from '../iam/actions.ts'
import { listOf, parsePolicy, statementsOf } from '../iam/policy.ts'

const root = join(import.meta.dir, '../..')

test('the example policy for callers allows every call that is made, and nothing that does not exist', async () => {
  const { document } = parsePolicy(await Bun.file(join(root, 'docs/examples/caller-policy.json')).text())
  const allowed = statementsOf(document).flatMap(({ Action }) => listOf(Action))
  const table = await loadActions()
  expect(allowed.filter((action) => !table.find(action))).toEqual([])
  const asked = new Set<string>(['iam:PassRole'])
  for (const path of new Glob('**/*.ts').scanSync(import.meta.dir)) {
    if (path.endsWith('.test.ts')) continue
    const source = await Bun.file(join(import.meta.dir, path)).text()
    const calls = source.matchAll(/(?:(?:attempt|ask|everyPage)\(\s*|: )'([a-z0-9]+:[A-Z][A-Za-z]+)',/g)
    for (const [, action = ''] of calls) asked.add(action)
  }
  expect(asked.size).toBeGreaterThan(40)
  expect([...asked].filter((action) => !allowed.includes(action))).toEqual([])
  expect(allowed.filter((action) => !asked.has(action))).toEqual([])
})

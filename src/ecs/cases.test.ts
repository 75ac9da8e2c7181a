import { describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCases } from './cases.ts'
import { preflight } from './preflight.ts'
import { asFacts } from './read-facts.ts'
import { asRole } from './role.ts'
import { asTaskDefinition } from './task-definition.ts'

type Case = { id: string; taskDefinition: unknown; role: unknown; context: unknown }

const SHARED = join(import.meta.dir, '../../../shared/cases/ecs-launch.json')
const present = existsSync(SHARED)

describe.skipIf(!present)('the launches of ../shared/cases (skipped where that folder is absent)', () => {
  const cases = present ? (JSON.parse(readFileSync(SHARED, 'utf8')) as Case[]) : []
  test.each(cases.map((one) => [one.id, one] as const))('%s', (_, one) => {
    expect(runCases([one], 'cases')[0]?.differences).toEqual([])
  })

  test('where the patch is to the execution role alone, the role with it starts the task', () => {
    let mended = 0
    for (const one of cases) {
      if (one.role === null) continue
      const task = asTaskDefinition(one.taskDefinition, 'task')
      const role = asRole(one.role, 'role')
      const facts = asFacts(one.context, 'context')
      const { patch } = preflight(task, role, facts)
      if (!patch.executionRole || patch.changes.some(({ statement }) => !statement)) continue
      if (patch.changes.some(({ target }) => target !== 'execution-role')) continue
      const patched = { ...role, policies: [...role.policies, { name: 'patch', document: patch.executionRole }] }
      const after = preflight(task, patched, facts)
      expect([after.ok, after.failingStep, after.patch.changes]).toEqual([true, undefined, []])
      mended += 1
    }
    expect(mended).toBeGreaterThan(10)
  })

  test('1,000 of them in a second on one core', () => {
    runCases(cases, 'cases')
    const started = process.cpuUsage()
    const rounds = Math.ceil(1000 / cases.length)
    for (let round = 0; round < rounds; round += 1) runCases(cases, 'cases')
    const { user, system } = process.cpuUsage(started)
    expect((user + system) / 1000).toBeLessThan(1000)
  })
})

describe('a case', () => {
  const good = {
    id: 'public image',
    taskDefinition: { containerDefinitions: [{ name: 'web', image: 'public.ecr.aws/nginx/nginx:1' }] },
    role: null,
    context: { network: { reachable: 'none' } },
    expected: { ok: false, failingStep: 'image-manifest', stoppedReasonContains: ['CannotPullContainerError'] },
  }

  test.each([
    [{}, []],
    [{ ok: true }, ['ok is false, expected true']],
    [{ failingStep: 'secrets' }, ['failingStep is image-manifest, expected secrets']],
    [{ missingActions: [] }, []],
    [{ missingActions: ['ecr:BatchGetImage'] }, ['missingActions is empty, expected ecr:BatchGetImage among them']],
    [{ stoppedReasonContains: 'cannotpull' }, []],
    [{ stoppedReasonContains: ['429'] }, ['the stopped reason lacks "429"']],
    [{ warnings: ['delivery'] }, ['no warning says "delivery"']],
  ])('%j is compared', (expected, differences) => {
    const [result] = runCases([{ ...good, expected: { ...good.expected, ...expected } }], 'cases')
    expect(result?.differences.map((difference, index) => difference.slice(0, differences[index]?.length))).toEqual(
      differences,
    )
  })

  test('one that cannot be read fails alone, with its reason', () => {
    const results = runCases([good, { ...good, taskDefinition: {} }, { id: 'odd' }, 7], 'cases')
    expect(results.map(({ id, passed, differences }) => [id, passed, differences[0]])).toEqual([
      ['public image', true, undefined],
      [
        'public image',
        false,
        'cannot be read: taskDefinition: is not a task definition: containerDefinitions is missing.',
      ],
      ['odd', false, 'cannot be read: expected must be an object with ok: true or false.'],
      ['cases[3]', false, 'cannot be read: a case is a JSON object.'],
    ])
  })

  test.each([
    ['{}', {}],
    ['[]', []],
    ['null', null],
  ])('%s is no list of cases', (_, value) => {
    expect(() => runCases(value, 'cases.json')).toThrow('cases.json')
  })
})

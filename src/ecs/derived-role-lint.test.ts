import { describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { lintRoleFile } from '../iam/lint/lint.ts'
import { parseJsonText } from '../lib/json-text.ts'
import { deriveRole } from './derive.ts'
import { asFacts } from './read-facts.ts'
import { renderJson } from './render/role-json.ts'
import { asTaskDefinition } from './task-definition.ts'

const file = join(import.meta.dir, '../../../shared/cases/ecs-launch.json')
const present = existsSync(file)
if (!present) console.warn('skipped: the launches are not beside this checkout')

type Launch = { readonly id: string; readonly taskDefinition: unknown; readonly context: unknown }

describe.skipIf(!present)('a derived role', () => {
  test('is one in which lint finds nothing, also against the task that it is for', async () => {
    const launches = JSON.parse(readFileSync(file, 'utf8')) as readonly Launch[]
    expect(launches.length).toBeGreaterThan(10)
    const found: string[] = []
    for (const { id, taskDefinition, context } of launches) {
      const task = asTaskDefinition(taskDefinition, id)
      const derived = deriveRole([task], asFacts(context, id), { roleName: 'app', kind: 'execution-role' })
      const findings = await lintRoleFile(parseJsonText(renderJson(derived)), { file: id, needs: derived.needs })
      found.push(...findings.map((finding) => `${id}: ${finding.severity} ${finding.id}`))
    }
    // This task names its secret by an ARN without the last six characters, and the role must follow it.
    expect(found).toEqual(['secret-valuefrom-partial-arn: error partial-secret-arn'])
  })
})

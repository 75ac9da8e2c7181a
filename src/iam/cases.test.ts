import { describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readDecisionCase } from './cases.ts'
import { evaluate } from './evaluate.ts'

const file = join(import.meta.dir, '../../../shared/cases/iam-decisions.json')
const present = existsSync(file)
if (!present) console.warn('skipped: the decisions that another evaluator made are not beside this checkout')

describe.skipIf(!present)('the decisions of an independent evaluator', () => {
  test('are all decided alike', () => {
    const cases: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (!Array.isArray(cases)) throw new Error('the cases are no list')
    expect(cases.length).toBeGreaterThan(100)
    const different = cases
      .map((value: unknown, index) => readDecisionCase(value, `[${index}]`))
      .filter(({ request, policies, expected }) => evaluate(request, policies).decision !== expected)
    expect(different.map(({ id }) => id)).toEqual([])
  })
})

describe('a case that is none', () => {
  test.each([
    [null, 'cases[0] must be an object'],
    [{ action: 's3:GetObject' }, 'cases[0].principal must be text'],
    [{ principal: 'arn:aws:iam::1:role/a', resource: '*', action: 's3' }, 'cases[0].action must be one action'],
    [{ principal: 'me', resource: '*', action: 's3:a' }, 'cases[0].principal must be the ARN of a role'],
    [
      { principal: 'ecs-tasks.amazonaws.com', resource: 'bucket', action: 's3:a' },
      'cases[0].resource must be "*" or an ARN',
    ],
    [
      { principal: 'arn:aws:iam::1:role/a', resource: '*', action: 's3:a', identityPolicies: [{ Statement: [{}] }] },
      'cases[0].identityPolicies[0] is not a policy document: Effect must be "Allow" or "Deny" (Statement[0])',
    ],
    [
      { principal: 'arn:aws:iam::1:role/a', resource: '*', action: 's3:a', context: { a: 1 } },
      'cases[0].context["a"] must be text or a list',
    ],
    [
      { principal: 'arn:aws:iam::1:role/a', resource: '*', action: 's3:a', expected: 'Yes' },
      'cases[0].expected must be one of Allowed',
    ],
  ])('%j', (value, message) => {
    expect(() => readDecisionCase(value, 'cases[0]')).toThrow(message)
  })
})

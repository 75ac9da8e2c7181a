import { describe, expect, test } from 'bun:test'
import { deriveRole } from '../ecs/derive.ts'
import { renderJson } from '../ecs/render/role-json.ts'
import { asTaskDefinition } from '../ecs/task-definition.ts'
import { desiredFromDerived, desiredFromFile } from './desired-role.ts'
import { ownedPolicies, ownershipTags } from './ownership.ts'

const document = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' } }
const trustPolicy = {
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' },
}
const ARN = 'arn:aws:iam::111122223333:role/team/app'
const MANAGED = 'arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy'
const LIMIT = 'arn:aws:iam::111122223333:policy/limit'

describe('a role file as the role that is wanted', () => {
  test('keeps name, path, boundary and attachments', () => {
    const file = {
      roleArn: ARN,
      trustPolicy,
      policies: [{ name: 'a', document }],
      managedPolicyArns: [MANAGED],
      boundary: LIMIT,
    }
    expect(desiredFromFile(file, 'role.json', {})).toMatchObject({
      roleName: 'app',
      path: '/team/',
      policies: [{ name: 'a' }],
      managedPolicyArns: [MANAGED],
      boundaryArn: LIMIT,
    })
  })

  test('options win over the file, and "none" over a boundary', () => {
    const file = { roleName: 'app', trustPolicy, policies: [document], boundary: LIMIT }
    const wanted = desiredFromFile(file, 'my role.json', { roleName: 'other', boundaryArn: null, tags: { team: 'a' } })
    expect(wanted).toMatchObject({ roleName: 'other', path: '/', boundaryArn: null, tags: { team: 'a' } })
    // IAM would refuse the place in the file as a name.
    expect(wanted.policies.map(({ name }) => name)).toEqual(['my-role.json-policies-0'])
  })

  test.each([
    [{ trustPolicy, policies: [] }, "does not say the role's name"],
    [{ roleName: 'a', policies: [] }, 'has no trustPolicy'],
    [
      { roleName: 'a', trustPolicy, policies: [], boundary: { name: 'x', document } },
      "a boundary is set by its policy's ARN",
    ],
    [{}, 'is not a role'],
  ])('%#: says what lacks', (file, message) => {
    expect(() => desiredFromFile(file, 'role.json', {})).toThrow(message)
  })

  test('is the same whether derived on the spot or written by derive first', () => {
    const task = asTaskDefinition(
      {
        family: 'a',
        requiresCompatibilities: ['FARGATE'],
        containerDefinitions: [{ name: 'a', image: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/a:1' }],
      },
      'task',
    )
    const derived = deriveRole(
      [task],
      { region: 'eu-west-1', accountId: '111122223333' },
      { roleName: 'app', kind: 'execution-role' },
    )
    const written = desiredFromFile(JSON.parse(renderJson(derived)), 'role.json', {})
    const direct = desiredFromDerived(derived, {})
    expect({ ...written, description: '' }).toEqual({ ...direct, description: '' })
  })
})

test('the record of ownership fits into tags of any number', () => {
  const inline = Array.from({ length: 30 }, (_, index) => `policy-number-${index}`)
  const attached = Array.from({ length: 10 }, (_, index) => `${LIMIT}-${index}`)
  const tags = ownershipTags({ inline, attached })
  expect(Object.values(tags).every((value) => value.length <= 256)).toBe(true)
  expect(Object.keys(tags).length).toBeLessThan(15)
  const owned = ownedPolicies(tags)
  expect({ inline: [...owned.inline].toSorted(), attached: [...owned.attached].toSorted() }).toEqual({
    inline: inline.toSorted(),
    attached: attached.toSorted(),
  })
})

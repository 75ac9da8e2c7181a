import { expect, test } from 'bun:test'
import { checkTemplate, deriveRole, lintRole, preflightRole } from '../contract/api/execution-roles.ts'
import { executionRoles } from './execution-roles.ts'

const task_definition = JSON.stringify({
  family: 'app',
  networkMode: 'awsvpc',
  requiresCompatibilities: ['FARGATE'],
  cpu: '256',
  memory: '512',
  executionRoleArn: 'arn:aws:iam::111122223333:role/CSECSTaskExecutionRole',
  containerDefinitions: [
    {
      name: 'app',
      image: '111122223333.dkr.ecr.us-east-1.amazonaws.com/app:1.0.0',
      logConfiguration: {
        logDriver: 'awslogs',
        options: { 'awslogs-group': '/ecs/app', 'awslogs-region': 'us-east-1', 'awslogs-stream-prefix': 'ecs' },
      },
    },
  ],
})

test('a derived role lets its task start, and an empty one does not', () => {
  const derived = deriveRole.result.parse(
    executionRoles.deriveRole({ body: deriveRole.body.parse({ task_definitions: [task_definition] }) }),
  )
  const check = (role: string) =>
    preflightRole.result.parse(
      executionRoles.preflightRole({ body: { task_definition, role, launch_type: 'FARGATE' } }),
    )
  expect(check(derived.json).ok).toBe(true)
  const empty = check(JSON.stringify({ ...(JSON.parse(derived.json) as object), policies: [] }))
  expect(empty).toMatchObject({ ok: false, failingStep: 'ecr-auth', missingActions: ['ecr:GetAuthorizationToken'] })
  expect(empty.patch.executionRole?.Statement.length).toBeGreaterThan(0)
  expect(derived.terraform).toContain('aws_iam_role')
  expect(derived.cdk).toContain('ecr:GetAuthorizationToken')
})

test('findings name the lines of the pasted text', async () => {
  const role =
    '{\n  "Version": "2012-10-17",\n  "Statement": [\n    { "Effect": "Allow", "Action": "ecr:PutImage", "Resource": "*" }\n  ]\n}'
  const body = lintRole.body.parse({ role, task_definitions: [task_definition] })
  const { findings } = lintRole.result.parse(await executionRoles.lintRole({ body }))
  expect(findings.some(({ line }) => line === 4)).toBe(true)
})

test('a template’s task is launched with the template’s role', () => {
  const template = `
Resources:
  Web:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: web
      NetworkMode: awsvpc
      RequiresCompatibilities: [FARGATE]
      Cpu: '256'
      Memory: '512'
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions: [{ Name: web, Image: 111122223333.dkr.ecr.us-east-1.amazonaws.com/web:1 }]
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: [{ Effect: Allow, Principal: { Service: ecs.amazonaws.com }, Action: 'sts:AssumeRole' }]
`
  const body = checkTemplate.body.parse({ template, account: '111122223333', region: 'us-east-1' })
  const { tasks } = checkTemplate.result.parse(executionRoles.checkTemplate({ body }))
  expect(tasks).toMatchObject([{ name: 'Web', preflight: { ok: false, failingStep: 'assume-role' } }])
})

test('each stopped reason of a described task is explained once', () => {
  const reason =
    'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed'
  const text = JSON.stringify({ tasks: [{ stoppedReason: reason, containers: [{ reason }, {}] }] })
  expect(executionRoles.explainReason({ body: { text } }).reasons).toHaveLength(1)
  expect(executionRoles.explainReason({ body: { text: reason } }).reasons[0]?.text).toBe(reason)
})

test.each([
  ['{', 'task_definition'],
  ['[1]', 'task_definition'],
])('%s is refused with its place', (text, name) => {
  expect(() => executionRoles.preflightRole({ body: { task_definition: text } })).toThrow(name)
})

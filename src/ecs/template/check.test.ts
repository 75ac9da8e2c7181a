import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CheckedTask, type CheckOptions, checkTemplate } from './check.ts'

const none: CheckOptions = { target: {}, parameters: new Map(), facts: {} }

function summary(tasks: readonly CheckedTask[]) {
  return tasks.map(({ name, preflight, findings }) => [
    name,
    preflight?.failingStep ?? null,
    findings.map(({ id }) => id),
  ])
}

const trust = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' }],
}
const policy = (...statements: readonly (readonly [string | readonly string[], unknown])[]) => ({
  Version: '2012-10-17',
  Statement: statements.map(([Action, Resource]) => ({ Effect: 'Allow', Action, Resource })),
})
const pull = ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer']
const role = (PolicyDocument: unknown) => ({
  Type: 'AWS::IAM::Role',
  Properties: { AssumeRolePolicyDocument: trust, Policies: [{ PolicyName: 'p', PolicyDocument }] },
})
const task = (properties: object, container: object) => ({
  Type: 'AWS::ECS::TaskDefinition',
  Properties: {
    RequiresCompatibilities: ['FARGATE'],
    ExecutionRoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] },
    ...properties,
    ContainerDefinitions: [{ Name: 'app', ...container }],
  },
})
const own = { Image: { 'Fn::Sub': '${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/app:1' } }
const repository = { 'Fn::Sub': 'arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/app' }

type Case = readonly [
  name: string,
  resources: object,
  failing: string | null,
  ids: readonly string[],
  sections?: object,
]

const TEMPLATES: readonly Case[] = [
  [
    'complete',
    { Role: role(policy(['ecr:GetAuthorizationToken', '*'], [pull, repository])), Task: task({}, own) },
    null,
    [],
  ],
  [
    'wrong repository',
    {
      Role: role(policy(['ecr:GetAuthorizationToken', '*'], [pull, 'arn:aws:ecr:*:*:repository/other'])),
      Task: task({}, own),
    },
    'image-manifest',
    ['layers-denied', 'manifest-denied'],
  ],
  [
    'a policy of its own resource',
    {
      Role: role(policy(['ecr:GetAuthorizationToken', '*'])),
      More: {
        Type: 'AWS::IAM::Policy',
        Properties: { PolicyName: 'x', Roles: [{ Ref: 'Role' }], PolicyDocument: policy([pull, repository]) },
      },
      Task: task({}, own),
    },
    null,
    [],
  ],
  [
    'a managed policy of the template',
    {
      Role: {
        Type: 'AWS::IAM::Role',
        Properties: { AssumeRolePolicyDocument: trust, ManagedPolicyArns: [{ Ref: 'Managed' }] },
      },
      Managed: { Type: 'AWS::IAM::ManagedPolicy', Properties: { PolicyDocument: policy(['ecr:*', '*']) } },
      Task: task({}, own),
    },
    null,
    [],
  ],
  [
    'a managed policy that nobody knows',
    {
      Role: {
        Type: 'AWS::IAM::Role',
        Properties: { AssumeRolePolicyDocument: trust, ManagedPolicyArns: [{ 'Fn::ImportValue': 'pull-policy' }] },
      },
      Task: task({}, own),
    },
    null,
    ['launch-unknown'],
  ],
  [
    'an imported resource',
    {
      Role: role(policy(['ecr:GetAuthorizationToken', '*'], [pull, { 'Fn::ImportValue': 'app-repository' }])),
      Task: task({}, own),
    },
    null,
    ['launch-unknown'],
  ],
  [
    'an imported role',
    { Task: task({ ExecutionRoleArn: { 'Fn::ImportValue': 'role' } }, own) },
    null,
    ['launch-unknown'],
  ],
  [
    'no role',
    { Task: task({ ExecutionRoleArn: { Ref: 'AWS::NoValue' } }, own) },
    'register',
    ['register-ecr-without-role'],
  ],
  [
    'an image parameter without default',
    { Role: role(policy(['ecr:GetAuthorizationToken', '*'])), Task: task({}, { Image: { Ref: 'Image' } }) },
    null,
    ['launch-unknown'],
    { Parameters: { Image: { Type: 'String' } } },
  ],
  [
    'a secret parameter',
    {
      Role: role(policy(['ssm:GetParameters', '*'])),
      Task: task({}, { Image: 'nginx', Secrets: [{ Name: 'A', ValueFrom: { Ref: 'Secret' } }] }),
    },
    null,
    ['launch-unknown'],
    { Parameters: { Secret: { Type: 'String' } } },
  ],
  [
    'the condition of a parameter',
    {
      Role: role(policy(['ecr:GetAuthorizationToken', '*'])),
      Task: task({}, { Image: { 'Fn::If': ['Public', 'public.ecr.aws/nginx/nginx', own.Image] } }),
    },
    null,
    [],
    {
      Parameters: { Stage: { Type: 'String', Default: 'dev' } },
      Conditions: { Public: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'Stage' }, 'prod'] }] } },
    },
  ],
  [
    'mapping, join, select and split',
    {
      Role: role(
        policy(
          ['ecr:GetAuthorizationToken', '*'],
          [
            pull,
            {
              'Fn::Join': [
                '',
                [
                  'arn:aws:ecr:',
                  { 'Fn::FindInMap': ['Where', 'a', 'region'] },
                  ':',
                  { 'Fn::Select': [1, { 'Fn::Split': ['-', 'x-111122223333'] }] },
                  ':repository/app',
                ],
              ],
            },
          ],
        ),
      ),
      Task: task({}, { Image: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/app:1' }),
    },
    null,
    ['launch-unknown'],
    { Mappings: { Where: { a: { region: 'eu-west-1' } } } },
  ],
  [
    'containers that a transform makes',
    {
      Task: {
        Type: 'AWS::ECS::TaskDefinition',
        Properties: { ContainerDefinitions: { 'Fn::Transform': { Name: 'x' } } },
      },
    },
    null,
    ['task-not-readable'],
  ],
  ['a container without image', { Task: task({}, {}) }, null, ['task-not-readable']],
  [
    'functions of SAM beside it',
    {
      Fn: { Type: 'AWS::Serverless::Function', Properties: { Handler: 'x' } },
      Role: role(policy(['ecr:*', '*'])),
      Task: task({}, own),
    },
    null,
    [],
    { Transform: 'AWS::Serverless-2016-10-31' },
  ],
  [
    'a mapping that refers to itself',
    { Task: task({}, { Image: { 'Fn::FindInMap': ['Loop', 'a', 'b'] } }) },
    null,
    ['launch-unknown'],
    { Mappings: { Loop: { a: { b: { 'Fn::FindInMap': ['Loop', 'a', 'b'] } } } } },
  ],
]

describe('a CloudFormation template', () => {
  test.each(TEMPLATES.map((row) => [row[0], row] as const))('with %s', (_, [, Resources, failing, ids, sections]) => {
    const [checked] = checkTemplate(JSON.stringify({ ...sections, Resources }), 'template.json', none)
    const step: string | null = checked?.preflight?.failingStep ?? null
    expect([step, checked?.findings.map(({ id }) => id).toSorted()]).toEqual([failing, [...ids].toSorted()])
  })

  const example = readFileSync(join(import.meta.dir, '../../../docs/examples/execution-role/service.yaml'), 'utf8')

  test('in YAML with short forms: findings stand at the task definition and speak the language of the template', () => {
    const [checked] = checkTemplate(example, 'service.yaml', none)
    const line = example.split('\n').findIndex((text) => text.startsWith('  Task:')) + 2
    expect(checked?.findings.map(({ id, place }) => [id, place?.line])).toEqual([
      ['secret-kms-denied', line],
      ['log-stream-denied', line],
      ['log-delivery-denied', line],
    ])
    expect(checked?.findings[0]?.remedy).toBe(
      'Allow kms:Decrypt on arn:aws:kms:${AWS::Region}:${AWS::AccountId}:key/Key in the execution role.',
    )
  })

  test('takes account, region and parameters from the user', () => {
    const options = {
      ...none,
      target: { account: '111122223333', region: 'cn-north-1' },
      parameters: new Map([['Tag', '2']]),
    }
    const [checked] = checkTemplate(example, 'service.yaml', options)
    expect(checked?.findings[0]?.remedy).toBe(
      'Allow kms:Decrypt on arn:aws-cn:kms:cn-north-1:111122223333:key/Key in the execution role.',
    )
  })

  test.each([
    ['Resources: [unclosed', 'template.yaml:1:'],
    ['a: !Sub x\nb: {', 'template.yaml:2:'],
    ['just text', 'neither a CloudFormation template'],
    ['- a\n- b', 'neither a CloudFormation template'],
    ['{"Resources": 1}', 'neither a CloudFormation template'],
    ['', 'template.yaml is empty'],
    ['{', 'template.yaml'],
    ['['.repeat(10_000_000), 'nested deeper'],
    [`a: ${'['.repeat(200_000)}`, 'template.yaml'],
    [
      `a: &a [x,x,x,x,x,x,x,x,x]\n${Array.from(
        { length: 12 },
        (_, n) =>
          `${'b'.repeat(n + 1)}: &${'b'.repeat(n + 1)} [${Array(9)
            .fill(`*${n === 0 ? 'a' : 'b'.repeat(n)}`)
            .join(',')}]`,
      ).join('\n')}`,
      'template.yaml',
    ],
  ])('%#: what is none is refused with its place', (text, message) => {
    expect(() => checkTemplate(text, 'template.yaml', none)).toThrow(message)
  })
})

describe('a Terraform plan', () => {
  const containers = JSON.stringify([{ name: 'app', image: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/app:1' }])
  const plan = (
    values: object,
    role: object,
    extra: readonly object[] = [],
    references = ['aws_iam_role.exec.arn', 'aws_iam_role.exec'],
  ) => ({
    format_version: '1.2',
    planned_values: {
      root_module: {
        child_modules: [
          {
            address: 'module.shop[0]',
            resources: [
              {
                address: 'module.shop[0].aws_ecs_task_definition.app',
                type: 'aws_ecs_task_definition',
                values: {
                  family: 'shop',
                  requires_compatibilities: ['FARGATE'],
                  container_definitions: containers,
                  ...values,
                },
              },
              {
                address: 'module.shop[0].aws_iam_role.exec',
                type: 'aws_iam_role',
                values: { name: 'exec', assume_role_policy: JSON.stringify(trust), ...role },
              },
              ...extra,
            ],
          },
        ],
      },
    },
    configuration: {
      root_module: {
        module_calls: {
          shop: {
            module: {
              resources: [
                { address: 'aws_ecs_task_definition.app', expressions: { execution_role_arn: { references } } },
                {
                  address: 'aws_iam_role_policy.pull',
                  expressions: { role: { references: ['aws_iam_role.exec.id', 'aws_iam_role.exec'] } },
                },
              ],
            },
          },
        },
      },
    },
  })
  const attached = (values: object) => ({
    address: 'module.shop[0].aws_iam_role_policy.pull',
    type: 'aws_iam_role_policy',
    values,
  })

  test.each([
    ['nothing granted', plan({}, {}), 'ecr-auth'],
    [
      'granted by a policy that refers to the role',
      plan({}, {}, [attached({ policy: JSON.stringify(policy(['ecr:*', '*'])) })]),
      null,
    ],
    [
      'granted by a policy that names the role',
      plan({}, {}, [attached({ role: 'exec', policy: JSON.stringify(policy(['ecr:GetAuthorizationToken', '*'])) })]),
      'image-manifest',
    ],
    ['policy known after apply', plan({}, {}, [attached({})]), null],
    [
      'the AWS managed policy',
      plan({}, { managed_policy_arns: ['arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy'] }),
      null,
    ],
    ['no role at all', plan({}, {}, [], []), 'register'],
    [
      'a role that another plan made',
      plan({ execution_role_arn: 'arn:aws:iam::111122223333:role/other' }, {}, [], []),
      null,
    ],
  ])('%s', (_, value, failing) => {
    expect(
      summary(checkTemplate(JSON.stringify(value), 'plan.json', none)).map(([name, step]) => [name, step]),
    ).toEqual([['module.shop[0].aws_ecs_task_definition.app', failing]])
  })

  test('containers known after apply are said to be unknown', () => {
    const value = plan({ container_definitions: undefined }, {})
    expect(summary(checkTemplate(JSON.stringify(value), 'plan.json', none))[0]?.[2]).toEqual(['task-not-readable'])
  })
})

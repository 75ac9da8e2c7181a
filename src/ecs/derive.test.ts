import { describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { statementsOf } from '../iam/policy.ts'
import { deriveRole, type DerivedRole } from './derive.ts'
import type { Facts } from './facts.ts'
import { preflight } from './preflight.ts'
import { asFacts } from './read-facts.ts'
import { renderCdk } from './render/cdk.ts'
import { renderCloudFormation } from './render/cloudformation.ts'
import { renderTerraform } from './render/terraform.ts'
import { bareRole, type Role } from './role.ts'
import { asTaskDefinition, type TaskDefinition } from './task-definition.ts'
import { needsOf } from './needs.ts'
import { resolveSetting } from './setting.ts'

const ACCOUNT = '111122223333'
const KEY = `arn:aws:kms:us-east-1:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`
const SECRET = `arn:aws:secretsmanager:us-east-1:${ACCOUNT}:secret`

const place = { region: 'us-east-1', accountId: ACCOUNT, network: { reachable: 'all' }, requestContext: {} }

/** Task definitions that together use every row of "when ECS needs the execution role". */
const FEATURES: Readonly<Record<string, { task: Record<string, unknown>; facts?: Record<string, unknown> }>> = {
  'everything on Fargate': {
    task: {
      family: 'all',
      requiresCompatibilities: ['FARGATE'],
      taskRoleArn: `arn:aws:iam::${ACCOUNT}:role/app`,
      containerDefinitions: [
        {
          name: 'app',
          image: `${ACCOUNT}.dkr-ecr.us-east-1.on.aws/team/app:1`,
          logConfiguration: {
            logDriver: 'awslogs',
            options: {
              'awslogs-group': '/ecs/app',
              'awslogs-region': 'eu-west-1',
              'awslogs-stream-prefix': 'x',
              'awslogs-create-group': 'true',
            },
          },
          secrets: [
            { name: 'A', valueFrom: `${SECRET}:db-AbCdEf:password::` },
            { name: 'B', valueFrom: `${SECRET}:db-AbCdEf:user:AWSCURRENT:` },
            { name: 'C', valueFrom: '/app/key' },
            { name: 'D', valueFrom: 'plain' },
            { name: 'E', valueFrom: '/aws/reference/secretsmanager/other' },
          ],
          environmentFiles: [{ type: 's3', value: 'arn:aws:s3:::cfg/app.env' }],
        },
        { name: 'proxy', image: '444455556666.dkr.ecr.eu-central-1.amazonaws.com/proxy@sha256:' + 'a'.repeat(64) },
        { name: 'hub', image: `${ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/docker-hub/library/nginx:1` },
        {
          name: 'private',
          image: 'registry.example.com/tool:1',
          repositoryCredentials: { credentialsParameter: 'registry' },
          logConfiguration: {
            logDriver: 'splunk',
            options: {},
            secretOptions: [{ name: 'splunk-token', valueFrom: `${SECRET}:splunk-QwErTy` }],
          },
        },
      ],
      volumes: [
        { name: 'data', efsVolumeConfiguration: { fileSystemId: 'fs-1', authorizationConfig: { iam: 'ENABLED' } } },
      ],
    },
    facts: {
      ...place,
      guardDuty: true,
      pullThroughCache: { prefix: 'docker-hub' },
      secrets: {
        [`${SECRET}:db-AbCdEf`]: { kms: KEY, json: ['password', 'user'] },
        [`${SECRET}:registry-ZyXwVu`]: { kms: 'alias/registry', json: ['username', 'password'] },
        [`${SECRET}:splunk-QwErTy`]: {},
        [`${SECRET}:other-AaBbCc`]: {},
      },
      parameters: {
        [`arn:aws:ssm:us-east-1:${ACCOUNT}:parameter/app/key`]: { kms: KEY },
        [`arn:aws:ssm:us-east-1:${ACCOUNT}:parameter/plain`]: {},
      },
      objects: { 'arn:aws:s3:::cfg/app.env': { kms: KEY } },
      keys: { [KEY.replace('1234', '9876')]: { aliases: ['alias/registry'] } },
      logGroups: [],
      repositories: {
        'arn:aws:ecr:eu-central-1:444455556666:repository/proxy': {
          policy: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: '*', Action: 'ecr:*' }] },
        },
      },
      taskRole: {
        policies: [
          {
            name: 'efs',
            document: {
              Version: '2012-10-17',
              Statement: [{ Effect: 'Allow', Action: 'elasticfilesystem:*', Resource: '*' }],
            },
          },
        ],
      },
    },
  },
  'Windows on EC2 in China': {
    task: {
      requiresCompatibilities: ['EC2'],
      containerDefinitions: [
        {
          name: 'app',
          image: `${ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com.cn/app:1`,
          credentialSpecs: [
            `credentialspec:arn:aws-cn:ssm:cn-north-1:${ACCOUNT}:parameter/gmsa`,
            'credentialspecdomainless:arn:aws-cn:s3:::specs/gmsa.json',
          ],
        },
        {
          name: 'router',
          image: 'public.ecr.aws/aws-observability/aws-for-fluent-bit:stable',
          firelensConfiguration: {
            type: 'fluentbit',
            options: { 'config-file-type': 's3', 'config-file-value': 'arn:aws-cn:s3:::cfg/fluent.conf' },
          },
        },
      ],
      volumes: [
        {
          name: 'share',
          fsxWindowsFileServerVolumeConfiguration: {
            fileSystemId: 'fs-2',
            authorizationConfig: {
              credentialsParameter: `arn:aws-cn:secretsmanager:cn-north-1:${ACCOUNT}:secret:fsx-AbCdEf`,
              domain: 'd',
            },
          },
        },
      ],
    },
    facts: { region: 'cn-north-1', accountId: ACCOUNT, network: { reachable: 'all' }, requestContext: {} },
  },
}

function roleOf(derived: DerivedRole): Role {
  return { ...bareRole(derived.policies), roleArn: derived.roleArn, trustPolicy: derived.trustPolicy }
}

/** The role without its n-th statement. */
function without(role: Role, index: number): Role {
  const policies = role.policies.map(({ name, document }) => ({
    name,
    document: { ...document, Statement: statementsOf(document).filter((_, at) => at !== index) },
  }))
  return { ...role, policies }
}

function launch(task: TaskDefinition, facts: Facts) {
  const derived = deriveRole([task], facts, { roleName: 'exec', kind: 'execution-role' })
  const named = { ...task, executionRoleArn: derived.roleArn }
  return { derived, role: roleOf(derived), start: (role: Role) => preflight(named, role, facts) }
}

function expectLeast(task: TaskDefinition, facts: Facts): void {
  const { derived, role, start } = launch(task, facts)
  const whole = start(role)
  expect([whole.ok, whole.failingStep ?? null, whole.stoppedReason ?? null]).toEqual([true, null, null])
  const statements = derived.policies.flatMap(({ document }) => statementsOf(document))
  for (const [index, statement] of statements.entries()) {
    const result = start(without(role, index))
    expect([statement.Sid, result.failingStep !== undefined]).toEqual([statement.Sid, true])
  }
}

/** The facts of a case without what makes it fail: everything that the task definition names exists and is reachable. */
function healthy(context: Record<string, unknown>, task: TaskDefinition): Facts {
  const facts = asFacts(
    {
      ...pick(context, [
        'launchType',
        'region',
        'accountId',
        'partition',
        'secrets',
        'parameters',
        'objects',
        'pullThroughCache',
        'guardDuty',
      ]),
      network: { reachable: 'all' },
    },
    'context',
  )
  const setting = resolveSetting({ ...task, executionRoleArn: 'exec' }, undefined, facts).setting
  const needs = needsOf(task, { ...setting, hasExecutionRole: true })
  const named = (action: string) => needs.filter((need) => need.action === action).map((need) => need.resource)
  const groups = named('logs:CreateLogStream').map((arn) => arn.replace(/:log-stream:.*$/, ''))
  const secrets = Object.entries(facts.secrets ?? {}).map(
    ([arn, { kms }]) => [arn, kms === undefined ? {} : { kms }] as const,
  )
  const repositories = named('ecr:BatchGetImage').filter((arn) => !arn.includes(`:${ACCOUNT}:`))
  const open = {
    exists: true,
    policy: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: '*', Action: 'ecr:*' }] },
  } as const
  return {
    ...facts,
    logGroups: groups,
    ...(facts.secrets ? { secrets: Object.fromEntries(secrets) } : {}),
    parameters: { ...facts.parameters, ...Object.fromEntries(named('ssm:GetParameters').map((arn) => [arn, {}])) },
    objects: { ...facts.objects, ...Object.fromEntries(named('s3:GetObject').map((arn) => [arn, {}])) },
    repositories: Object.fromEntries(repositories.map((arn) => [arn, open])),
    ...(repositories.length === 0 ? { repositories: { none: open } } : {}),
  }
}

function pick(value: Record<string, unknown>, names: readonly string[]) {
  return Object.fromEntries(Object.entries(value).filter(([key]) => names.includes(key)))
}

describe('the least role', () => {
  test.each(Object.entries(FEATURES))(
    '%s: the task starts with it, and with none of its statements taken away',
    (_, { task, facts }) => {
      expectLeast(asTaskDefinition(task, 'task'), asFacts(facts ?? {}, 'facts'))
    },
  )

  test('of everything on Fargate is this', () => {
    const { task, facts } = FEATURES['everything on Fargate'] ?? { task: {} }
    const derived = deriveRole([asTaskDefinition(task, 'task')], asFacts(facts ?? {}, 'facts'), {
      roleName: 'exec',
      kind: 'execution-role',
    })
    expect(derived.policies[0]?.document).toMatchSnapshot()
    expect(derived.reasons).toMatchSnapshot()
    expect(derived.notes).toMatchSnapshot()
  })

  const SHARED = join(import.meta.dir, '../../../shared/cases/ecs-launch.json')
  const present = existsSync(SHARED)
  const cases = present
    ? (JSON.parse(readFileSync(SHARED, 'utf8')) as {
        id: string
        taskDefinition: unknown
        context: Record<string, unknown>
      }[])
    : []
  // The task definitions themselves are wrong: without awslogs-region, and with an image of another partition than the account's.
  const broken = new Set(['logs-region-option-missing', 'govcloud-managed-policy-arn'])
  test.skipIf(!present).each(cases.filter(({ id }) => !broken.has(id)).map((one) => [one.id, one] as const))(
    'of %s lets it start and cannot be less',
    (_, { taskDefinition, context }) => {
      const task = asTaskDefinition(taskDefinition, 'task')
      expectLeast(task, healthy(context, task))
    },
  )
})

describe('deriving', () => {
  const task = asTaskDefinition(
    { containerDefinitions: [{ name: 'a', image: `${ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/a` }] },
    'a',
  )
  const other = asTaskDefinition(
    {
      containerDefinitions: [
        { name: 'b', image: `${ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/b`, secrets: [{ name: 'S', valueFrom: 'p' }] },
      ],
    },
    'b',
  )
  const options = { roleName: 'r', kind: 'execution-role' } as const

  test('merges several task definitions into one role', () => {
    const derived = deriveRole([task, other, task], { accountId: ACCOUNT, region: 'eu-west-1' }, options)
    expect(derived.policies[0]?.document.Statement).toEqual([
      { Sid: 'LogInToEcr', Effect: 'Allow', Action: 'ecr:GetAuthorizationToken', Resource: '*' },
      {
        Sid: 'PullImages',
        Effect: 'Allow',
        Action: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
        Resource: [`arn:aws:ecr:eu-west-1:${ACCOUNT}:repository/a`, `arn:aws:ecr:eu-west-1:${ACCOUNT}:repository/b`],
      },
      {
        Sid: 'ReadParameters',
        Effect: 'Allow',
        Action: 'ssm:GetParameters',
        Resource: `arn:aws:ssm:eu-west-1:${ACCOUNT}:parameter/p`,
      },
    ])
  })

  test.each([
    [{}, 'The account of the task is not known from the task definition: give --account'],
    [{ region: 'eu-west-1' }, 'give --account'],
  ])('asks for what it does not know: %j', (facts, message) => {
    expect(() => deriveRole([task], facts, options)).toThrow(message)
    const bare = asTaskDefinition({ containerDefinitions: [{ name: 'a', image: 'nginx' }] }, 'a')
    expect(() => deriveRole([bare], {}, options)).toThrow('give --account and --region')
  })

  test('pulls through one endpoint, the token from anywhere', () => {
    const facts = asFacts({ ...place, region: 'eu-west-1', sourceVpce: 'vpce-1', logGroups: [] }, 'facts')
    const role = deriveRole([task], facts, { ...options, sourceVpce: 'vpce-1' })
    expect(role.policies[0]?.document.Statement).toMatchObject([
      { Sid: 'LogInToEcr' },
      { Sid: 'PullImages', Condition: { StringEquals: { 'aws:SourceVpce': 'vpce-1' } } },
    ])
    const named = { ...task, executionRoleArn: role.roleArn, requiresCompatibilities: ['FARGATE'] }
    expect(preflight(named, roleOf(role), facts).ok).toBe(true)
    expect(preflight(named, roleOf(role), { ...facts, sourceVpce: 'vpce-2' }).missingActions).toEqual([
      'ecr:BatchGetImage',
    ])
  })

  test('names of secrets get the pattern of their suffix', () => {
    const named = asTaskDefinition(
      {
        containerDefinitions: [
          { name: 'a', image: 'x.example/a', repositoryCredentials: { credentialsParameter: 'hub' } },
        ],
      },
      'a',
    )
    const derived = deriveRole([named], { accountId: ACCOUNT, region: 'eu-west-1' }, options)
    expect(derived.policies[0]?.document.Statement).toMatchObject([
      { Resource: `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:hub-??????` },
    ])
  })

  test('an alias without known key is granted through its name', () => {
    const secret = asTaskDefinition(
      {
        containerDefinitions: [
          { name: 'a', image: 'nginx', secrets: [{ name: 'S', valueFrom: `${SECRET}:s-AbCdEf` }] },
        ],
      },
      'a',
    )
    const facts = asFacts({ ...place, secrets: { [`${SECRET}:s-AbCdEf`]: { kms: 'alias/app' } } }, 'facts')
    expect(deriveRole([secret], facts, options).policies[0]?.document.Statement).toMatchObject([
      { Sid: 'ReadSecrets' },
      {
        Resource: `arn:aws:kms:us-east-1:${ACCOUNT}:key/*`,
        Condition: { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'alias/app' } },
      },
    ])
    expectLeast(secret, facts)
  })

  test('tells the task role apart', () => {
    const { task: all, facts } = FEATURES['everything on Fargate'] ?? { task: {} }
    const derived = deriveRole(
      [asTaskDefinition(all, 'task')],
      { ...asFacts(facts ?? {}, 'facts'), enableExecuteCommand: true },
      { roleName: 'app', kind: 'task-role' },
    )
    expect(derived.policies[0]?.document.Statement).toMatchSnapshot()
  })
})

describe('rendered', () => {
  const { task, facts } = FEATURES['everything on Fargate'] ?? { task: {} }
  const derived = deriveRole([asTaskDefinition(task, 'task')], asFacts(facts ?? {}, 'facts'), {
    roleName: 'exec',
    kind: 'execution-role',
  })

  test('CloudFormation holds the same documents', () => {
    const text = renderCloudFormation(derived).replaceAll('!GetAtt', '')
    const { Properties } = parse(text).Resources.Exec
    expect(Properties.AssumeRolePolicyDocument).toEqual(derived.trustPolicy)
    expect(Properties.Policies[0].PolicyDocument).toEqual(derived.policies[0]?.document)
  })

  test('Terraform and CDK', () => {
    expect(renderTerraform(derived)).toMatchSnapshot()
    expect(renderCdk(derived)).toMatchSnapshot()
    expect(() => new Bun.Transpiler({ loader: 'ts' }).transformSync(renderCdk(derived))).not.toThrow()
  })

  test('no name in a task definition breaks out of a comment', () => {
    const evil = asTaskDefinition(
      {
        containerDefinitions: [
          {
            name: 'a\n}); evil("',
            image: 'nginx',
            secrets: [{ name: 'x\u2028y', valueFrom: `${SECRET}:a\${b}-AbCdEf` }],
          },
        ],
      },
      'task',
    )
    const role = deriveRole([evil], asFacts(place, 'facts'), { roleName: 'exec', kind: 'execution-role' })
    for (const text of [renderTerraform(role), renderCdk(role), renderCloudFormation(role)]) {
      expect(
        text
          .split('\n')
          .filter((line) => line.includes('evil'))
          .every((line) => /^\s*(#|\/\/)/.test(line)),
      ).toBe(true)
    }
    expect(renderTerraform(role)).toContain('a$${b}')
  })
})

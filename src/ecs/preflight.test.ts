import { describe, expect, test } from 'bun:test'
import { preflight } from './preflight.ts'
import { asFacts } from './read-facts.ts'
import { asRole } from './role.ts'
import { asTaskDefinition } from './task-definition.ts'

const A = '111122223333'
const ROLE = `arn:aws:iam::${A}:role/exec`
const HERE = `us-east-1:${A}`
const REPOSITORY = `arn:aws:ecr:${HERE}:repository/app`
const GROUP = `arn:aws:logs:${HERE}:log-group:/ecs/app`
const SECRET = `arn:aws:secretsmanager:${HERE}:secret:db-AbCdEf`
const PARAMETER = `arn:aws:ssm:${HERE}:parameter/app/key`
const KEY = `arn:aws:kms:${HERE}:key/1`

type Json = Readonly<Record<string, unknown>>
type Texts = string | readonly string[]

const allow = (Action: Texts, Resource: Texts, Condition?: Json) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition ? { Condition } : {}),
})
const deny = (Action: Texts, Condition?: Json) => ({
  Effect: 'Deny',
  Action,
  Resource: '*',
  ...(Condition ? { Condition } : {}),
})
const doc = (...Statement: readonly Json[]) => ({ Version: '2012-10-17', Statement })
const open = (...actions: readonly string[]) => doc({ Effect: 'Allow', Principal: '*', Action: actions })
const trust = (Condition?: Json, Service: Texts = 'ecs-tasks.amazonaws.com') =>
  doc({ Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole', ...(Condition ? { Condition } : {}) })

const managed = allow(
  [
    'ecr:GetAuthorizationToken',
    'ecr:BatchCheckLayerAvailability',
    'ecr:GetDownloadUrlForLayer',
    'ecr:BatchGetImage',
    'logs:CreateLogStream',
    'logs:PutLogEvents',
  ],
  '*',
)
const token = allow('ecr:GetAuthorizationToken', '*')

const app = {
  name: 'app',
  image: `${A}.dkr.ecr.us-east-1.amazonaws.com/app:1`,
  logConfiguration: {
    logDriver: 'awslogs',
    options: { 'awslogs-group': '/ecs/app', 'awslogs-region': 'us-east-1', 'awslogs-stream-prefix': 'ecs' },
  },
}
const log = (options: Json) => ({
  logConfiguration: { logDriver: 'awslogs', options: { ...app.logConfiguration.options, ...options } },
})
const quiet = { logConfiguration: undefined }
const secret = (valueFrom: string) => ({ secrets: [{ name: 'X', valueFrom }] })

type Launch = {
  /** Members of the one container, or several containers. */
  readonly with?: Json | readonly Json[]
  readonly task?: Json
  /** Statements of the role beside none; null: no role at all. */
  readonly role?: readonly Json[] | null
  readonly roleParts?: Json
  readonly facts?: Json
}

type Row = readonly [name: string, launch: Launch, step: string | null, missing: readonly string[], text?: string]

function start({ with: parts = {}, task = {}, role = [managed], roleParts = {}, facts = {} }: Launch) {
  const containers = Array.isArray(parts) ? (parts as readonly Json[]) : [parts as Json]
  const definition = asTaskDefinition(
    {
      family: 'app',
      requiresCompatibilities: ['FARGATE'],
      executionRoleArn: role === null ? undefined : ROLE,
      ...task,
      containerDefinitions: containers.map((container, index) => ({ ...app, name: `app${index}`, ...container })),
    },
    'task',
  )
  const document =
    role &&
    asRole(
      { roleArn: ROLE, trustPolicy: trust(), policies: [{ name: 'p', document: doc(...role) }], ...roleParts },
      'role',
    )
  const context = {
    launchType: 'FARGATE',
    region: 'us-east-1',
    accountId: A,
    logGroups: ['/ecs/app'],
    network: { reachable: 'all' },
    now: '2026-01-01T00:00:00Z',
    ...facts,
  }
  return preflight(definition, document ?? undefined, asFacts(context, 'facts'))
}

const EC2 = { facts: { launchType: 'EC2' }, task: { requiresCompatibilities: ['EC2'] } }
const ec2 = (facts: Json) => ({ ...EC2, facts: { ...EC2.facts, ...facts } })
const endpoints = (...missing: readonly string[]) => ({ network: { reachable: 'endpoints', missing } })
const perimeter = deny('*', { StringNotEquals: { 'aws:SourceVpce': 'vpce-1' } })

const ROWS: readonly Row[] = [
  // Registering
  [
    'awslogs on Fargate without role',
    { role: null, with: { image: 'nginx' } },
    'register',
    [],
    'to support log driver awslogs',
  ],
  ['a public image without role', { role: null, with: { image: 'public.ecr.aws/nginx/nginx', ...quiet } }, null, []],
  [
    'secrets without role on EC2',
    { ...EC2, role: null, with: { ...quiet, ...secret(SECRET) } },
    'register',
    [],
    'you must also specify a value for',
  ],
  ['a bare role name', { task: { executionRoleArn: 'exec' } }, null, []],
  [
    'a role of another account',
    { task: { executionRoleArn: 'arn:aws:iam::444455556666:role/exec' } },
    'register',
    [],
    'Role is not valid',
  ],
  [
    'a JSON key without ARN',
    { with: secret('db:password::') },
    'register',
    [],
    'parameter name specified for secret X is invalid',
  ],
  [
    'EFS with IAM and no task role',
    {
      task: {
        volumes: [
          { name: 'v', efsVolumeConfiguration: { fileSystemId: 'fs-1', authorizationConfig: { iam: 'ENABLED' } } },
        ],
      },
    },
    'register',
    [],
    'EFS IAM authorization requires a task role',
  ],
  [
    'no log group',
    { with: log({ 'awslogs-group': '' }) },
    'register',
    [],
    'Log driver awslogs requires options: awslogs-region, awslogs-group',
  ],
  [
    'a log driver that Fargate lacks',
    { with: { logConfiguration: { logDriver: 'gelf' } } },
    'register',
    [],
    "Log driver 'gelf'",
  ],
  [
    'FireLens from S3 on Fargate',
    {
      with: {
        firelensConfiguration: {
          type: 'fluentbit',
          options: { 'config-file-type': 's3', 'config-file-value': 'arn:aws:s3:::c/f' },
        },
      },
    },
    'register',
    [],
  ],
  [
    'a caller who may not register',
    { facts: { caller: { policies: [doc(allow(['ecs:RunTask', 'iam:PassRole'], '*'))] } } },
    'register',
    ['ecs:RegisterTaskDefinition'],
  ],
  // Applying
  [
    'an ARN of another partition',
    { role: [managed, allow('s3:GetObject', 'arn:aws-cn:s3:::x/y')] },
    'apply',
    [],
    'Partition "aws-cn" is not valid',
  ],
  // Passing and assuming
  [
    'PassRole to another service',
    {
      facts: {
        caller: {
          policies: [
            doc(
              allow(['ecs:*'], '*'),
              allow('iam:PassRole', ROLE, { StringEquals: { 'iam:PassedToService': 'ecs.amazonaws.com' } }),
            ),
          ],
        },
      },
    },
    'pass-role',
    ['iam:PassRole'],
  ],
  [
    'PassRole to ECS tasks',
    {
      facts: {
        caller: {
          policies: [
            doc(
              allow(['ecs:*'], '*'),
              allow('iam:PassRole', ROLE, { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } }),
            ),
          ],
        },
      },
    },
    null,
    [],
  ],
  [
    'the task role is passed too',
    {
      task: { taskRoleArn: `arn:aws:iam::${A}:role/app` },
      facts: { caller: { policies: [doc(allow('ecs:*', '*'), allow('iam:PassRole', ROLE))] } },
    },
    'pass-role',
    ['iam:PassRole'],
    'role/app',
  ],
  [
    'a caller who creates services',
    {
      facts: {
        caller: { policies: [doc(allow(['ecs:RegisterTaskDefinition', 'ecs:CreateService', 'iam:PassRole'], '*'))] },
      },
    },
    null,
    [],
  ],
  [
    'trust with both conditions',
    {
      roleParts: {
        trustPolicy: trust({
          StringEquals: { 'aws:SourceAccount': A },
          ArnLike: { 'aws:SourceArn': `arn:aws:ecs:${HERE}:*` },
        }),
      },
    },
    null,
    [],
  ],
  [
    'trust that compares a wildcard as text',
    { roleParts: { trustPolicy: trust({ StringEquals: { 'aws:SourceArn': `arn:aws:ecs:${HERE}:*` } }) } },
    'assume-role',
    ['sts:AssumeRole'],
  ],
  [
    'trust with an external id',
    { roleParts: { trustPolicy: trust({ StringEquals: { 'sts:ExternalId': 'x' } }) } },
    'assume-role',
    ['sts:AssumeRole'],
  ],
  [
    'trust of the scheduler',
    { roleParts: { trustPolicy: trust(undefined, 'ecs.amazonaws.com') } },
    'assume-role',
    ['sts:AssumeRole'],
    'ECS was unable to assume the role',
  ],
  [
    'trust of several services',
    { roleParts: { trustPolicy: trust(undefined, ['ec2.amazonaws.com', 'ecs-tasks.amazonaws.com']) } },
    null,
    [],
  ],
  ['a role that does not exist', { roleParts: { exists: false } }, 'assume-role', ['sts:AssumeRole'], ROLE],
  [
    'a resource control policy on sts',
    { facts: { rcps: [[doc({ Effect: 'Deny', Principal: '*', Action: 'sts:*', Resource: '*' })]] } },
    'assume-role',
    ['sts:AssumeRole'],
  ],
  [
    'a task role that trusts the wrong service',
    {
      task: { taskRoleArn: `arn:aws:iam::${A}:role/app` },
      facts: {
        taskRole: {
          roleArn: `arn:aws:iam::${A}:role/app`,
          trustPolicy: trust(undefined, 'ec2.amazonaws.com'),
          policies: [],
        },
      },
    },
    'assume-role',
    ['sts:AssumeRole'],
    'role/app',
  ],
  [
    'an override of the role',
    {
      role: [managed],
      facts: { overrides: { executionRoleArn: `arn:aws:iam::${A}:role/other` } },
      roleParts: { roleArn: `arn:aws:iam::${A}:role/other`, trustPolicy: trust(undefined, 'ec2.amazonaws.com') },
    },
    'assume-role',
    ['sts:AssumeRole'],
    'role/other',
  ],
  // Token
  [
    'the token on a repository',
    { role: [allow('ecr:*', REPOSITORY), allow('logs:*', '*')] },
    'ecr-auth',
    ['ecr:GetAuthorizationToken'],
    'because no identity-based policy allows',
  ],
  [
    'a data perimeter over the token',
    { role: [managed, perimeter], facts: { sourceVpce: 'vpce-1' } },
    'ecr-auth',
    ['ecr:GetAuthorizationToken'],
    'with an explicit deny in an identity-based policy',
  ],
  [
    'a denial without MFA',
    { role: [managed, deny('*', { BoolIfExists: { 'aws:MultiFactorAuthPresent': 'false' } })] },
    'ecr-auth',
    ['ecr:GetAuthorizationToken'],
  ],
  ['a denial without TLS', { role: [managed, deny('*', { Bool: { 'aws:SecureTransport': 'false' } })] }, null, []],
  [
    'a policy that has expired',
    { role: [{ ...managed, Condition: { DateLessThan: { 'aws:CurrentTime': '2025-01-01T00:00:00Z' } } }] },
    'ecr-auth',
    ['ecr:GetAuthorizationToken'],
  ],
  [
    'an SCP that lacks ECR',
    { facts: { scps: [[doc(allow(['logs:*', 's3:*'], '*'))]] } },
    'ecr-auth',
    ['ecr:GetAuthorizationToken'],
    'because no service control policy allows',
  ],
  [
    'an SCP of one level only',
    { facts: { scps: [[doc(allow('*', '*'))], [doc(allow('logs:*', '*'))]] } },
    'ecr-auth',
    ['ecr:GetAuthorizationToken'],
    'because no service control policy allows',
  ],
  [
    'an SCP on regions',
    {
      with: { image: `${A}.dkr.ecr.eu-west-1.amazonaws.com/app:1` },
      facts: {
        scps: [
          [
            doc(allow('*', '*'), {
              Effect: 'Deny',
              NotAction: ['iam:*', 'sts:*'],
              Resource: '*',
              Condition: { StringNotEquals: { 'aws:RequestedRegion': ['us-east-1'] } },
            }),
          ],
        ],
      },
    },
    'ecr-auth',
    ['ecr:GetAuthorizationToken'],
    'with an explicit deny in a service control policy',
  ],
  [
    'an endpoint policy on the token',
    {
      facts: {
        vpcEndpointPolicies: {
          'ecr.api': doc({ Effect: 'Allow', Principal: '*', Action: 'ecr:Describe*', Resource: '*' }),
        },
      },
    },
    'ecr-auth',
    ['ecr:GetAuthorizationToken'],
    'because no VPC endpoint policy allows',
  ],
  [
    'no route to ECR',
    { facts: endpoints('ecr.api') },
    'ecr-auth',
    [],
    'There is a connection issue between the task and Amazon ECR',
  ],
  ['no route at all', { facts: { network: { reachable: 'none' } } }, 'ecr-auth', [], 'i/o timeout'],
  [
    'endpoints beside NAT',
    { facts: { network: { reachable: 'endpoints', missing: ['ecr.api'], nat: true } } },
    null,
    [],
  ],
  [
    'ECR of another region through endpoints',
    { with: { image: `${A}.dkr.ecr.eu-west-1.amazonaws.com/app:1` }, facts: endpoints() },
    'ecr-auth',
    [],
  ],
  [
    'EC2 without token',
    { ...EC2, role: [allow(['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'], '*')] },
    'ecr-auth',
    ['ecr:GetAuthorizationToken'],
    'CannotPullECRContainerError: AccessDeniedException',
  ],
  [
    'an instance role without ECR',
    { ...ec2({ instanceRole: { policies: [doc(allow('logs:*', '*'))] } }), role: null },
    'ecr-auth',
    ['ecr:GetAuthorizationToken'],
    'ecsInstanceRole',
  ],
  [
    'an external instance without role',
    { task: { requiresCompatibilities: ['EXTERNAL'] }, facts: { launchType: 'EXTERNAL' }, role: null, with: quiet },
    'ecr-auth',
    [],
    'engine ecr credentials: not found',
  ],
  // Manifest and layers
  [
    'dual-stack host',
    {
      with: { image: `${A}.dkr-ecr.us-east-1.on.aws/app:1` },
      role: [token, allow(['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'], REPOSITORY), allow('logs:*', '*')],
    },
    null,
    [],
  ],
  ['FIPS host', { with: { image: `${A}.dkr.ecr-fips.us-east-1.amazonaws.com/app:1` } }, null, []],
  [
    'another letter case',
    {
      role: [
        token,
        allow(['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'], REPOSITORY.replace('app', 'App')),
        allow('logs:*', '*'),
      ],
    },
    'image-manifest',
    ['ecr:BatchGetImage'],
    '403 Forbidden',
  ],
  [
    'a pull through another endpoint',
    {
      role: [
        token,
        allow(['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'], '*', {
          StringEquals: { 'aws:SourceVpce': 'vpce-2' },
        }),
        allow('logs:*', '*'),
      ],
      facts: { sourceVpce: 'vpce-1' },
    },
    'image-manifest',
    ['ecr:BatchGetImage'],
  ],
  [
    'another account with both sides',
    {
      with: { image: '444455556666.dkr.ecr.us-east-1.amazonaws.com/x:1' },
      facts: {
        repositories: {
          'arn:aws:ecr:us-east-1:444455556666:repository/x': {
            policy: doc({ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${A}:root` }, Action: 'ecr:*' }),
          },
        },
      },
    },
    null,
    [],
  ],
  [
    'another account without the identity side',
    {
      role: [token, allow('logs:*', '*')],
      with: { image: '444455556666.dkr.ecr.us-east-1.amazonaws.com/x:1' },
      facts: { repositories: { 'arn:aws:ecr:us-east-1:444455556666:repository/x': { policy: open('ecr:*') } } },
    },
    'image-manifest',
    ['ecr:BatchGetImage'],
  ],
  [
    'another account on EC2 without repository policy',
    {
      ...ec2({ repositories: { 'arn:aws:ecr:us-east-1:444455556666:repository/x': { policy: null } } }),
      with: { image: '444455556666.dkr.ecr.us-east-1.amazonaws.com/x:1' },
    },
    'image-manifest',
    ['ecr:BatchGetImage'],
    'because no resource-based policy allows the ecr:BatchGetImage action',
  ],
  [
    'a first pull through the cache',
    {
      with: { image: `${A}.dkr.ecr.us-east-1.amazonaws.com/hub/library/nginx:1` },
      facts: { pullThroughCache: { hub: {} } },
    },
    'image-manifest',
    ['ecr:BatchImportUpstreamImage', 'ecr:CreateRepository'],
    'CannotPullContainerError',
  ],
  [
    'a first pull into a repository that exists',
    {
      with: { image: `${A}.dkr.ecr.us-east-1.amazonaws.com/hub/library/nginx:1` },
      facts: { pullThroughCache: ['hub'], repositories: { [`arn:aws:ecr:${HERE}:repository/hub/library/nginx`]: {} } },
    },
    'image-manifest',
    ['ecr:BatchImportUpstreamImage'],
  ],
  [
    'a first pull granted by the registry policy',
    {
      with: { image: `${A}.dkr.ecr.us-east-1.amazonaws.com/hub/x:1` },
      facts: {
        pullThroughCache: {
          prefix: 'hub',
          registryPolicy: doc({
            Effect: 'Allow',
            Principal: { AWS: ROLE },
            Action: ['ecr:BatchImportUpstreamImage', 'ecr:CreateRepository'],
            Resource: '*',
          }),
        },
      },
    },
    null,
    [],
  ],
  [
    'a later pull through the cache',
    {
      with: { image: `${A}.dkr.ecr.us-east-1.amazonaws.com/hub/x:1` },
      facts: { pullThroughCache: { prefix: 'hub', firstPull: false } },
    },
    null,
    [],
  ],
  [
    'a first pull without NAT',
    {
      role: [managed, allow('ecr:*', '*')],
      with: { image: `${A}.dkr.ecr.us-east-1.amazonaws.com/hub/x:1` },
      facts: { pullThroughCache: 'hub', ...endpoints() },
    },
    'image-manifest',
    [],
    'not found',
  ],
  ['no such repository', { facts: { repositories: { [REPOSITORY]: null } } }, 'image-manifest', [], 'not found'],
  [
    'no such image on EC2',
    { ...ec2({ images: { [`${A}.dkr.ecr.us-east-1.amazonaws.com/app`]: ['2'] } }) },
    'image-manifest',
    [],
    'Check whether the image exists',
  ],
  [
    'arm64 as asked for',
    {
      task: { runtimePlatform: { cpuArchitecture: 'ARM64' } },
      facts: { imagePlatforms: { [app.image]: ['linux/arm64/v8'] } },
    },
    null,
    [],
  ],
  [
    'amd64 for arm64',
    {
      task: { runtimePlatform: { cpuArchitecture: 'ARM64' } },
      facts: { imagePlatforms: { [app.image]: ['linux/amd64'] } },
    },
    'image-manifest',
    [],
    "platform 'linux/arm64'",
  ],
  [
    'Docker Hub without NAT',
    { with: { image: 'nginx' }, facts: endpoints() },
    'image-manifest',
    [],
    'registry-1.docker.io',
  ],
  [
    'a private registry without credentials',
    { with: { image: 'registry.example.com/x:1' }, facts: { registry: { private: true } } },
    'image-manifest',
    [],
    '401 Unauthorized',
  ],
  [
    'Docker Hub with credentials is not limited',
    {
      role: [managed, allow('secretsmanager:*', '*')],
      with: { image: 'nginx', repositoryCredentials: { credentialsParameter: SECRET } },
      facts: { registry: { rateLimited: true } },
    },
    null,
    [],
  ],
  ['an image that is none', { with: { image: 'App:1' } }, 'image-manifest', [], 'invalid reference format'],
  ['no route to S3', { facts: endpoints('s3') }, 'image-layers', [], 'failed to copy: httpReadSeeker'],
  [
    'no route to ecr.dkr',
    { facts: endpoints('ecr.dkr') },
    'image-manifest',
    [],
    'connection issue between the task and the registry',
  ],
  [
    'an S3 endpoint policy with the layer bucket',
    {
      facts: {
        vpcEndpointPolicies: {
          s3: doc({
            Effect: 'Allow',
            Principal: '*',
            Action: 's3:GetObject',
            Resource: 'arn:aws:s3:::prod-us-east-1-starport-layer-bucket/*',
          }),
        },
      },
    },
    null,
    [],
  ],
  [
    'an S3 endpoint policy for the own account only',
    {
      facts: {
        vpcEndpointPolicies: {
          s3: doc({
            Effect: 'Allow',
            Principal: '*',
            Action: 's3:*',
            Resource: '*',
            Condition: { StringEquals: { 'aws:PrincipalAccount': A } },
          }),
        },
      },
    },
    'image-layers',
    ['s3:GetObject'],
    '403 Forbidden',
  ],
  // Secrets
  [
    'a policy with the name only',
    { role: [managed, allow('secretsmanager:GetSecretValue', SECRET.replace('-AbCdEf', ''))], with: secret(SECRET) },
    'secrets',
    ['secretsmanager:GetSecretValue'],
  ],
  [
    'a policy with the pattern of the suffix',
    {
      role: [managed, allow('secretsmanager:GetSecretValue', SECRET.replace('AbCdEf', '??????'))],
      with: secret(`${SECRET}:k::`),
    },
    null,
    [],
  ],
  [
    'a policy with the JSON key',
    { role: [managed, allow('secretsmanager:GetSecretValue', `${SECRET}:k::`)], with: secret(`${SECRET}:k::`) },
    'secrets',
    ['secretsmanager:GetSecretValue'],
  ],
  [
    'too few colons',
    { role: [managed, allow('secretsmanager:*', '*')], with: secret(`${SECRET}:k`) },
    'secrets',
    [],
    'an invalid ARN format for the AWS Secrets Manager secret',
  ],
  [
    'a secret of another region',
    {
      role: [managed, allow('secretsmanager:*', '*')],
      with: secret(SECRET.replace('us-east-1', 'eu-west-1')),
      facts: { secrets: { [SECRET]: {} } },
    },
    'secrets',
    [],
    "can't find the specified secret.",
  ],
  [
    'a stage that is not there',
    {
      role: [managed, allow('secretsmanager:*', '*')],
      with: secret(`${SECRET}::AWSPREVIOUS:`),
      facts: { secrets: { [SECRET]: { stages: ['AWSCURRENT'] } } },
    },
    'secrets',
    [],
    'staging label: AWSPREVIOUS',
  ],
  [
    'the permission on the task role',
    { with: secret(SECRET), facts: { taskRole: { policies: [doc(allow('secretsmanager:*', '*'))] } } },
    'secrets',
    ['secretsmanager:GetSecretValue'],
  ],
  [
    'a secret of a log driver',
    { with: { logConfiguration: { logDriver: 'splunk', secretOptions: [{ name: 'token', valueFrom: SECRET }] } } },
    'secrets',
    ['secretsmanager:GetSecretValue'],
  ],
  [
    'no route to Secrets Manager',
    { role: [managed, allow('secretsmanager:*', '*')], with: secret(SECRET), facts: endpoints('secretsmanager') },
    'secrets',
    [],
    'There is a connection issue between the task and AWS Secrets Manager',
  ],
  [
    'the default key of another account',
    {
      role: [managed, allow(['secretsmanager:*', 'kms:*'], '*')],
      with: secret(SECRET.replace(A, '444455556666')),
      facts: {
        secrets: {
          [SECRET.replace(A, '444455556666')]: { kms: 'aws/secretsmanager', policy: open('secretsmanager:*') },
        },
        keys: { 'arn:aws:kms:us-east-1:444455556666:key/aws-managed': { policy: null } },
      },
    },
    'secrets',
    ['kms:Decrypt'],
    'Access to KMS is not allowed',
  ],
  [
    'a key whose policy leaves the account out',
    {
      role: [managed, allow(['secretsmanager:*', 'kms:*'], '*')],
      with: secret(SECRET),
      facts: {
        secrets: { [SECRET]: { kms: KEY } },
        keys: {
          [KEY]: {
            policy: doc({
              Effect: 'Allow',
              Principal: { AWS: `arn:aws:iam::${A}:role/admin` },
              Action: 'kms:*',
              Resource: '*',
            }),
          },
        },
      },
    },
    'secrets',
    ['kms:Decrypt'],
  ],
  [
    'a key whose policy delegates',
    {
      role: [managed, allow('secretsmanager:*', '*'), allow('kms:Decrypt', KEY)],
      with: secret(SECRET),
      facts: {
        secrets: { [SECRET]: { kms: KEY } },
        keys: {
          [KEY]: {
            policy: doc({
              Effect: 'Allow',
              Principal: { AWS: `arn:aws:iam::${A}:root` },
              Action: 'kms:*',
              Resource: '*',
            }),
          },
        },
      },
    },
    null,
    [],
  ],
  [
    'an encryption context of another secret',
    {
      role: [
        managed,
        allow('secretsmanager:*', '*'),
        allow('kms:Decrypt', KEY, { StringEquals: { 'kms:EncryptionContext:SecretARN': `${SECRET}x` } }),
      ],
      with: secret(SECRET),
      facts: { secrets: { [SECRET]: { kms: KEY } } },
    },
    'secrets',
    ['kms:Decrypt'],
  ],
  [
    'GetParameter in the singular',
    { role: [managed, allow('ssm:GetParameter', '*')], with: secret('/app/key') },
    'secrets',
    ['ssm:GetParameters'],
    PARAMETER,
  ],
  [
    'a parameter under a key of its own',
    {
      role: [managed, allow('ssm:GetParameters', '*')],
      with: secret(PARAMETER),
      facts: { parameters: { [PARAMETER]: { kms: KEY } } },
    },
    'secrets',
    ['kms:Decrypt'],
    'The ciphertext refers to a customer master key',
  ],
  [
    'a tag that fits',
    {
      role: [managed, allow('ssm:GetParameters', '*', { StringEquals: { 'ssm:resourceTag/env': 'prod' } })],
      with: secret(PARAMETER),
      facts: { parameters: { [PARAMETER]: { tags: { env: 'prod' } } } },
    },
    null,
    [],
  ],
  [
    'a tag that does not',
    {
      role: [managed, allow('ssm:GetParameters', '*', { StringEquals: { 'aws:ResourceTag/env': 'prod' } })],
      with: secret(PARAMETER),
      facts: { parameters: { [PARAMETER]: { tags: { env: 'dev' } } } },
    },
    'secrets',
    ['ssm:GetParameters'],
  ],
  [
    'a parameter that refers to a secret',
    {
      role: [managed, allow('ssm:GetParameters', '*')],
      with: secret('/aws/reference/secretsmanager/db'),
      facts: { secrets: { [SECRET]: {} } },
    },
    'secrets',
    ['secretsmanager:GetSecretValue'],
    'unable to retrieve secrets from ssm',
  ],
  [
    'an RCP on ssm governs nothing',
    {
      role: [managed, allow('ssm:GetParameters', '*')],
      with: secret(PARAMETER),
      facts: { rcps: [[doc({ Effect: 'Deny', Principal: '*', Action: 'ssm:*', Resource: '*' })]] },
    },
    null,
    [],
  ],
  [
    'a parameter on EC2',
    { ...EC2, with: secret('/app/key') },
    'secrets',
    ['ssm:GetParameters'],
    'fetching secret data from SSM Parameter Store in us-east-1: AccessDeniedException',
  ],
  // Registry credentials
  [
    'credentials that may not be read',
    { with: { image: 'x.example/y', repositoryCredentials: { credentialsParameter: SECRET } } },
    'registry-auth',
    ['secretsmanager:GetSecretValue'],
    'unable to get registry auth from asm',
  ],
  [
    'credentials by name',
    {
      role: [managed, allow('secretsmanager:*', SECRET.replace('AbCdEf', '*'))],
      with: { image: 'x.example/y', repositoryCredentials: { credentialsParameter: 'db' } },
      facts: { secrets: { [SECRET]: { json: ['username', 'password'] } } },
    },
    null,
    [],
  ],
  [
    'credentials without password',
    {
      role: [managed, allow('secretsmanager:*', '*')],
      with: { image: 'x.example/y', repositoryCredentials: { credentialsParameter: SECRET } },
      facts: { secrets: { [SECRET]: { json: ['username'] } } },
    },
    'registry-auth',
    [],
    'asm fetching password: AuthorizationData is malformed',
  ],
  // Files
  [
    'an environment file without permission',
    { with: { environmentFiles: [{ type: 's3', value: 'arn:aws:s3:::cfg/a.env' }] } },
    'env-files',
    ['s3:GetObject'],
    'failed to download env files',
  ],
  [
    'an environment file under a key',
    {
      role: [managed, allow('s3:*', '*')],
      with: { environmentFiles: [{ type: 's3', value: 'arn:aws:s3:::cfg/a.env' }] },
      facts: { objects: { 'arn:aws:s3:::cfg/a.env': { kms: KEY } } },
    },
    'env-files',
    ['kms:Decrypt'],
    'StatusCode: 403',
  ],
  [
    'a missing environment file that may be listed',
    {
      role: [managed, allow('s3:*', '*')],
      with: { environmentFiles: [{ type: 's3', value: 'arn:aws:s3:::cfg/a.env' }] },
      facts: { objects: {} },
    },
    'env-files',
    [],
    'StatusCode: 404',
  ],
  [
    'an environment file on EC2 without role',
    {
      ...ec2({ instanceRole: 'AmazonEC2ContainerServiceforEC2Role' }),
      role: null,
      with: { environmentFiles: [{ type: 's3', value: 'arn:aws:s3:::cfg/a.env' }] },
    },
    'env-files',
    [],
    'unable to find execution role credentials',
  ],
  [
    'a credential spec in Parameter Store',
    { ...EC2, with: { ...quiet, credentialSpecs: [`credentialspec:arn:aws:ssm:${HERE}:parameter/gmsa`] } },
    'credential-specs',
    ['ssm:GetParameters'],
  ],
  [
    'a credential spec elsewhere',
    { ...EC2, with: { ...quiet, credentialSpecs: ['credentialspec:file://x'] } },
    'credential-specs',
    [],
    'only s3/ssm ARNs are valid',
  ],
  // Logs
  [
    'a group to be created without permission',
    { with: log({ 'awslogs-create-group': 'true' }), facts: { logGroups: [] } },
    'log-driver',
    ['logs:CreateLogGroup'],
    `${GROUP}:log-stream:`,
  ],
  ['a group to be created that exists', { with: log({ 'awslogs-create-group': 'true' }) }, null, []],
  [
    'a policy on streams',
    { role: [token, allow('ecr:*', '*'), allow('logs:*', `${GROUP}:log-stream:ecs/*`)] },
    null,
    [],
  ],
  [
    'a policy on groups below',
    { role: [token, allow('ecr:*', '*'), allow('logs:*', `${GROUP}/*`)] },
    'log-driver',
    ['logs:CreateLogStream'],
  ],
  [
    'a policy of another region',
    { role: [token, allow('ecr:*', '*'), allow('logs:*', `${GROUP}:*`)], with: log({ 'awslogs-region': 'eu-west-1' }) },
    'log-driver',
    ['logs:CreateLogStream'],
  ],
  [
    'a group of another region',
    { with: log({ 'awslogs-region': 'eu-west-1' }) },
    'log-driver',
    [],
    'The specified log group does not exist',
  ],
  [
    'no group on EC2',
    { ...ec2({ logGroups: [] }) },
    'log-driver',
    [],
    'CannotStartContainerError: Error response from daemon: failed to initialize logging driver',
  ],
  [
    'EC2 whose agent logs with the instance role',
    { ...ec2({ awslogsExecutionRoleOverride: false, instanceRole: { policies: [] } }) },
    'log-driver',
    ['logs:CreateLogStream'],
    'ecsInstanceRole',
  ],
]

describe('a launch', () => {
  test.each(ROWS.map((row) => [row[0], row] as const))('%s', (_, [, launch, step, missing, text]) => {
    const found = start(launch)
    const failing: string | null = found.ok ? null : (found.failingStep ?? null)
    expect([failing, [...found.missingActions]]).toEqual([step, [...missing]])
    expect(found.stoppedReason ?? '').toContain(text ?? '')
  })

  test('GuardDuty without permission: the task runs and nobody watches', () => {
    const found = start({ role: [token, allow('ecr:*', REPOSITORY), allow('logs:*', '*')], facts: { guardDuty: true } })
    expect([found.ok, found.failingStep, found.missingActions]).toEqual([true, 'image-manifest', ['ecr:BatchGetImage']])
    expect(found.warnings[0]).toContain('GuardDuty')
    expect(start({ facts: { guardDuty: true } }).failingStep).toBeUndefined()
  })
})

describe('what is not known', () => {
  const bare = asTaskDefinition(
    {
      requiresCompatibilities: ['FARGATE'],
      executionRoleArn: ROLE,
      containerDefinitions: [{ ...app, secrets: [{ name: 'X', valueFrom: '/app/key' }] }],
    },
    'task',
  )
  const facts = (result: ReturnType<typeof preflight>) => result.missingFacts.join('\n')

  test('is never guessed: without role nothing is denied, and the facts that would decide are named', () => {
    const found = preflight(bare, undefined, {})
    expect(found.ok).toBe(true)
    expect(facts(found)).toContain('policies of the execution role')
    expect(facts(found)).toContain('trust policy of the execution role')
  })

  test('does not hide what is decided', () => {
    const found = preflight(bare, asRole(doc(managed), 'role'), {})
    expect([found.ok, found.failingStep, found.missingActions]).toEqual([false, 'secrets', ['ssm:GetParameters']])
  })

  test.each([
    [
      'a condition on the endpoint',
      [{ ...managed, Condition: { StringEquals: { 'aws:SourceVpc': 'vpc-1' } } }, token],
      'aws:SourceVpc',
    ],
    [
      'a condition on the organisation',
      [managed, deny('*', { StringNotEquals: { 'aws:PrincipalOrgID': 'o-1' } })],
      'aws:PrincipalOrgID',
    ],
    ['a resource of the deployment', [token, allow('ecr:*', '⟨Repository⟩'), allow('logs:*', '*')], 'Repository'],
  ])('%s leaves the call undecided', (_, statements, name) => {
    const task = asTaskDefinition(
      { requiresCompatibilities: ['FARGATE'], executionRoleArn: ROLE, containerDefinitions: [app] },
      'task',
    )
    const found = preflight(
      task,
      asRole({ roleArn: ROLE, trustPolicy: trust(), policies: [doc(...statements)] }, 'role'),
      {},
    )
    expect([found.ok, facts(found).includes(name)]).toEqual([true, true])
  })

  test('a boundary that nobody has read leaves what the policies allow undecided, and what they do not allow denied', () => {
    const boundary = 'arn:aws:iam::111122223333:policy/edge'
    const allowed = start({
      roleParts: { boundary },
      with: secret(SECRET),
      role: [managed, allow('secretsmanager:*', '*')],
    })
    expect([allowed.ok, facts(allowed).includes('permissions boundary')]).toEqual([true, true])
    const lacking = start({ roleParts: { boundary }, with: secret(SECRET) })
    expect([lacking.ok, lacking.failingStep]).toEqual([false, 'secrets'])
  })

  test('a repository policy of another account decides only when it is known', () => {
    const task = asTaskDefinition(
      {
        requiresCompatibilities: ['FARGATE'],
        executionRoleArn: ROLE,
        containerDefinitions: [{ ...app, image: '444455556666.dkr.ecr.us-east-1.amazonaws.com/x' }],
      },
      'task',
    )
    const found = preflight(task, asRole(doc(managed), 'role'), {})
    expect([
      found.ok,
      facts(found).includes('policy of the repository arn:aws:ecr:us-east-1:444455556666:repository/x'),
    ]).toEqual([true, true])
  })
})

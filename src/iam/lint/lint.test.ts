import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { parseJsonText } from '../../lib/json-text.ts'
import type { PolicyStatement } from '../policy.ts'
import { LINT_FINDINGS } from './catalog.ts'
import { lintRoleFile, type LintOptions } from './lint.ts'

async function lint(value: unknown, options: Partial<LintOptions> = {}): Promise<readonly string[]> {
  const text = parseJsonText(typeof value === 'string' ? value : JSON.stringify(value, null, 1))
  const findings = await lintRoleFile(text, { file: 'role.json', ...options })
  return findings.map(({ id, severity, place }) => `${severity} ${id} ${place?.line}:${place?.column}`)
}

const policy = (...Statement: readonly unknown[]) => ({ Version: '2012-10-17', Statement })
const allow = (Action: unknown, Resource: unknown, more: object = {}) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...more,
})

const REPOSITORY = 'arn:aws:ecr:eu-west-1:111122223333:repository/app'
const GROUP = 'arn:aws:logs:eu-west-1:111122223333:log-group:/ecs/app'
const SECRET = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:db'
const TOKEN = allow('ecr:GetAuthorizationToken', '*')
const PULL = allow(['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'], REPOSITORY)
const LOGS = allow(['logs:CreateLogStream', 'logs:PutLogEvents'], `${GROUP}:*`)
const when = (Condition: object) => allow('secretsmanager:GetSecretValue', `${SECRET}-AbCdEf`, { Condition })

/** One statement, and what is found in it: severity, id, line and column of the document printed with one space of indent. */
const STATEMENTS: readonly (readonly [string, object, readonly string[]])[] = [
  ['all is well', TOKEN, ['error incomplete-pull 6:14']],
  ['unknown service', allow('ecs-registry:Get', '*'), ['error unknown-service 6:14']],
  ['misspelt action', allow('secretsmanager:GetSecretValues', '*'), ['error unknown-action 6:14']],
  ['pattern of nothing', allow('ssm:Fetch*', '*'), ['error unknown-action 6:14']],
  ['no action at all', allow('GetSecretValue', '*'), ['error malformed-action 6:14']],
  ['wildcard in the service', allow('s*:GetObject', '*'), ['error malformed-action 6:14']],
  [
    'singular parameter',
    allow('ssm:GetParameter', 'arn:aws:ssm:eu-west-1:111122223333:parameter/a'),
    ['error ssm-get-parameter 6:14'],
  ],
  ['every action', allow('*', '*'), ['error action-star 6:14']],
  ['every action of a service', allow('secretsmanager:*', `${SECRET}-AbCdEf`), ['warning action-star 6:14']],
  ['all but', { Effect: 'Allow', NotAction: 'iam:*', Resource: '*' }, ['warning not-action-allow 6:17']],
  [
    'bucket action on objects',
    allow('s3:GetBucketLocation', 'arn:aws:s3:::conf/*'),
    ['error wrong-resource-type 6:14', 'info rarely-needed 6:14'],
  ],
  [
    'object action on a bucket',
    allow('s3:GetObject', 'arn:aws:s3:::conf'),
    ['error wrong-resource-type 6:14', 'info rarely-needed 6:14'],
  ],
  [
    'secret action on a parameter',
    allow('secretsmanager:GetSecretValue', 'arn:aws:ssm:eu-west-1:111122223333:parameter/a'),
    ['error wrong-resource-type 6:14', 'info rarely-needed 6:14'],
  ],
  [
    'token on a repository',
    allow('ecr:GetAuthorizationToken', REPOSITORY),
    ['error incomplete-pull 6:14', 'error wildcard-only-action 6:14'],
  ],
  [
    'one resource too many',
    allow('kms:Decrypt', ['arn:aws:kms:eu-west-1:111122223333:key/1', 'arn:aws:s3:::conf/a']),
    ['warning unused-resource 9:5', 'info rarely-needed 6:14'],
  ],
  ['no ARN', allow('s3:GetObject', 'conf/app.env'), ['error malformed-resource 7:16', 'info rarely-needed 6:14']],
  [
    'group without star',
    allow(['logs:CreateLogStream', 'logs:PutLogEvents'], GROUP),
    ['error log-group-without-star 10:16'],
  ],
  [
    'partial secret',
    allow('secretsmanager:GetSecretValue', SECRET),
    ['error partial-secret-arn 7:16', 'info rarely-needed 6:14'],
  ],
  ['pattern of a secret', allow('secretsmanager:GetSecretValue', `${SECRET}-??????`), ['info rarely-needed 6:14']],
  [
    'secret with key',
    allow('secretsmanager:GetSecretValue', `${SECRET}-AbCdEf:password::`),
    ['error secret-json-key-in-arn 7:16', 'info rarely-needed 6:14'],
  ],
  [
    'alias of a key',
    allow('kms:Decrypt', 'arn:aws:kms:eu-west-1:111122223333:alias/app'),
    ['error kms-alias-arn 7:16', 'info rarely-needed 6:14'],
  ],
  [
    'two slashes',
    allow('ssm:GetParameters', 'arn:aws:ssm:eu-west-1:111122223333:parameter//app/db'),
    ['error parameter-double-slash 7:16', 'info rarely-needed 6:14'],
  ],
  [
    'region of another partition',
    allow('secretsmanager:GetSecretValue', 'arn:aws:secretsmanager:cn-north-1:111122223333:secret:db-AbCdEf'),
    ['error wrong-partition 7:16', 'info rarely-needed 6:14'],
  ],
  [
    'partition that is none',
    allow('s3:GetObject', 'arn:amazon:s3:::conf/a'),
    ['error wrong-partition 7:16', 'info rarely-needed 6:14'],
  ],
  [
    'source in a permission policy',
    when({ StringEquals: { 'aws:SourceAccount': '111122223333' } }),
    ['error source-arn-in-permission-policy 10:27', 'info rarely-needed 6:14'],
  ],
  [
    'token behind an endpoint',
    { ...TOKEN, Condition: { StringEquals: { 'aws:SourceVpce': 'vpce-1' } } },
    ['error incomplete-pull 6:14', 'error token-behind-endpoint-condition 10:24'],
  ],
  [
    'misspelt global key',
    when({ StringEquals: { 'aws:SourceVPCEndpoint': 'a' } }),
    ['error unknown-condition-key 10:31', 'info rarely-needed 6:14'],
  ],
  [
    'key without prefix',
    when({ StringEquals: { SourceVpce: 'a' } }),
    ['error unknown-condition-key 10:20', 'info rarely-needed 6:14'],
  ],
  [
    'key of another service',
    when({ StringEquals: { 'kms:ViaService': 'a' } }),
    ['warning unknown-condition-key 10:24', 'info rarely-needed 6:14'],
  ],
  [
    'tag key of its own',
    when({ StringEquals: { 'secretsmanager:ResourceTag/team': 'a' } }),
    ['info rarely-needed 6:14'],
  ],
  [
    'address as text',
    when({ StringEquals: { 'aws:SourceIp': '10.0.0.0/8' } }),
    ['error condition-never-holds 10:22', 'info rarely-needed 6:14'],
  ],
  [
    'address that is none',
    when({ IpAddress: { 'aws:SourceIp': '10.0.0.0/40' } }),
    ['error condition-never-holds 10:22', 'info rarely-needed 6:14'],
  ],
  [
    'date that is none',
    when({ DateLessThan: { 'aws:CurrentTime': 'tomorrow' } }),
    ['error condition-never-holds 10:25', 'info rarely-needed 6:14'],
  ],
  [
    'wildcard taken literally',
    when({ StringEquals: { 'aws:PrincipalTag/team': 'a*' } }),
    ['warning condition-never-holds 10:31', 'info rarely-needed 6:14'],
  ],
  [
    'all values of nothing',
    when({ 'ForAllValues:StringEquals': { 'aws:CalledVia': ['a'] } }),
    ['warning for-all-values-allow 10:23', 'info rarely-needed 6:14'],
  ],
  [
    'guarded all values',
    when({ 'ForAllValues:StringEquals': { 'aws:CalledVia': ['a'] }, Null: { 'aws:CalledVia': 'false' } }),
    ['info rarely-needed 6:14'],
  ],
  [
    'any value if exists',
    when({ 'ForAnyValue:StringLikeIfExists': { 'aws:CalledVia': ['a'] } }),
    ['warning if-exists-has-no-effect 10:23', 'info rarely-needed 6:14'],
  ],
  [
    'user name of a role',
    allow('s3:GetObject', 'arn:aws:s3:::conf/${aws:username}'),
    ['warning variable-never-filled 7:16', 'info rarely-needed 6:14'],
  ],
  ['push', allow('ecr:PutImage', REPOSITORY), ['warning never-needed 6:14']],
  ['network interfaces', allow('ec2:DescribeNetworkInterfaces', '*'), ['warning never-needed 6:14']],
  ['pass role', allow('iam:PassRole', '*'), ['warning never-needed 6:14', 'warning resource-star 7:16']],
  ['permissions', allow('iam:PutRolePolicy', 'arn:aws:iam::111122223333:role/a'), ['error never-needed 6:14']],
  [
    'table',
    allow('dynamodb:GetItem', 'arn:aws:dynamodb:eu-west-1:111122223333:table/a'),
    ['warning application-permission 6:14'],
  ],
  ['exec', allow('ssmmessages:OpenDataChannel', '*'), ['warning application-permission 6:14']],
  ['read pattern', allow('secretsmanager:Get*', `${SECRET}-AbCdEf`), ['warning never-needed 6:14']],
  ['half the logs', allow('logs:PutLogEvents', `${GROUP}:*`), ['warning incomplete-logs 6:14']],
  ['star for logs', allow(['logs:CreateLogStream', 'logs:PutLogEvents'], '*'), ['warning resource-star 10:16']],
  ['create group', allow('logs:CreateLogGroup', `${GROUP}:*`), ['info rarely-needed 6:14']],
  ['principal', { ...LOGS, Principal: '*' }, ['error principal-in-permission-policy 11:17']],
  [
    'no resource',
    { Effect: 'Allow', Action: 'kms:Decrypt' },
    ['error missing-resource 4:3', 'info rarely-needed 6:14'],
  ],
  ['wrong effect', { Effect: 'allow', Action: 's3:GetObject', Resource: '*' }, ['error policy-grammar 5:14']],
  ['unknown operator', when({ StringEqual: { 'aws:SourceIp': 'a' } }), ['error policy-grammar 9:20']],
  [
    'a permission to assume roles',
    allow(['sts:AssumeRole', 'sts:GetCallerIdentity'], '*'),
    ['warning never-needed 7:5', 'warning never-needed 8:5', 'warning resource-star 10:16'],
  ],
  ['a deny is not judged', { Effect: 'Deny', Action: '*', Resource: '*' }, []],
]

describe('a permission statement', () => {
  test.each(STATEMENTS)('%s', async (_, statement, expected) => {
    const found = await lint(policy(statement))
    expect(found).toEqual([...expected])
  })
})

describe('a policy', () => {
  test('that is right has no findings', async () => {
    expect(await lint(policy(TOKEN, PULL, LOGS))).toEqual([])
  })

  test('says nothing twice', async () => {
    expect(await lint(policy(TOKEN, PULL, LOGS, { ...LOGS, Action: 'logs:PutLogEvents' }))).toEqual([
      'info redundant-statement 25:3',
    ])
  })

  test('has a version', async () => {
    const { Version: _version, ...old } = policy(
      TOKEN,
      PULL,
      allow('s3:GetObject', 'arn:aws:s3:::c/${aws:PrincipalTag/a}'),
    )
    expect(await lint(old)).toEqual(['error old-policy-version 1:1', 'info rarely-needed 18:14'])
  })

  test('names no key twice', async () => {
    expect(
      await lint(
        '{"Version": "2012-10-17",\n "Statement": {"Effect": "Deny", "Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}}',
      ),
    ).toEqual(['error duplicate-key 2:34'])
  })

  test('keeps to the quotas', async () => {
    const many = (count: number) =>
      policy(
        allow(
          's3:GetObject',
          Array.from({ length: count }, (_, index) => `arn:aws:s3:::bucket/${index}/object.env`),
        ),
      )
    expect(await lint({ Type: 'AWS::IAM::ManagedPolicy', Properties: { PolicyDocument: many(180) } })).toContain(
      'error policy-too-large 4:21',
    )
    const found = await lint({
      policies: [many(180), many(181)],
      roleArn: `arn:aws:iam::1:role/${'x'.repeat(65)}`,
      trustPolicy: TRUST,
      managedPolicyArns: Array.from({ length: 11 }, (_, index) => `arn:aws:iam::1:policy/${index}`),
    })
    expect(found.filter((line) => /large|name|many/.test(line))).toEqual([
      'error bad-role-name 1:1',
      'error policy-too-large 1:1',
      'error too-many-policies 1:1',
    ])
    expect(await lint(policy(LOGS), { roleName: 'my role' })).toEqual(['error bad-role-name 1:1'])
  })
})

const TRUST = policy({
  Effect: 'Allow',
  Principal: { Service: 'ecs-tasks.amazonaws.com' },
  Action: 'sts:AssumeRole',
  Condition: {
    StringEquals: { 'aws:SourceAccount': '111122223333' },
    ArnLike: { 'aws:SourceArn': 'arn:aws:ecs:eu-west-1:111122223333:*' },
  },
})
const trusted = (change: Partial<PolicyStatement> & object) => policy({ ...TRUST.Statement[0]!, ...change })
const source = (operator: string, arn: string) => trusted({ Condition: { [operator]: { 'aws:SourceArn': arn } } })

describe('a trust policy', () => {
  test.each([
    ['right', TRUST, []],
    ['infrastructure', trusted({ Principal: { Service: 'ecs.amazonaws.com' } }), ['error trust-wrong-principal 6:17']],
    ['instance', trusted({ Principal: { Service: ['ec2.amazonaws.com'] } }), ['error trust-wrong-principal 6:17']],
    ['China', trusted({ Principal: { Service: 'ecs-tasks.amazonaws.com.cn' } }), ['error trust-wrong-principal 6:17']],
    ['account', trusted({ Principal: { AWS: '111122223333' } }), ['error trust-wrong-principal 6:17']],
    ['one of several', trusted({ Principal: { Service: ['ec2.amazonaws.com', 'ecs-tasks.amazonaws.com'] } }), []],
    [
      'everybody',
      policy({ Effect: 'Allow', Principal: '*', Action: 'sts:AssumeRole' }),
      ['error trust-too-wide 6:17', 'error trust-wrong-principal 6:17'],
    ],
    ['wrong call', trusted({ Action: 'sts:AssumeRoleWithWebIdentity' }), ['error trust-wrong-action 9:14']],
    ['resource', trusted({ Resource: '*' }), ['error trust-has-resource 18:16']],
    ['no source', trusted({ Condition: {} }), ['warning trust-without-source 4:3']],
    [
      'one cluster',
      source('ArnLike', 'arn:aws:ecs:eu-west-1:111122223333:cluster/a'),
      ['error trust-source-never-matches 12:23'],
    ],
    [
      'equals with a star',
      source('StringEquals', 'arn:aws:ecs:eu-west-1:111122223333:*'),
      ['error trust-source-never-matches 12:23'],
    ],
    [
      'another service',
      source('ArnLike', 'arn:aws:ec2:eu-west-1:111122223333:*'),
      ['error trust-source-never-matches 12:23'],
    ],
  ] as const)('%s', async (_, document, expected) => {
    expect(await lint(document)).toEqual([...expected])
  })
})

describe('a role', () => {
  const encoded = encodeURIComponent(JSON.stringify(policy({ ...PULL, Resource: '*' }, TOKEN)))
  test.each([
    [
      'of Portreeve',
      { trustPolicy: TRUST, policies: [{ name: 'a', document: policy(TOKEN, allow('ec2:*', '*')) }] },
      ['error incomplete-pull 30:17', 'warning action-star 35:17', 'warning resource-star 36:19'],
    ],
    ['without trust', { policies: [policy(TOKEN, PULL)] }, ['warning trust-missing 1:1']],
    [
      'of get-role',
      {
        Role: {
          RoleName: 'a b',
          Arn: 'arn:aws:iam::111122223333:role/ab',
          AssumeRolePolicyDocument: trusted({ Principal: { Service: 'ec2.amazonaws.com' } }),
        },
      },
      ['error bad-role-name 2:10', 'error trust-wrong-principal 10:19'],
    ],
    ['of get-role-policy', { RoleName: 'a', PolicyName: 'p', PolicyDocument: encoded }, ['warning resource-star 4:20']],
    [
      'of get-policy-version',
      { PolicyVersion: { Document: policy(LOGS, allow('ecr:PutImage', '*')), VersionId: 'v1' } },
      ['warning never-needed 16:16', 'warning resource-star 17:18'],
    ],
    [
      'of account details',
      {
        RoleDetailList: [
          {
            RoleName: 'a',
            AssumeRolePolicyDocument: encodeURIComponent(JSON.stringify(TRUST)),
            RolePolicyList: [{ PolicyName: 'p', PolicyDocument: encoded }],
            AttachedManagedPolicies: [],
          },
        ],
      },
      ['warning resource-star 9:24'],
    ],
    [
      'in another partition',
      {
        roleArn: 'arn:aws-us-gov:iam::111122223333:role/a',
        trustPolicy: TRUST,
        managedPolicyArns: ['arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy'],
      },
      ['error wrong-partition 24:3'],
    ],
  ] as const)('%s', async (_, document, expected) => {
    expect(await lint(document)).toEqual([...expected])
  })

  test('in a CloudFormation template, with its functions', async () => {
    const arn = (name: string) => ({ 'Fn::GetAtt': [name, 'Arn'] })
    const template = {
      Resources: {
        Role: {
          Type: 'AWS::IAM::Role',
          Properties: {
            AssumeRolePolicyDocument: TRUST,
            ManagedPolicyArns: [
              { 'Fn::Sub': 'arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy' },
            ],
            Policies: [
              {
                PolicyName: 'p',
                PolicyDocument: policy(
                  allow('secretsmanager:GetSecretValue', { Ref: 'Secret' }),
                  allow('ssm:GetParameter', {
                    'Fn::Sub': 'arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/a',
                  }),
                ),
              },
            ],
          },
        },
        Policy: {
          Type: 'AWS::IAM::Policy',
          Properties: {
            PolicyDocument: policy(
              allow('ecr:BatchGetImage', arn('Repository')),
              allow('ecr:GetAuthorizationToken', {
                'Fn::Join': [':', ['arn', 'aws', 'ecr', { Ref: 'AWS::Region' }, '1', 'repository/a']],
              }),
            ),
          },
        },
        Logs: {
          Type: 'AWS::IAM::RolePolicy',
          Properties: {
            PolicyDocument: policy({
              ...LOGS,
              Resource: { 'Fn::Sub': 'arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/a' },
            }),
          },
        },
        Bucket: { Type: 'AWS::S3::Bucket' },
      },
    }
    expect(await lint(template)).toEqual([
      'error ssm-get-parameter 46:20',
      'error wildcard-only-action 75:18',
      'error log-group-without-star 108:20',
      'info rarely-needed 39:20',
    ])
  })

  test.each([
    [[], 'No role and no policy at line 1, column 1'],
    [{ a: 1 }, 'No role and no policy'],
    [{ policies: [{ name: 'p', document: '%7B' }] }, 'The document of p at line 5, column 16: Not valid JSON'],
    [{ policies: [{ name: 'p', document: '%E0%A4%A' }] }, 'its URL encoding is broken'],
  ])('%j is none', async (value, message) => {
    expect(await lint(value).catch(String)).toContain(message)
  })
})

describe('against what a task definition needs', () => {
  const need = (action: string, resource: string, grant = resource) => ({
    action,
    resource,
    grants: [grant],
    why: 'it is needed',
  })
  const needs = [
    need('ecr:GetAuthorizationToken', '*'),
    need('ecr:BatchGetImage', REPOSITORY),
    need('ecr:GetDownloadUrlForLayer', REPOSITORY),
    need('logs:CreateLogStream', `${GROUP}:log-stream:app/web/1`, `${GROUP}:*`),
    need('logs:PutLogEvents', `${GROUP}:log-stream:app/web/1`, `${GROUP}:*`),
  ]
  test.each([
    ['just enough', [TOKEN, PULL, LOGS], []],
    [
      'a log group to create',
      [TOKEN, PULL, { ...LOGS, Action: ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:CreateLogGroup'] }],
      ['warning over-grant-action 22:5'],
    ],
    [
      'every repository',
      [TOKEN, { ...PULL, Resource: 'arn:aws:ecr:eu-west-1:111122223333:repository/*' }, LOGS],
      ['info over-grant-resource 15:16'],
    ],
    [
      'star',
      [{ ...PULL, Action: ['ecr:GetAuthorizationToken', ...(PULL.Action as string[])], Resource: '*' }, LOGS],
      ['warning over-grant-resource 11:16'],
    ],
    [
      'another repository too',
      [TOKEN, { ...PULL, Resource: [REPOSITORY, `${REPOSITORY}2`] }, LOGS],
      ['warning over-grant-resource 17:5'],
    ],
    [
      'a secret that nothing reads',
      [TOKEN, PULL, LOGS, allow('secretsmanager:GetSecretValue', `${SECRET}-AbCdEf`)],
      ['warning over-grant-action 27:14'],
    ],
    [
      'a pattern',
      [TOKEN, { ...PULL, Action: ['ecr:BatchGet*', 'ecr:GetDownloadUrlForLayer'] }, LOGS],
      ['warning never-needed 12:5'],
    ],
    ['no logs', [TOKEN, PULL], ['error missing-permission 1:1', 'error missing-permission 1:1']],
    [
      'AWS’s sample',
      [TOKEN, { ...PULL, Action: [...(PULL.Action as string[]), 'ecr:BatchCheckLayerAvailability'] }, LOGS],
      ['info over-grant-action 14:5'],
    ],
  ] as const)('%s', async (_, statements, expected) => {
    expect(await lint(policy(...statements), { needs })).toEqual([...expected])
  })
})

test('every kind of finding is seen in these tests and explained in the documentation', async () => {
  const source = await Bun.file(import.meta.path).text()
  const guide = await Bun.file(join(import.meta.dir, '../../../docs/role-lint.md')).text()
  const ids = Object.keys(LINT_FINDINGS)
  expect(ids.filter((id) => !source.includes(` ${id} `))).toEqual([])
  expect(ids.filter((id) => !guide.includes(`| \`${id}\` |`))).toEqual([])
})

import { describe, expect, test } from 'bun:test'
import { type AuthorizationRequest, evaluate, type Policies } from './evaluate.ts'
import type { NamedPolicy, PolicyStatement } from './policy.ts'

const HOME = '111122223333'
const AWAY = '444455556666'
const ROLE = `arn:aws:iam::${HOME}:role/path/app`
const SESSION = `arn:aws:sts::${HOME}:assumed-role/app/session`
const OBJECT = 'arn:aws:s3:::bucket/key'

const policy = (...Statement: PolicyStatement[]): NamedPolicy => ({
  name: 'p',
  document: { Version: '2012-10-17', Statement },
})
const yes: PolicyStatement = { Effect: 'Allow', Action: '*', Resource: '*' }
const no: PolicyStatement = { Sid: 'No', Effect: 'Deny', Action: '*', Resource: '*' }
const other: PolicyStatement = { Effect: 'Allow', Action: 'sqs:*', Resource: '*' }
const to = (Principal: PolicyStatement['Principal']): PolicyStatement => ({
  ...yes,
  ...(Principal === undefined ? {} : { Principal }),
})
const toRole = to({ AWS: ROLE })

const request = (change: Partial<AuthorizationRequest> = {}): AuthorizationRequest => ({
  principal: SESSION,
  principalAccount: HOME,
  action: 's3:GetObject',
  resource: OBJECT,
  resourceAccount: HOME,
  context: { 'aws:PrincipalArn': ROLE },
  ...change,
})
const away = { resourceAccount: AWAY }

/** What is given, what comes out, and how AWS would say it. */
const CASES: readonly (readonly [string, Partial<AuthorizationRequest>, Partial<Policies>, string])[] = [
  ['nothing', {}, {}, 'because no identity-based policy allows the s3:GetObject action'],
  ['identity', {}, { identityPolicies: [policy(yes)] }, 'Allowed by identity'],
  ['identity denies', {}, { identityPolicies: [policy(yes, no)] }, 'with an explicit deny in an identity-based policy'],
  [
    'boundary lacks',
    {},
    { identityPolicies: [policy(yes)], boundary: policy(other) },
    'because no permissions boundary allows the s3:GetObject action',
  ],
  [
    'boundary denies',
    {},
    { identityPolicies: [policy(yes)], boundary: policy(yes, no) },
    'with an explicit deny in a permissions boundary',
  ],
  [
    'session policy lacks',
    {},
    { identityPolicies: [policy(yes)], sessionPolicies: [policy(other)] },
    'because no session policy allows the s3:GetObject action',
  ],
  [
    'session policy denies',
    {},
    { identityPolicies: [policy(yes)], sessionPolicies: [policy(no)] },
    'with an explicit deny in a session policy',
  ],
  [
    'endpoint lacks',
    {},
    { identityPolicies: [policy(yes)], vpcEndpointPolicy: policy({ ...other, Principal: '*' }) },
    'because no VPC endpoint policy allows the s3:GetObject action',
  ],
  [
    'endpoint denies',
    {},
    { identityPolicies: [policy(yes)], vpcEndpointPolicy: policy(to('*'), { ...no, Principal: '*' }) },
    'with an explicit deny in a VPC endpoint policy',
  ],
  [
    'every SCP level allows',
    {},
    { identityPolicies: [policy(yes)], serviceControlPolicies: [[policy(yes)], [policy(other), policy(yes)]] },
    'Allowed by identity',
  ],
  [
    'one SCP level lacks',
    {},
    { identityPolicies: [policy(yes)], serviceControlPolicies: [[policy(yes)], [policy(other)]] },
    'because no service control policy allows the s3:GetObject action',
  ],
  [
    'an SCP level is empty',
    {},
    { identityPolicies: [policy(yes)], serviceControlPolicies: [[policy(yes)], []] },
    'because no service control policy allows the s3:GetObject action',
  ],
  [
    'an SCP denies',
    {},
    { identityPolicies: [policy(yes)], serviceControlPolicies: [[policy(yes, no)]] },
    'with an explicit deny in a service control policy',
  ],
  [
    'an RCP only denies',
    {},
    {
      identityPolicies: [policy(yes)],
      resourceControlPolicies: [[policy({ ...no, Principal: '*', Action: 'sqs:*' })]],
    },
    'Allowed by identity',
  ],
  [
    'an RCP denies',
    {},
    { identityPolicies: [policy(yes)], resourceControlPolicies: [[policy({ ...no, Principal: '*' })]] },
    'with an explicit deny in a resource control policy',
  ],

  ['resource policy names the role', {}, { resourcePolicy: policy(toRole) }, 'Allowed by resource'],
  [
    'it names a role of that name and another path',
    {},
    { resourcePolicy: policy(to({ AWS: `arn:aws:iam::${HOME}:role/app` })) },
    'because no identity-based policy allows the s3:GetObject action',
  ],
  [
    'without PrincipalArn the name has to do',
    { context: {} },
    { resourcePolicy: policy(toRole) },
    'Allowed by resource',
  ],
  [
    'the boundary limits the role',
    {},
    { resourcePolicy: policy(toRole), boundary: policy(other) },
    'because no permissions boundary allows the s3:GetObject action',
  ],
  [
    'and not the session',
    {},
    { resourcePolicy: policy(to({ AWS: SESSION })), boundary: policy(other), sessionPolicies: [policy(other)] },
    'Allowed by resource',
  ],
  ['nor everybody', {}, { resourcePolicy: policy(to('*')), boundary: policy(other) }, 'Allowed by resource'],
  [
    'another session',
    {},
    { resourcePolicy: policy(to({ AWS: `${SESSION}2` })) },
    'because no identity-based policy allows the s3:GetObject action',
  ],
  [
    'the account only delegates',
    {},
    { resourcePolicy: policy(to({ AWS: HOME })) },
    'because no identity-based policy allows the s3:GetObject action',
  ],
  [
    'the account denies all the same',
    {},
    {
      identityPolicies: [policy(yes)],
      resourcePolicy: policy({ ...no, Principal: { AWS: `arn:aws:iam::${HOME}:root` } }),
    },
    'with an explicit deny in a resource-based policy',
  ],
  [
    'a wildcard in a principal is no wildcard',
    {},
    { resourcePolicy: policy(to({ AWS: `arn:aws:iam::${HOME}:role/*` })) },
    'because no identity-based policy allows the s3:GetObject action',
  ],
  [
    'everybody but the role',
    {},
    { identityPolicies: [policy(yes)], resourcePolicy: policy({ ...no, NotPrincipal: { AWS: ROLE } }) },
    'Allowed by identity',
  ],
  [
    'everybody but another',
    {},
    { identityPolicies: [policy(yes)], resourcePolicy: policy({ ...no, NotPrincipal: { AWS: `${ROLE}2` } }) },
    'with an explicit deny in a resource-based policy',
  ],
  [
    'a user',
    { principal: `arn:aws:iam::${HOME}:user/ada`, context: {} },
    { resourcePolicy: policy(to({ AWS: `arn:aws:iam::${HOME}:user/ada` })), boundary: policy(other) },
    'Allowed by resource',
  ],
  [
    'federation',
    { principal: 'cognito-identity.amazonaws.com', principalAccount: '' },
    { resourcePolicy: policy(to({ Service: 'cognito-identity.amazonaws.com' })) },
    'Allowed by resource',
  ],

  [
    'another account: identity alone',
    away,
    { identityPolicies: [policy(yes)] },
    'because no resource-based policy allows the s3:GetObject action',
  ],
  [
    'another account: resource alone',
    away,
    { resourcePolicy: policy(toRole) },
    'because no identity-based policy allows the s3:GetObject action',
  ],
  [
    'another account: both',
    away,
    { identityPolicies: [policy(yes)], resourcePolicy: policy(to({ AWS: HOME })) },
    'Allowed by identity',
  ],
  [
    'another account: boundary',
    away,
    { identityPolicies: [policy(yes)], boundary: policy(other), resourcePolicy: policy(to({ AWS: SESSION })) },
    'because no permissions boundary allows the s3:GetObject action',
  ],

  [
    'a key whose policy delegates',
    {},
    { identityPolicies: [policy(yes)], resourcePolicy: policy(to({ AWS: HOME })), resourcePolicyIsOnlyGrant: 'key' },
    'Allowed by identity',
  ],
  [
    'a key whose policy does not',
    {},
    { identityPolicies: [policy(yes)], resourcePolicy: policy(to({ AWS: AWAY })), resourcePolicyIsOnlyGrant: 'key' },
    'because no resource-based policy allows the s3:GetObject action',
  ],
  [
    'a key whose policy names the role',
    {},
    { resourcePolicy: policy(toRole), resourcePolicyIsOnlyGrant: 'key' },
    'Allowed by resource',
  ],
]

const ECS: Partial<AuthorizationRequest> = {
  principal: 'ecs-tasks.amazonaws.com',
  principalAccount: '',
  action: 'sts:AssumeRole',
  resource: ROLE,
  context: { 'aws:SourceAccount': HOME },
}
const trust = (Service: string, Condition?: PolicyStatement['Condition']): Partial<Policies> => ({
  resourcePolicy: policy({
    Effect: 'Allow',
    Principal: { Service },
    Action: 'sts:AssumeRole',
    ...(Condition ? { Condition } : {}),
  }),
  resourcePolicyIsOnlyGrant: 'trust',
})
const TRUSTS: typeof CASES = [
  ['right service', ECS, trust('ecs-tasks.amazonaws.com'), 'Allowed by resource'],
  ['wrong service', ECS, trust('ecs.amazonaws.com'), 'because no role trust policy allows the sts:AssumeRole action'],
  [
    'right source',
    ECS,
    trust('ecs-tasks.amazonaws.com', { StringEquals: { 'aws:SourceAccount': HOME } }),
    'Allowed by resource',
  ],
  [
    'wrong source',
    ECS,
    trust('ecs-tasks.amazonaws.com', { StringEquals: { 'aws:SourceAccount': AWAY } }),
    'because no role trust policy allows the sts:AssumeRole action',
  ],
  [
    'SCPs do not bind services',
    ECS,
    { ...trust('ecs-tasks.amazonaws.com'), serviceControlPolicies: [[policy(no)]] },
    'Allowed by resource',
  ],
  [
    'RCPs do',
    ECS,
    { ...trust('ecs-tasks.amazonaws.com'), resourceControlPolicies: [[policy({ ...no, Principal: '*' })]] },
    'with an explicit deny in a resource control policy',
  ],
  [
    'denied in the trust policy',
    ECS,
    { resourcePolicy: policy({ ...no, Principal: '*' }), resourcePolicyIsOnlyGrant: 'trust' },
    'with an explicit deny in a role trust policy',
  ],
  [
    'the account is trusted, a role of it lacks the action',
    { action: 'sts:AssumeRole', resource: ROLE },
    {
      resourcePolicy: policy({ Effect: 'Allow', Principal: { AWS: HOME }, Action: 'sts:AssumeRole' }),
      resourcePolicyIsOnlyGrant: 'trust',
    },
    'because no identity-based policy allows the sts:AssumeRole action',
  ],
]

describe('a request', () => {
  test.each([...CASES, ...TRUSTS])('%s', (_, change, policies, expected) => {
    const { decision, decidedBy, denialTail } = evaluate(request(change), { identityPolicies: [], ...policies })
    expect(decision === 'Allowed' ? `Allowed by ${decidedBy?.layer}` : denialTail).toBe(expected)
  })
})

describe('a statement', () => {
  const statement = (part: Partial<PolicyStatement>): PolicyStatement => ({ Effect: 'Allow', ...part })
  test.each([
    ['actions in any case', statement({ Action: 'S3:getobject', Resource: '*' }), true],
    ['a question mark', statement({ Action: 's3:Get?bject', Resource: '*' }), true],
    ['not the action', statement({ NotAction: ['s3:Put*', 's3:GetObject'], Resource: '*' }), false],
    ['another action', statement({ NotAction: 's3:Put*', Resource: '*' }), true],
    ['a resource with another case', statement({ Action: '*', Resource: 'arn:aws:s3:::Bucket/key' }), false],
    ['a wildcard over colons and slashes', statement({ Action: '*', Resource: 'arn:aws:s*key' }), true],
    ['not the resource', statement({ Action: '*', NotResource: 'arn:aws:s3:::bucket/*' }), false],
    ['another resource', statement({ Action: '*', NotResource: 'arn:aws:s3:::other/*' }), true],
    ['a variable', statement({ Action: '*', Resource: 'arn:aws:s3:::${aws:PrincipalTag/bucket}/key' }), true],
    [
      'a variable in another case',
      statement({ Action: '*', Resource: 'arn:aws:s3:::${AWS:principaltag/Bucket}/key' }),
      true,
    ],
    ['a default', statement({ Action: '*', Resource: "arn:aws:s3:::${aws:PrincipalTag/none, 'bucket'}/key" }), true],
    ['no value', statement({ Action: '*', Resource: 'arn:aws:s3:::${aws:PrincipalTag/none}*' }), false],
    [
      'no value among others',
      statement({ Action: '*', Resource: ['arn:aws:s3:::${aws:PrincipalTag/none}*', OBJECT] }),
      true,
    ],
    [
      'all but a variable without value',
      statement({ Action: '*', NotResource: 'arn:aws:s3:::${aws:PrincipalTag/none}/*' }),
      false,
    ],
    [
      'the same of another service',
      statement({ Action: '*', NotResource: 'arn:aws:sqs:::${aws:PrincipalTag/none}/*' }),
      true,
    ],
    ['an escaped star', statement({ Action: '*', Resource: 'arn:aws:s3:::${*}' }), false],
    ['what is no ARN', statement({ Action: '*', Resource: '*key' }), false],
    ['all but what is no ARN', statement({ Action: '*', NotResource: '*/other' }), false],
    [
      'conditions all hold',
      statement({
        Action: '*',
        Resource: '*',
        Condition: { Bool: { 'aws:SecureTransport': true }, Null: { 'aws:TokenIssueTime': 'true' } },
      }),
      true,
    ],
    [
      'one does not',
      statement({
        Action: '*',
        Resource: '*',
        Condition: { Bool: { 'aws:SecureTransport': true }, Null: { 'aws:TokenIssueTime': 'false' } },
      }),
      false,
    ],
    [
      'two keys of one operator',
      statement({
        Action: '*',
        Resource: '*',
        Condition: { StringEquals: { 'aws:SecureTransport': 'true', 'aws:PrincipalTag/bucket': 'other' } },
      }),
      false,
    ],
  ] as const)('with %s', (_, part, expected) => {
    const context = { 'aws:PrincipalTag/bucket': 'bucket', 'aws:SecureTransport': 'true' }
    const { decision } = evaluate(request({ context }), { identityPolicies: [policy(part)] })
    expect(decision === 'Allowed').toBe(expected)
  })

  test('of 2008 knows no variables', () => {
    const document = {
      Version: '2008-10-17',
      Statement: statement({ Action: '*', Resource: 'arn:aws:s3:::${aws:PrincipalTag/bucket}/key' }),
    }
    const { decision } = evaluate(request({ context: { 'aws:PrincipalTag/bucket': 'bucket' } }), {
      identityPolicies: [{ name: 'p', document }],
    })
    expect(decision).toBe('ImplicitlyDenied')
  })

  test('a value from the request is never a pattern', () => {
    const document = policy(statement({ Action: '*', Resource: 'arn:aws:s3:::${aws:PrincipalTag/bucket}/key' }))
    const { decision } = evaluate(request({ context: { 'aws:PrincipalTag/bucket': '*' } }), {
      identityPolicies: [document],
    })
    expect(decision).toBe('ImplicitlyDenied')
  })
})

test('every layer that lacks an allow is named', () => {
  const { missingIn } = evaluate(request(away), {
    identityPolicies: [],
    boundary: policy(other),
    serviceControlPolicies: [[policy(other)]],
    resourcePolicy: policy(other),
  })
  expect(missingIn).toEqual(['scp', 'identity', 'boundary', 'resource'])
})

import { describe, expect, test } from 'bun:test'
import { asFacts, unknownFacts } from './read-facts.ts'
import { asRole } from './role.ts'

const document = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }] }

const FACTS = {
  incomplete: true,
  launchType: 'fargate',
  region: 'eu-west-1',
  accountId: '111122223333',
  logGroups: ['/a', { logGroupName: '/b' }, { arn: 'arn:aws:logs:eu-west-1:111122223333:log-group:/c' }],
  network: { reachable: 'endpoints', missing: ['com.amazonaws.eu-west-1.ecr.api', 'api.ecr'], nat: true },
  secrets: {
    a: { kms: 'k', json: { user: 'never read' }, stages: 'AWSCURRENT', policy: null, tags: { n: 1 } },
    b: null,
  },
  parameters: { p: { kms: 'aws/ssm', tags: { env: 'prod' } } },
  objects: { o: {} },
  keys: { k: { aliases: ['alias/x'], policy: document } },
  repositories: { r: { policy: document }, gone: null },
  images: { i: 'latest' },
  pullThroughCache: [{ prefix: 'hub', firstPull: false }, 'quay'],
  scps: [[document]],
  rcps: [{ name: 'one', document }],
  vpcEndpointPolicies: { 'com.amazonaws.eu-west-1.s3': document },
  requestContext: { 'aws:PrincipalOrgID': 'o-1' },
  caller: { arn: 'arn:aws:iam::111122223333:user/ci', policies: [document] },
  taskRole: {
    policies: [document],
    managedPolicyArns: ['arn:aws:iam::111122223333:policy/own'],
    boundary: 'arn:aws:iam::111122223333:policy/edge',
  },
  instanceRole: 'AmazonEC2ContainerServiceforEC2Role',
  guardDuty: { enabled: true },
}

describe('facts', () => {
  const read = asFacts(FACTS, 'facts')

  test('are read in the forms that people write', () => {
    expect(read).toMatchSnapshot()
  })

  test('written out and read again stay the same', () => {
    expect(asFacts(JSON.parse(JSON.stringify(read)), 'facts')).toEqual(read)
    expect(unknownFacts(JSON.parse(JSON.stringify(read)))).toEqual([])
  })

  test('never hold the values of a secret', () => {
    expect(JSON.stringify(read)).not.toContain('never read')
  })
})

describe('a role', () => {
  test('written out and read again stays the same', () => {
    const arn = 'arn:aws:iam::111122223333:policy/own'
    const role = asRole(
      {
        Arn: 'arn:aws:iam::111122223333:role/r',
        AttachedManagedPolicies: [{ PolicyArn: arn }, { PolicyArn: `${arn}2` }],
        policies: [{ name: arn, document }],
        PermissionsBoundary: { PermissionsBoundaryArn: arn },
      },
      'role',
    )
    expect([role.unreadPolicies, role.boundaryUnread, role.policies.length]).toEqual([[`${arn}2`], true, 1])
    expect(asRole(JSON.parse(JSON.stringify(role)), 'role')).toEqual(role)
  })
})

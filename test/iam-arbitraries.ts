import { array, boolean, constantFrom, option, record, type Arbitrary, dictionary, tuple } from 'fast-check'
import type { AuthorizationRequest } from '../src/iam/evaluate.ts'
import type { PolicyDocument, PolicyStatement } from '../src/iam/policy.ts'

// Arbitrary policies and requests over a small world, so that statements often match and often cover each other.

const ROLE = 'arn:aws:iam::111122223333:role/app'
const actions = constantFrom(
  's3:GetObject',
  's3:Get*',
  's3:*',
  '*',
  'S3:getobject',
  's3:PutObject',
  's3:P?tObject',
  'ecr:Get*',
)
const resources = constantFrom(
  '*',
  'arn:aws:s3:::a/*',
  'arn:aws:s3:::a/b',
  'arn:aws:s3:::a/?',
  'arn:aws:s3:::*',
  'arn:*:s3:::*/b',
  'arn:aws:s3:::${aws:PrincipalTag/team}/b',
  "arn:aws:s3:::${aws:PrincipalTag/team, 'a'}/b",
  '*/*',
  '?',
  'arn:aws:ecr:eu-west-1:111122223333:repository/x',
)
const texts = (one: Arbitrary<string>) => array(one, { minLength: 1, maxLength: 3 })
const condition = dictionary(
  constantFrom(
    'StringEquals',
    'StringNotLike',
    'StringLikeIfExists',
    'ForAllValues:StringEquals',
    'ForAnyValue:StringLike',
    'Null',
  ),
  dictionary(
    constantFrom('aws:PrincipalTag/team', 'aws:TagKeys', 'AWS:TagKeys'),
    texts(constantFrom('a', 'b', '*', 'true', 'false')),
    {
      minKeys: 1,
      maxKeys: 2,
    },
  ),
  { maxKeys: 2 },
)

const principal = constantFrom('*' as const, { AWS: '111122223333' }, { AWS: ROLE }, { AWS: ['444455556666', '*'] })

const statement = (withPrincipal: boolean): Arbitrary<PolicyStatement> =>
  tuple(
    record({
      Effect: constantFrom('Allow' as const, 'Deny' as const),
      actions: texts(actions),
      notActions: boolean(),
      resources: texts(resources),
      notResources: boolean(),
    }),
    option(condition, { nil: undefined, freq: 2 }),
    principal,
  ).map(([base, Condition, Principal]) => ({
    Effect: base.Effect,
    ...(base.notActions && base.actions.length > 1 ? { NotAction: base.actions } : { Action: base.actions }),
    ...(base.notResources && base.resources.length > 1
      ? { NotResource: base.resources }
      : { Resource: base.resources }),
    ...(Condition ? { Condition } : {}),
    ...(withPrincipal ? { Principal } : {}),
  }))

export const anyPolicy = (withPrincipal = false): Arbitrary<PolicyDocument> =>
  record({
    Version: constantFrom('2012-10-17', '2012-10-17', '2008-10-17'),
    Statement: array(statement(withPrincipal), { minLength: 1, maxLength: 5 }),
  })

export const anyRequest: Arbitrary<AuthorizationRequest> = record({
  principal: constantFrom('arn:aws:sts::111122223333:assumed-role/app/s', ROLE),
  principalAccount: constantFrom('111122223333'),
  action: constantFrom('s3:GetObject', 's3:PutObject', 'ecr:GetAuthorizationToken'),
  resource: constantFrom('arn:aws:s3:::a/b', 'arn:aws:s3:::a/c', 'arn:aws:s3:::b/b', 'arn:aws:s3:::a', '*'),
  resourceAccount: constantFrom('111122223333', '444455556666'),
  context: dictionary(constantFrom('aws:PrincipalTag/team'), constantFrom('a', 'b'), { maxKeys: 1 }).chain((single) =>
    option(array(constantFrom('a', 'b', 'c'), { maxLength: 3 }), { nil: undefined }).map((many) => ({
      ...single,
      ...(many ? { 'aws:TagKeys': many } : {}),
    })),
  ),
})

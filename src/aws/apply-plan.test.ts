import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { FakeIam } from '../../test/fake-iam.ts'
import type { PolicyDocument } from '../iam/policy.ts'
import { applyPlan, type ApplyOptions } from './apply-plan.ts'
import { openAws } from './clients.ts'
import { readLiveRole } from './live-role.ts'
import { type DesiredRole, planDestroy, planRole } from './role-plan.ts'
import { renderPlan } from './render-plan.ts'

const TRUST: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' }],
}
const allow = (Action: string | string[], Resource: string | string[] = '*'): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action, Resource }],
})
const MANAGED = 'arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy'
const desired = (change: Partial<DesiredRole> = {}): DesiredRole => ({
  roleName: 'app',
  path: '/',
  description: 'Starts the tasks of app',
  trustPolicy: TRUST,
  policies: [{ name: 'pull', document: allow('ecr:GetAuthorizationToken') }],
  managedPolicyArns: [],
  boundaryArn: undefined,
  tags: { team: 'blue' },
  ...change,
})

let iam: FakeIam
let slept: number
let options: ApplyOptions
beforeEach(() => {
  iam = new FakeIam()
  slept = 0
  options = { clock: { now: () => slept, sleep: async (ms) => void (slept += ms) } }
})
afterEach(() => iam.close())

const aws = () =>
  openAws({ endpoint: iam.endpoint, region: 'eu-west-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } })

async function planFor(role: DesiredRole) {
  const { role: live } = await readLiveRole(aws(), role.roleName)
  return planRole(role, live, new Map())
}

async function apply(role: DesiredRole) {
  const plan = await planFor(role)
  return { plan, applied: await applyPlan(aws(), plan, options) }
}

const kinds = (steps: readonly { readonly kind: string }[]) => steps.map(({ kind }) => kind)
const stateOf = () =>
  JSON.stringify(
    [...iam.roles].map(([name, role]) => [
      name,
      {
        ...role,
        inline: [...role.inline],
        attached: [...role.attached],
        tags: [...role.tags].toSorted(([one], [other]) => (one < other ? -1 : 1)),
      },
    ]),
  )

describe('apply', () => {
  test('creates a role with its policies and its record, and finds nothing to do the second time', async () => {
    const { plan, applied } = await apply(desired({ managedPolicyArns: [MANAGED] }))
    expect(kinds(plan.steps)).toEqual(['create-role', 'put-policy', 'attach-policy'])
    expect(applied).toMatchObject({ ok: true, visible: true, rollback: 'not needed' })
    const role = iam.roles.get('app')
    expect(Object.fromEntries(role?.tags ?? [])).toEqual({
      team: 'blue',
      'portreeve:managed': 'true',
      'portreeve:policies-1': `${MANAGED} pull`,
    })
    expect(slept).toBeGreaterThanOrEqual(10_000)
    const before = iam.writes.length
    const again = await apply(desired({ managedPolicyArns: [MANAGED] }))
    expect(again.plan.steps).toEqual([])
    expect(again.applied.ok).toBe(true)
    expect(iam.writes.length).toBe(before)
  })

  test('changes only what differs, and leaves to others what is theirs', async () => {
    await apply(
      desired({
        policies: [
          { name: 'pull', document: allow(['ecr:BatchGetImage', 'ecr:GetAuthorizationToken']) },
          { name: 'old', document: allow('logs:PutLogEvents') },
        ],
      }),
    )
    iam.roles.get('app')?.inline.set('theirs', JSON.stringify(allow('s3:GetObject')))
    const plan = await planFor(desired())
    expect(kinds(plan.steps)).toEqual(['put-policy', 'delete-policy', 'tag-role'])
    expect(plan.widens).toEqual([])
    expect(plan.foreign).toEqual(['inline policy theirs'])
    expect(renderPlan(plan)).toMatchSnapshot()
    await applyPlan(aws(), plan, options)
    expect([...(iam.roles.get('app')?.inline.keys() ?? [])]).toEqual(['pull', 'theirs'])
    expect(iam.roles.get('app')?.tags.get('portreeve:policies-1')).toBe('pull')
  })

  test('says in words what widens', async () => {
    iam.managed.set(MANAGED, JSON.stringify(allow('ecr:GetAuthorizationToken')))
    await apply(desired({ boundaryArn: 'arn:aws:iam::111122223333:policy/limit' }))
    const wide = desired({
      policies: [{ name: 'pull', document: allow(['ecr:*', 'ecr:GetAuthorizationToken']) }],
      trustPolicy: { ...TRUST, Statement: { Effect: 'Allow', Principal: '*', Action: 'sts:AssumeRole' } },
      managedPolicyArns: [MANAGED],
      boundaryArn: null,
    })
    expect((await planFor(wide)).widens).toEqual([
      'the trust policy allows sts:AssumeRole for "*"',
      'the permissions boundary arn:aws:iam::111122223333:policy/limit goes',
      `the managed policy ${MANAGED}, which nobody could read, is attached`,
      'allows ecr:* on *',
    ])
  })

  test('keeps its hands off a role that is not its own', async () => {
    await apply(desired())
    iam.roles.get('app')?.tags.delete('portreeve:managed')
    const plan = await planFor(desired({ policies: [] }))
    expect(plan.refusal).toContain('aws iam tag-role --role-name app')
    const writes = iam.writes.length
    expect(await applyPlan(aws(), plan, options).catch(String)).toContain("is not Portreeve's")
    expect(iam.writes.length).toBe(writes)
  })
})

describe('faults', () => {
  test('throttling is waited out', async () => {
    iam.faults.push({ action: 'PutRolePolicy', code: 'Throttling', times: 2 })
    expect((await apply(desired())).applied.ok).toBe(true)
    expect(iam.calls.filter((action) => action === 'PutRolePolicy').length).toBe(3)
  })

  test('a role that is not seen yet is waited for', async () => {
    iam.lag = 5
    const { applied } = await apply(desired({ managedPolicyArns: [MANAGED] }))
    expect(applied).toMatchObject({ ok: true, visible: true })
    expect([...(iam.roles.get('app')?.inline.keys() ?? [])]).toEqual(['pull'])
  })

  test('a state that never shows is told, not taken for done', async () => {
    await apply(desired())
    iam.lag = 1_000_000
    const { applied } = await apply(desired({ policies: [] }))
    expect(applied).toMatchObject({ ok: true, visible: false })
  })

  test('a denied step is named with its permission, and everything before it is undone', async () => {
    const message =
      'User: arn:aws:iam::111122223333:user/ada is not authorized to perform: iam:AttachRolePolicy on resource: role app because no identity-based policy allows the iam:AttachRolePolicy action'
    iam.faults.push({ action: 'AttachRolePolicy', code: 'AccessDenied', message, times: 1 })
    const { applied } = await apply(desired({ managedPolicyArns: [MANAGED] }))
    expect(applied).toMatchObject({
      ok: false,
      rollback: 'complete',
      missing: [{ action: 'iam:AttachRolePolicy' }],
      failure: { message },
    })
    expect(iam.roles.size).toBe(0)
  })

  test('a change that breaks half-way leaves the role as it was', async () => {
    await apply(
      desired({
        policies: [
          { name: 'pull', document: allow('ecr:*') },
          { name: 'old', document: allow('s3:GetObject') },
        ],
      }),
    )
    const before = stateOf()
    iam.faults.push({ action: 'DeleteRolePolicy', code: 'UnmodifiableEntity', status: 400, times: 1 })
    const { applied } = await apply(
      desired({
        policies: [
          { name: 'pull', document: allow('ecr:GetAuthorizationToken') },
          { name: 'new', document: allow('ssm:GetParameters') },
        ],
        trustPolicy: { ...TRUST, Version: '2008-10-17' },
        tags: { team: 'red', more: 'yes' },
        boundaryArn: 'arn:aws:iam::111122223333:policy/limit',
      }),
    )
    expect(applied).toMatchObject({ ok: false, rollback: 'complete' })
    expect(applied.failure?.message).toContain('UnmodifiableEntity')
    expect(stateOf()).toBe(before)
  })

  test('what cannot be undone is told', async () => {
    iam.faults.push(
      { action: 'PutRolePolicy', code: 'MalformedPolicyDocument', status: 400, times: 1 },
      { action: 'DeleteRole', code: 'AccessDenied', times: 99 },
    )
    const { applied } = await apply(desired())
    expect(applied.rollback).toEqual({ left: ['delete role (role app): AccessDenied on request'] })
  })

  test('a run that was cut off is finished by the next one', async () => {
    iam.faults.push(
      { action: 'PutRolePolicy', code: 'InternalFailure', status: 400, times: 1 },
      { action: 'DeleteRole', code: 'AccessDenied', times: 1 },
    )
    await apply(desired())
    expect(iam.roles.get('app')?.inline.size).toBe(0)
    const { plan, applied } = await apply(desired())
    expect(kinds(plan.steps)).toEqual(['put-policy'])
    expect(applied.ok).toBe(true)
  })
})

describe('destroy', () => {
  const destroy = async () => {
    const { role } = await readLiveRole(aws(), 'app')
    if (!role) throw new Error('there is no role')
    const plan = planDestroy(role)
    return { plan, applied: plan.refusal === undefined ? await applyPlan(aws(), plan, options) : undefined }
  }

  test('takes away the role and what is on it', async () => {
    await apply(desired({ managedPolicyArns: [MANAGED] }))
    const { plan, applied } = await destroy()
    expect(kinds(plan.steps)).toEqual(['delete-policy', 'detach-policy', 'delete-role'])
    expect(applied?.ok).toBe(true)
    expect(iam.roles.size).toBe(0)
  })

  test('refuses while somebody else has a policy on it', async () => {
    await apply(desired())
    iam.roles.get('app')?.inline.set('theirs', JSON.stringify(allow('s3:GetObject')))
    expect((await destroy()).plan.refusal).toContain('inline policy theirs')
    expect(iam.roles.size).toBe(1)
  })

  test('puts the policies back when the role cannot go', async () => {
    await apply(desired({ managedPolicyArns: [MANAGED] }))
    const before = stateOf()
    iam.faults.push({ action: 'DeleteRole', code: 'DeleteConflict', status: 409, times: 1 })
    expect((await destroy()).applied).toMatchObject({ ok: false, rollback: 'complete' })
    expect(stateOf()).toBe(before)
  })
})

test('without permission to read, the missing permissions are named', async () => {
  await apply(desired({ managedPolicyArns: [MANAGED] }))
  iam.faults.push(
    { action: 'ListRolePolicies', code: 'AccessDenied', times: 1 },
    { action: 'GetPolicy', code: 'AccessDenied', times: 1 },
  )
  const { role, missing } = await readLiveRole(aws(), 'app')
  expect(role?.roleName).toBe('app')
  expect(missing.map(({ action }) => action)).toEqual(['iam:ListRolePolicies', 'iam:GetPolicy'])
})

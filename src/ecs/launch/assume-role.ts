import { parseArn } from '../../iam/arn.ts'
import { evaluate } from '../../iam/evaluate.ts'
import type { PolicyDocument } from '../../iam/policy.ts'
import { assume, unknownsIn } from '../assume.ts'
import type { RoleFacts } from '../facts.ts'
import { hasUnknown, unknownPart } from '../need.ts'
import { TASK_ID } from '../needs/logs.ts'
import type { StepBuilder } from './step.ts'

export const TASKS_PRINCIPAL = 'ecs-tasks.amazonaws.com'

/** Whether ECS can assume the execution role, and the task role where there is one: the trust policy is the only grant. */
export function assumeRole(step: StepBuilder): void {
  const { executionRoleArn, taskRoleArn, role, facts } = step.launch
  if (executionRoleArn?.startsWith('arn:')) assumeOne(step, executionRoleArn, role, 'execution role')
  if (taskRoleArn?.startsWith('arn:') && facts.taskRole?.trustPolicy)
    assumeOne(step, taskRoleArn, facts.taskRole, 'task role')
}

function assumeOne(step: StepBuilder, roleArn: string, role: RoleFacts | undefined, name: string): void {
  step.acts()
  const { setting, facts } = step.launch
  const values = { role: roleArn }
  if (role?.exists === false) {
    const change = { target: 'resource', about: `create the ${name} ${roleArn}`, resource: roleArn } as const
    step.fail('assume-role-refused', { values, missingActions: ['sts:AssumeRole'], cause: 'existence', change })
    return
  }
  if (!role?.trustPolicy) {
    step.unknown(`trust policy of the ${name}`)
    return
  }
  const sourceArn = `arn:${setting.partition}:ecs:${setting.region}:${setting.account}:task/${unknownPart('cluster')}/${TASK_ID}`
  const account = hasUnknown(setting.account) ? undefined : setting.account
  const place =
    account === undefined || hasUnknown(setting.region)
      ? undefined
      : sourceArn.replace(unknownPart('cluster'), 'cluster')
  const request = {
    principal: TASKS_PRINCIPAL,
    principalAccount: '',
    action: 'sts:AssumeRole',
    resource: roleArn,
    resourceAccount: parseArn(roleArn)?.account ?? setting.account,
    context: {
      'aws:PrincipalServiceName': TASKS_PRINCIPAL,
      'aws:PrincipalIsAWSService': 'true',
      'aws:PrincipalType': 'Service',
      'aws:SecureTransport': 'true',
      'aws:ViaAWSService': 'false',
      'aws:RequestedRegion': setting.region,
      'aws:ResourceAccount': parseArn(roleArn)?.account ?? setting.account,
      ...(account === undefined ? {} : { 'aws:SourceAccount': account }),
      ...(place === undefined ? {} : { 'aws:SourceArn': place }),
      ...pick(facts.requestContext, ['aws:SourceOrgID', 'aws:SourceOrgPaths']),
    },
  }
  const known = new Set(Object.keys(request.context).map((key) => key.toLowerCase()))
  const open = /^aws:(sourceaccount|sourcearn|sourceorgid|sourceorgpaths|currenttime)$/
  const unknowns = { resource: roleArn, isUnknownKey: (key: string) => !known.has(key) && open.test(key) }
  const trust = { name: `trust policy of ${roleArn}`, document: role.trustPolicy }
  const decideIn = (mode: 'worst' | 'best') =>
    evaluate(request, {
      identityPolicies: [],
      resourcePolicy: assume(trust, unknowns, mode),
      resourcePolicyIsOnlyGrant: 'trust',
      resourceControlPolicies: facts.resourceControlPolicies?.map((level) =>
        level.map((policy) => assume(policy, unknowns, mode)),
      ),
    })
  const worst = decideIn('worst')
  if (worst.decision === 'Allowed') return
  const best = decideIn('best')
  if (best.decision === 'Allowed') {
    for (const fact of unknownsIn(trust, unknowns)) step.unknown(fact)
    return
  }
  const change =
    best.decidedBy?.layer === 'rcp'
      ? ({
          target: 'resource-control-policy',
          about: `statement ${best.decidedBy.statement + 1} of ${best.decidedBy.policy} denies sts:AssumeRole: remove or narrow it`,
        } as const)
      : ({
          target: 'trust-policy',
          about: trustProblem(role.trustPolicy, name),
          resource: roleArn,
          statement: trustStatement(setting),
        } as const)
  step.fail('assume-role-refused', { values, missingActions: ['sts:AssumeRole'], change })
}

function pick(context: Readonly<Record<string, string | readonly string[]>> | undefined, names: readonly string[]) {
  return Object.fromEntries(Object.entries(context ?? {}).filter(([key]) => names.includes(key)))
}

/** The trust statement with the conditions that keep ECS of other accounts out. Not narrower than the region: ECS supports no cluster there. */
export function trustStatement(setting: { partition: string; region: string; account: string }) {
  return {
    Sid: 'EcsTasksOfThisAccount',
    Effect: 'Allow',
    Principal: { Service: TASKS_PRINCIPAL },
    Action: 'sts:AssumeRole',
    Condition: {
      StringEquals: { 'aws:SourceAccount': setting.account },
      ArnLike: { 'aws:SourceArn': `arn:${setting.partition}:ecs:${setting.region}:${setting.account}:*` },
    },
  } as const
}

function trustProblem(trust: PolicyDocument, name: string): string {
  const text = JSON.stringify(trust)
  if (!text.includes(TASKS_PRINCIPAL) && !text.includes('"*"'))
    return `let the ${name} trust the service ${TASKS_PRINCIPAL}`
  if (/"aws:sourcearn"/i.test(text) && text.includes(':cluster/')) {
    return `aws:SourceArn cannot name a cluster: use arn:aws:ecs:REGION:ACCOUNT:* in the trust policy of the ${name}`
  }
  return `the trust policy of the ${name} names ${TASKS_PRINCIPAL} but its conditions or denials keep this launch out`
}

import type { Need } from '../need.ts'
import { verdictOn } from './launch.ts'
import type { StepBuilder } from './step.ts'

const STARTERS = ['ecs:RunTask', 'ecs:CreateService', 'ecs:UpdateService', 'ecs:StartTask']

/** Whether the caller may hand the roles to ECS and start the task. Nothing is said when nobody knows the caller. */
export function passRole(step: StepBuilder): void {
  const { facts, setting, executionRoleArn, taskRoleArn, task } = step.launch
  const roles = [executionRoleArn, taskRoleArn].filter((arn) => arn?.startsWith('arn:'))
  if (!facts.caller) {
    if (roles.length > 0) step.unknown('caller: the policies of whoever registers and runs the task (iam:PassRole)')
    return
  }
  const base = {
    step: 'pass-role',
    actor: 'caller',
    account: setting.account,
    region: setting.region,
    containers: [],
    certainty: 'documented',
  } as const
  for (const role of roles) {
    if (role === undefined) continue
    const context = {
      'iam:PassedToService': 'ecs-tasks.amazonaws.com',
      'iam:AssociatedResourceArn': `arn:${setting.partition}:ecs:${setting.region}:${setting.account}:task-definition/${task.family ?? 'family'}:*`,
    }
    const need: Need = {
      ...base,
      feature: 'pass-role',
      action: 'iam:PassRole',
      resource: role,
      grants: [role],
      endpoint: 'iam',
      why: 'hand the role to ECS',
      context,
      condition: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
    }
    const verdict = step.call(need)
    if (verdict.outcome === 'denied') step.failDenied('pass-role-denied', need, verdict)
  }
  const resource = `arn:${setting.partition}:ecs:${setting.region}:${setting.account}:task-definition/${task.family ?? 'family'}:1`
  const needs = STARTERS.map((action): Need => ({
    ...base,
    feature: 'run-task',
    action,
    resource,
    grants: [resource.replace(/:1$/, ':*')],
    endpoint: 'ecs',
    why: 'start the task',
  }))
  // A service is authorised by its own ARN: any way of starting that the caller has is enough.
  const verdicts = needs.map((need) => [need, verdictOn(forService(need), step.launch)] as const)
  const [first] = verdicts
  const best =
    verdicts.find(([, verdict]) => verdict.outcome === 'allowed') ??
    verdicts.find(([, verdict]) => verdict.outcome === 'unknown') ??
    first
  if (!best) return
  step.note(...best)
  if (best[1].outcome === 'denied') step.failDenied('pass-role-denied', ...best)
}

function forService(need: Need): Need {
  if (!need.action.endsWith('Service')) return need
  return { ...need, resource: need.resource.replace(/task-definition\/.*$/, 'service/⟨cluster⟩/⟨service⟩') }
}

import { applyPlan, type Applied, stepName } from '../aws/apply-plan.ts'
import { type MissingPermission, systemClock } from '../aws/attempt.ts'
import type { Aws } from '../aws/clients.ts'
import { desiredFromDerived, desiredFromFile, managedDocuments } from '../aws/desired-role.ts'
import { collectFacts, type CollectOptions } from '../aws/facts/collect.ts'
import { readLiveRole } from '../aws/live-role.ts'
import { registerTask, registrationOf } from '../aws/register-task.ts'
import { renderPlan } from '../aws/render-plan.ts'
import { type DesiredRole, planDestroy, planRole, type RolePlan } from '../aws/role-plan.ts'
import { deriveRole } from '../ecs/derive.ts'
import type { Facts } from '../ecs/facts.ts'
import { preflight } from '../ecs/preflight.ts'
import { preflightText } from '../ecs/report.ts'
import { asTaskDefinition } from '../ecs/task-definition.ts'
import { AppError } from '../errors.ts'
import { parseArn } from '../iam/arn.ts'
import { awsFrom, missingText, tagsFromOptions } from './aws-options.ts'
import type { Input } from './command.ts'
import { asUsage, readUserJson } from './files.ts'
import type { Io } from './io.ts'
import { readFacts, readTaskDefinition, shownName } from './role-input.ts'

type Planned = { readonly plan: RolePlan | undefined; readonly missing: readonly MissingPermission[] }

export async function runPlan(input: Input, io: Io): Promise<number> {
  const aws = awsFrom(input)
  const { plan, missing } = await planned(aws, await desiredRole(aws, input, io))
  if (input.json) io.out(`${JSON.stringify({ ...plan, missingPermissions: missing })}\n`)
  else {
    if (plan) io.out(renderPlan(plan))
    io.err(missingText(missing))
  }
  return !plan || plan.refusal !== undefined ? 1 : 0
}

export async function runApply(input: Input, io: Io): Promise<number> {
  const aws = awsFrom(input)
  const { plan, missing } = await planned(aws, await desiredRole(aws, input, io))
  if (!plan) return unseen(input, io, missing)
  if (!input.json) io.out(renderPlan(plan))
  if (plan.refusal !== undefined) throw new AppError('forbidden', plan.refusal)
  if (plan.widens.length > 0 && !input.flag('allow-widening')) {
    throw new AppError(
      'forbidden',
      `The role would allow more than it does today: nothing was changed. Give --allow-widening if that is meant.`,
      {
        findings: plan.widens.map((message) => ({ place: plan.roleName, message })),
      },
    )
  }
  return carryOut(aws, plan, input, io)
}

export async function runDestroy(input: Input, io: Io): Promise<number> {
  const aws = awsFrom(input)
  const roleName = input.text('role-name') ?? ''
  const { role, missing } = await readLiveRole(aws, roleName)
  if (!role) {
    if (missing.length > 0) return unseen(input, io, missing)
    if (input.json) io.out(`${JSON.stringify({ roleName, steps: [], ok: true })}\n`)
    else io.out(`There is no role ${roleName}: nothing to do.\n`)
    return 0
  }
  if (blocks(missing)) return unseen(input, io, missing)
  const plan = planDestroy(role)
  if (!input.json) io.out(renderPlan(plan))
  if (plan.refusal !== undefined) throw new AppError('forbidden', plan.refusal)
  if (!input.flag('plan-only')) return carryOut(aws, plan, input, io)
  if (input.json) io.out(`${JSON.stringify(plan)}\n`)
  return 0
}

async function carryOut(aws: Aws, plan: RolePlan, input: Input, io: Io): Promise<number> {
  const applied = await applyPlan(aws, plan, {
    clock: systemClock,
    settleMs: (input.integer('settle', { max: 600 }) ?? 0) * 1000,
    progress: (text) => io.err(`${text}\n`),
  })
  if (input.json) {
    const { done, missing, ...rest } = applied
    io.out(
      `${JSON.stringify({ roleName: plan.roleName, widens: plan.widens, foreign: plan.foreign, ...rest, steps: done, missingPermissions: missing })}\n`,
    )
  } else {
    io.out(appliedText(plan, applied))
    io.err(missingText(applied.missing))
  }
  return applied.ok ? 0 : 1
}

function appliedText(plan: RolePlan, { ok, done, failure, rollback, visible }: Applied): string {
  if (ok && done.length === 0) return ''
  if (ok) {
    const lag = visible ? '' : ' IAM did not show all of it within a minute; give it a little longer.'
    return `Done: ${done.length} ${done.length === 1 ? 'step' : 'steps'}.${lag}\n`
  }
  const what = failure ? `${stepName(failure.step, plan.roleName)}: ${failure.message}` : ''
  const after =
    rollback === 'complete'
      ? 'Everything before it was undone.'
      : rollback === 'not needed'
        ? 'Nothing was changed.'
        : `These could not be undone:\n${rollback.left.map((text) => `  ${text}`).join('\n')}`
  return `Failed at ${what}\n${after}\n`
}

/** Whether so much of the role stayed unseen that no sound plan can be made. */
function blocks(missing: readonly MissingPermission[]): boolean {
  return missing.some(({ action }) => !['iam:GetPolicy', 'iam:GetPolicyVersion'].includes(action))
}

function unseen(input: Input, io: Io, missing: readonly MissingPermission[]): number {
  if (input.json) io.out(`${JSON.stringify({ ok: false, missingPermissions: missing })}\n`)
  else io.err(`The role cannot be seen, so nothing was planned.\n${missingText(missing)}`)
  return 1
}

async function planned(aws: Aws, desired: DesiredRole): Promise<Planned> {
  const { role, missing } = await readLiveRole(aws, desired.roleName)
  if (blocks(missing)) return { plan: undefined, missing }
  return { plan: planRole(desired, role, await managedDocuments(aws, desired)), missing }
}

async function desiredRole(aws: Aws, input: Input, io: Io): Promise<DesiredRole> {
  const boundary = input.text('boundary')
  if (boundary !== undefined && boundary !== 'none' && parseArn(boundary)?.service !== 'iam') {
    throw new AppError('invalid_usage', `--boundary ${boundary}: write the ARN of a policy, or none.`, {
      field: '--boundary',
    })
  }
  const options = {
    roleName: input.text('role-name'),
    boundaryArn: boundary === 'none' ? null : boundary,
    tags: tagsFromOptions(input),
  }
  const file = input.text('role')
  const tasks = input.list('task-definition')
  if ((file === undefined) === (tasks.length === 0)) {
    throw new AppError(
      'invalid_usage',
      'Give the role with --role, or the task definitions to derive it from with --task-definition.',
    )
  }
  if (file !== undefined) {
    const { value } = await readUserJson(file, io)
    return asUsage(shownName(file), () => desiredFromFile(value, shownName(file), options))
  }
  const definitions = await Promise.all(tasks.map((path) => readTaskDefinition(path, io)))
  const facts = input.text('facts') === undefined ? await liveFacts(aws, definitions, io) : await readFacts(input, io)
  const derived = deriveRole(definitions, facts, {
    roleName: options.roleName ?? 'CSECSTaskExecutionRole',
    kind: 'execution-role',
  })
  for (const note of derived.notes) io.err(`${note}\n`)
  return desiredFromDerived(derived, options)
}

/** Facts of several task definitions in one: what each needs lies in maps and lists that do not contradict each other. */
async function liveFacts(aws: Aws, tasks: Parameters<typeof collectFacts>[1][], io: Io): Promise<Facts> {
  let merged: Facts = {}
  for (const task of tasks) {
    const { facts, missing } = await collectFacts(aws, task)
    io.err(missingText(missing))
    merged = mergeFacts(merged, facts)
  }
  return merged
}

function mergeFacts(one: Facts, other: Facts): Facts {
  const result: Record<string, unknown> = { ...one }
  for (const [key, value] of Object.entries(other)) {
    const known = result[key]
    if (Array.isArray(known) && Array.isArray(value))
      result[key] = [...new Set([...(known as unknown[]), ...(value as unknown[])])]
    else if (isObject(known) && isObject(value)) result[key] = { ...known, ...value }
    else result[key] = value
  }
  return result as Facts
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export async function runFacts(input: Input, io: Io): Promise<number> {
  const task = await readTaskDefinition(input.text('task-definition') ?? '-', io)
  const { facts, role, missing, failures } = await collectFacts(awsFrom(input), task, collectOptions(input))
  io.out(
    `${JSON.stringify({ ...facts, ...(role ? { executionRole: role } : {}), missingPermissions: missing, failures }, null, input.json ? undefined : 2)}\n`,
  )
  io.err(missingText(missing) + failures.map((text) => `${text}\n`).join(''))
  return 0
}

function collectOptions(input: Input): CollectOptions {
  const subnets = input.list('subnet')
  const service = input.text('service')
  const launchType = input.text('launch-type') as CollectOptions['launchType']
  return {
    roleName: input.text('role-name'),
    launchType,
    placement:
      subnets.length > 0
        ? { subnets, securityGroups: input.list('security-group'), assignPublicIp: input.flag('assign-public-ip') }
        : undefined,
    service: service === undefined ? undefined : { cluster: input.text('cluster') ?? 'default', service },
  }
}

export async function runRegister(input: Input, io: Io): Promise<number> {
  const path = input.text('task-definition') ?? '-'
  const file = shownName(path)
  const { value } = await readUserJson(path, io)
  registrationOf(value, file, undefined)
  const aws = awsFrom(input)
  const roleName = input.text('role-name')
  const role = roleName === undefined ? undefined : await readLiveRole(aws, roleName)
  if (role && !role.role) {
    if (role.missing.length > 0) return unseen(input, io, role.missing)
    throw new AppError(
      'not_found',
      `There is no role ${roleName}: make it with "portreeve role apply --task-definition ${path} --role-name ${roleName}".`,
    )
  }
  const registration = registrationOf(value, file, role?.role?.roleArn)
  const missing: MissingPermission[] = []
  if (!input.flag('skip-preflight')) {
    const task = asTaskDefinition(registration, file)
    const collected = await collectFacts(aws, task, collectOptions(input))
    missing.push(...collected.missing)
    const result = preflight(task, collected.role, collected.facts)
    if (!result.ok) {
      if (input.json)
        io.out(`${JSON.stringify({ registered: false, preflight: result, missingPermissions: missing })}\n`)
      else {
        io.out(preflightText(result))
        io.err('Not registered, since this launch would fail. --skip-preflight registers all the same.\n')
      }
      return 1
    }
  }
  const registered = await registerTask(aws, registration, systemClock)
  missing.push(...registered.missing)
  if (input.json) {
    io.out(
      `${JSON.stringify({ registered: registered.registered, taskDefinitionArn: registered.taskDefinitionArn ?? null, missingPermissions: missing })}\n`,
    )
  } else {
    if (registered.taskDefinitionArn !== undefined) {
      io.out(
        registered.registered
          ? `Registered ${registered.taskDefinitionArn}\n`
          : `${registered.taskDefinitionArn} already says the same: nothing was registered.\n`,
      )
    }
    io.err(missingText(missing))
  }
  return registered.taskDefinitionArn === undefined ? 1 : 0
}

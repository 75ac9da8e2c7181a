import { AppError } from '../errors.ts'
import { canonical } from '../iam/cover.ts'
import { attempt, awsError, type Clock, described, type MissingPermission } from './attempt.ts'
import type { Aws } from './clients.ts'
import { type LiveRole, readLiveRole } from './live-role.ts'
import type { PlanStep, RolePlan } from './role-plan.ts'

export type Applied = {
  readonly ok: boolean
  readonly done: readonly PlanStep[]
  /** The step that failed and why, in words. */
  readonly failure: { readonly step: PlanStep; readonly message: string } | undefined
  readonly missing: readonly MissingPermission[]
  /** What came of undoing the steps before the failed one. */
  readonly rollback: 'not needed' | 'complete' | { readonly left: readonly string[] }
  /** Whether IAM answered with the new state from everywhere that was asked, within the time given. */
  readonly visible: boolean
}

export type ApplyOptions = {
  readonly clock: Clock
  /** How long IAM may take to show the new state; 60 s when left out. */
  readonly timeoutMs?: number
  /** How long a new role or trust policy is given after that to reach every region; 10 s when left out. */
  readonly settleMs?: number
  readonly progress?: (text: string) => void
}

/** IAM is eventually consistent: a role made a second ago may not exist yet where the next call lands. */
const RETRY_MS = 1000
const NEW_ROLE_TRIES = 20
/** AWS names no bound for how long a new role takes to reach every region; ECS has been seen to need about ten seconds. */
const SETTLE_MS = 10_000

/**
 * Carries a plan out, step by step. When a step fails the ones before it are undone in reverse order. At the end waits until IAM
 * shows what was written. Calling it with a plan without steps does nothing.
 */
export async function applyPlan(aws: Aws, plan: RolePlan, options: ApplyOptions): Promise<Applied> {
  if (plan.refusal !== undefined) throw new AppError('forbidden', plan.refusal)
  const done: PlanStep[] = []
  for (const step of plan.steps) {
    const fresh = done.some(({ kind }) => kind === 'create-role')
    options.progress?.(stepName(step, plan.roleName))
    try {
      const outcome = await runStep(aws, plan.roleName, step, fresh, options.clock)
      if (outcome.kind === 'found') {
        done.push(step)
        continue
      }
      const message = outcome.kind === 'denied' ? outcome.missing.message : 'the role or policy does not exist'
      const rollback = await undo(aws, plan.roleName, done, options)
      const missing = outcome.kind === 'denied' ? [outcome.missing] : []
      return { ok: false, done: [], failure: { step, message }, missing, rollback, visible: true }
    } catch (error) {
      const rollback = await undo(aws, plan.roleName, done, options)
      return {
        ok: false,
        done: [],
        failure: { step, message: awsError(stepName(step, plan.roleName), error).message },
        missing: [],
        rollback,
        visible: true,
      }
    }
  }
  const visible = done.length === 0 || (await awaitVisible(aws, plan, options))
  return { ok: true, done, failure: undefined, missing: [], rollback: 'not needed', visible }
}

export function stepName(step: PlanStep, roleName: string): string {
  const subject = 'name' in step ? ` ${step.name}` : 'arn' in step ? ` ${step.arn}` : ''
  return `${step.kind.replace('-', ' ')}${subject} (role ${roleName})`
}

const ACTIONS: Readonly<Record<PlanStep['kind'], string>> = {
  'create-role': 'iam:CreateRole',
  'tag-role': 'iam:TagRole',
  'untag-role': 'iam:UntagRole',
  'update-trust': 'iam:UpdateAssumeRolePolicy',
  'put-boundary': 'iam:PutRolePermissionsBoundary',
  'delete-boundary': 'iam:DeleteRolePermissionsBoundary',
  'put-policy': 'iam:PutRolePolicy',
  'delete-policy': 'iam:DeleteRolePolicy',
  'attach-policy': 'iam:AttachRolePolicy',
  'detach-policy': 'iam:DetachRolePolicy',
  'delete-role': 'iam:DeleteRole',
}

/** One step; again after a second while IAM does not know a role that was made just now, or is busy with another change of it. */
async function runStep(aws: Aws, RoleName: string, step: PlanStep, fresh: boolean, clock: Clock) {
  for (let tries = 1; ; tries += 1) {
    try {
      const outcome = await attempt(ACTIONS[step.kind], `role ${RoleName}`, () => call(aws, RoleName, step))
      if (outcome.kind === 'absent' && isRemoval(step)) return { kind: 'found' as const, value: undefined }
      if (outcome.kind !== 'absent' || !fresh || tries >= NEW_ROLE_TRIES) return outcome
    } catch (error) {
      const { name } = described(error instanceof AppError ? error.cause : error)
      const passing = name === 'ConcurrentModification' || (name === 'DeleteConflict' && fresh)
      if (!passing || tries >= NEW_ROLE_TRIES) throw error
    }
    await clock.sleep(RETRY_MS)
  }
}

function isRemoval(step: PlanStep): boolean {
  return /^(delete|detach)-/.test(step.kind)
}

async function call(aws: Aws, RoleName: string, step: PlanStep): Promise<void> {
  const iam = await aws.iam()
  const tagList = (tags: Readonly<Record<string, string>>) =>
    Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
  switch (step.kind) {
    case 'create-role': {
      const { path, description, trustPolicy, boundaryArn } = step.role
      await iam.createRole({
        RoleName,
        Path: path,
        ...(description ? { Description: description } : {}),
        AssumeRolePolicyDocument: JSON.stringify(trustPolicy),
        ...(typeof boundaryArn === 'string' ? { PermissionsBoundary: boundaryArn } : {}),
        Tags: tagList(step.tags),
      })
      return
    }
    case 'tag-role':
      return void (await iam.tagRole({ RoleName, Tags: tagList(step.tags) }))
    case 'untag-role':
      return void (await iam.untagRole({ RoleName, TagKeys: [...step.keys] }))
    case 'update-trust':
      return void (await iam.updateAssumeRolePolicy({ RoleName, PolicyDocument: JSON.stringify(step.document) }))
    case 'put-boundary':
      return void (await iam.putRolePermissionsBoundary({ RoleName, PermissionsBoundary: step.arn }))
    case 'delete-boundary':
      return void (await iam.deleteRolePermissionsBoundary({ RoleName }))
    case 'put-policy':
      return void (await iam.putRolePolicy({
        RoleName,
        PolicyName: step.name,
        PolicyDocument: JSON.stringify(step.document),
      }))
    case 'delete-policy':
      return void (await iam.deleteRolePolicy({ RoleName, PolicyName: step.name }))
    case 'attach-policy':
      return void (await iam.attachRolePolicy({ RoleName, PolicyArn: step.arn }))
    case 'detach-policy':
      return void (await iam.detachRolePolicy({ RoleName, PolicyArn: step.arn }))
    case 'delete-role':
      return void (await iam.deleteRole({ RoleName }))
  }
}

/** The steps that take a step back. */
function inverse(step: PlanStep): readonly PlanStep[] {
  switch (step.kind) {
    case 'create-role':
      return [{ kind: 'delete-role', roleName: step.role.roleName }]
    case 'tag-role': {
      const added = Object.keys(step.tags).filter((key) => step.before[key] === undefined)
      return [
        ...(Object.keys(step.before).length > 0 ? [{ kind: 'tag-role' as const, tags: step.before, before: {} }] : []),
        ...(added.length > 0 ? [{ kind: 'untag-role' as const, keys: added, before: {} }] : []),
      ]
    }
    case 'untag-role':
      return [{ kind: 'tag-role', tags: step.before, before: {} }]
    case 'update-trust':
      return [{ ...step, document: step.before, before: step.document }]
    case 'put-boundary':
      return [
        step.before === undefined
          ? { kind: 'delete-boundary', before: step.arn }
          : { ...step, arn: step.before, before: step.arn },
      ]
    case 'delete-boundary':
      return [{ kind: 'put-boundary', arn: step.before, before: undefined }]
    case 'put-policy':
      return [
        step.before === undefined
          ? { kind: 'delete-policy', name: step.name, before: step.document }
          : { ...step, document: step.before, before: step.document },
      ]
    case 'delete-policy':
      return [{ kind: 'put-policy', name: step.name, document: step.before, before: undefined }]
    case 'attach-policy':
      return [{ kind: 'detach-policy', arn: step.arn }]
    case 'detach-policy':
      return [{ kind: 'attach-policy', arn: step.arn }]
    case 'delete-role':
      return []
  }
}

async function undo(
  aws: Aws,
  roleName: string,
  done: readonly PlanStep[],
  options: ApplyOptions,
): Promise<Applied['rollback']> {
  if (done.length === 0) return 'not needed'
  const left: string[] = []
  for (const step of done.toReversed().flatMap(inverse)) {
    options.progress?.(`undo: ${stepName(step, roleName)}`)
    try {
      const outcome = await runStep(aws, roleName, step, true, options.clock)
      if (outcome.kind === 'denied') left.push(`${stepName(step, roleName)}: ${outcome.missing.message}`)
    } catch (error) {
      left.push(`${stepName(step, roleName)}: ${awsError('undo', error).message}`)
    }
  }
  return left.length === 0 ? 'complete' : { left }
}

/** Reads the role until three readings in a row show the plan's end; then, for a new role or trust, waits as ECS needs it. */
async function awaitVisible(aws: Aws, plan: RolePlan, options: ApplyOptions): Promise<boolean> {
  const { clock } = options
  const until = clock.now() + (options.timeoutMs ?? 60_000)
  let agreed = 0
  while (agreed < 3) {
    const { role, missing } = await readLiveRole(aws, plan.roleName)
    if (missing.length > 0) return true
    agreed = shows(plan, role) ? agreed + 1 : 0
    if (agreed >= 3) break
    if (clock.now() >= until) return false
    await clock.sleep(RETRY_MS)
  }
  if (plan.steps.some(({ kind }) => kind === 'create-role' || kind === 'update-trust')) {
    options.progress?.('waiting for the role to reach every region')
    await clock.sleep(options.settleMs ?? SETTLE_MS)
  }
  return true
}

function shows(plan: RolePlan, role: LiveRole | undefined): boolean {
  if (plan.steps.some(({ kind }) => kind === 'delete-role')) return role === undefined
  if (!role) return false
  return plan.steps.every((step) => {
    switch (step.kind) {
      case 'create-role':
        return canonical(role.trustPolicy) === canonical(step.role.trustPolicy)
      case 'update-trust':
        return canonical(role.trustPolicy) === canonical(step.document)
      case 'put-policy':
        return role.inline.some(
          ({ name, document }) => name === step.name && canonical(document) === canonical(step.document),
        )
      case 'delete-policy':
        return !role.inline.some(({ name }) => name === step.name)
      case 'attach-policy':
        return role.attached.some(({ arn }) => arn === step.arn)
      case 'detach-policy':
        return !role.attached.some(({ arn }) => arn === step.arn)
      case 'put-boundary':
        return role.boundary?.arn === step.arn
      case 'delete-boundary':
        return role.boundary === undefined
      default:
        return true
    }
  })
}

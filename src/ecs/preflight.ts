import type { PolicyDocument, PolicyStatement } from '../iam/policy.ts'
import type { Facts } from './facts.ts'
import { apply } from './launch/apply.ts'
import { assumeRole } from './launch/assume-role.ts'
import { credentialSpecs } from './launch/credential-specs.ts'
import { ecrAuth } from './launch/ecr-auth.ts'
import { envFiles, firelensConfig } from './launch/files.ts'
import { imageLayers, imageManifest } from './launch/images.ts'
import type { Launch } from './launch/launch.ts'
import { logDriver, runtimeLogs } from './launch/logs.ts'
import { passRole } from './launch/pass-role.ts'
import { register } from './launch/register.ts'
import { registryAuth } from './launch/registry-auth.ts'
import { secrets } from './launch/secrets.ts'
import { type Failure, StepBuilder, type StepResult } from './launch/step.ts'
import { volumes } from './launch/volumes.ts'
import { type StepId, STEPS } from './need.ts'
import type { Change } from './patch.ts'
import type { Role } from './role.ts'
import { resolveSetting } from './setting.ts'
import { mergeStatements } from './statements.ts'
import type { Cause, Surface } from './stopped-reason/row.ts'
import type { TaskDefinition } from './task-definition.ts'

export type Preflight = {
  /** False when a step is sure to fail; unknown facts do not make it false. */
  readonly ok: boolean
  /** The first step that fails; with `ok` true the one that fails without keeping the task from running. */
  readonly failingStep?: StepId
  /** The actions that the failing step is refused. */
  readonly missingActions: readonly string[]
  readonly cause?: Cause
  /** What ECS shows, in its current wording, and how other agents and SDK generations word it. */
  readonly stoppedReason?: string
  readonly otherWordings: readonly string[]
  /** Where ECS shows it: an API error, a service event, the task's stoppedReason, a container's reason. */
  readonly shownIn?: Surface
  readonly warnings: readonly string[]
  /** What was concluded rather than told. */
  readonly assumptions: readonly string[]
  /** Facts that would decide what is unknown. */
  readonly missingFacts: readonly string[]
  readonly steps: readonly StepResult[]
  readonly patch: Patch
}

/** The smallest change after which no step is refused. */
export type Patch = {
  /** Statements to add to the execution role, as a policy of its own. */
  readonly executionRole?: PolicyDocument
  readonly changes: readonly Change[]
}

const RUN: Readonly<Partial<Record<StepId, (step: StepBuilder) => void>>> = {
  apply,
  register,
  'pass-role': passRole,
  'assume-role': assumeRole,
  'registry-auth': registryAuth,
  secrets,
  'ecr-auth': ecrAuth,
  'env-files': envFiles,
  'firelens-config': firelensConfig,
  'credential-specs': credentialSpecs,
  volumes,
  'image-manifest': imageManifest,
  'log-driver': logDriver,
  'image-layers': imageLayers,
  'runtime-logs': runtimeLogs,
}

/** On instances dockerd opens the log when it starts the container, after the image is there. */
const INSTANCE_ORDER: readonly StepId[] = STEPS.map((step) =>
  step === 'log-driver' ? 'image-layers' : step === 'image-layers' ? 'log-driver' : step,
)

/**
 * Predicts a launch step by step. Pure: everything it knows is in its arguments, and what they leave out is unknown, never guessed.
 * `role` is the execution role's documents, undefined when nobody has them.
 */
export function preflight(task: TaskDefinition, role: Role | undefined, facts: Facts): Preflight {
  const resolved = resolveSetting(task, role, facts)
  const { setting } = resolved
  const launch: Launch = {
    task,
    setting,
    facts: setting.facts,
    onFargate: setting.launchType === 'FARGATE',
    ...(role ? { role } : {}),
    ...(resolved.executionRoleArn === undefined ? {} : { executionRoleArn: resolved.executionRoleArn }),
    ...(resolved.taskRoleArn === undefined ? {} : { taskRoleArn: resolved.taskRoleArn }),
  }
  const order = launch.onFargate ? STEPS : INSTANCE_ORDER
  const steps = order.flatMap((id) => {
    const run = RUN[id]
    if (!run) return []
    const step = new StepBuilder(id, launch)
    run(step)
    return [step.result()]
  })
  return {
    ...verdictOf(steps),
    ...notesOf(steps, launch),
    assumptions: resolved.assumptions,
    steps,
    patch: patchOf(steps),
  }
}

type Outcome = Pick<
  Preflight,
  'ok' | 'failingStep' | 'missingActions' | 'cause' | 'stoppedReason' | 'otherWordings' | 'shownIn'
>

function verdictOf(steps: readonly StepResult[]): Outcome {
  const failing = steps.find((step) => step.failures.length > 0)
  const [failure] = failing?.failures ?? []
  if (failing && failure) {
    return {
      ok: false,
      failingStep: failing.step,
      missingActions: actionsOf(failing.failures),
      cause: failure.cause,
      stoppedReason: failure.text,
      otherWordings: failure.otherWordings,
      shownIn: failure.surface,
    }
  }
  const degraded = steps.find((step) => step.degradations.length > 0)
  return {
    ok: true,
    ...(degraded ? { failingStep: degraded.step } : {}),
    missingActions: actionsOf(degraded?.degradations ?? []),
    ...(degraded ? { cause: 'iam' as const } : {}),
    otherWordings: [],
  }
}

function actionsOf(failures: readonly Failure[]): readonly string[] {
  return [...new Set(failures.flatMap((failure) => failure.missingActions))]
}

function notesOf(steps: readonly StepResult[], launch: Launch): Pick<Preflight, 'warnings' | 'missingFacts'> {
  const warnings = steps.flatMap((step) => step.warnings)
  const { role, executionRoleArn } = launch
  if (role?.roleArn !== undefined && executionRoleArn !== undefined && role.roleArn !== executionRoleArn) {
    warnings.push(`the task definition names ${executionRoleArn}, but the role given is ${role.roleArn}`)
  }
  const racing = steps.filter((step) =>
    step.failures.some((failure) => failure.surface === 'task' || failure.surface === 'container'),
  )
  if (!launch.onFargate && racing.length > 1) {
    warnings.push(
      `on instances ${racing.map((step) => step.step).join(' and ')} run at the same time: the first to fail is shown`,
    )
  }
  return { warnings: [...new Set(warnings)], missingFacts: gather(steps.flatMap((step) => step.missingFacts)) }
}

const REACH = 'network: whether the task reaches '

/** Each fact once; what must be reached as one fact. */
function gather(facts: readonly string[]): readonly string[] {
  const reached = [...new Set(facts.filter((fact) => fact.startsWith(REACH)).map((fact) => fact.slice(REACH.length)))]
  const others = [...new Set(facts.filter((fact) => !fact.startsWith(REACH)))]
  return reached.length > 0 ? [`${REACH}${reached.join(', ')}`, ...others] : others
}

function patchOf(steps: readonly StepResult[]): Patch {
  const changes = new Map<string, Change>()
  for (const change of steps.flatMap((step) => step.changes)) changes.set(`${change.target} ${change.about}`, change)
  const all = [...changes.values()]
  const statements = all.flatMap((change): PolicyStatement[] => {
    return change.target === 'execution-role' && change.statement ? [change.statement] : []
  })
  return {
    ...(statements.length > 0
      ? { executionRole: { Version: '2012-10-17', Statement: mergeStatements(statements) } }
      : {}),
    changes: all,
  }
}

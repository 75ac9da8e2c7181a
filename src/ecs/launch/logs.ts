import type { RowId } from '../stopped-reason/catalogue.ts'
import { logGroupExists, logNeeds, type LogUse, logUses } from '../needs/logs.ts'
import { taskRoleNeeds } from '../needs/task-role.ts'
import { dnsSuffixOf } from '../partition.ts'
import { reaches } from './launch.ts'
import type { StepBuilder } from './step.ts'

type Rows = { readonly group: RowId; readonly stream: RowId; readonly missing: RowId; readonly unreachable: RowId }

const FARGATE_ROWS: Rows = {
  group: 'log-group-denied',
  stream: 'log-stream-denied',
  missing: 'log-group-missing',
  unreachable: 'logs-unreachable',
}

const EC2_ROWS: Rows = {
  group: 'log-group-denied-ec2',
  stream: 'log-stream-denied-ec2',
  missing: 'log-group-missing-ec2',
  unreachable: 'logs-unreachable-ec2',
}

/** The awslogs driver opens its stream: on Fargate before layers are pulled, on EC2 when the container starts. */
export function logDriver(step: StepBuilder): void {
  for (const use of logUses(step.launch.task)) openStream(step, use, step.launch.onFargate ? FARGATE_ROWS : EC2_ROWS)
}

function openStream(step: StepBuilder, use: LogUse, rows: Rows): void {
  const { setting, onFargate } = step.launch
  step.acts()
  // A missing group was refused at registration.
  if (use.group === undefined) return
  if (use.region === undefined) {
    const change = {
      target: 'task-definition',
      about: `add awslogs-region to the log options of ${use.container}`,
    } as const
    if (onFargate) step.fail('log-option-missing', { values: { option: 'awslogs-region' }, change })
    return
  }
  const [...needs] = logNeeds(use, setting).filter((need) => need.step === 'log-driver')
  const actor = needs[0]?.actor
  if (actor === 'execution-role' && !setting.hasExecutionRole) {
    if (!onFargate)
      step.fail('log-no-credentials-ec2', { change: { target: 'task-definition', about: 'set executionRoleArn' } })
    return
  }
  const reachable = reaches('logs', use.region, step.launch)
  if (reachable === false) {
    const about = `let the task reach CloudWatch Logs in ${use.region}: endpoint, NAT or public address`
    step.fail(rows.unreachable, {
      values: { region: use.region, suffix: dnsSuffixOf(use.region) },
      change: { target: 'network', about },
    })
    return
  }
  if (reachable === undefined) step.unknown('network: whether the task reaches CloudWatch Logs')
  const exists = logGroupExists(use, setting)
  for (const need of needs) {
    const verdict = step.call(need)
    if (verdict.outcome !== 'denied') continue
    if (need.action === 'logs:CreateLogGroup' && exists === undefined) {
      step.unknown(`logGroups: whether ${use.group} exists; if not, logs:CreateLogGroup is missing`)
      continue
    }
    step.failDenied(need.action === 'logs:CreateLogGroup' ? rows.group : rows.stream, need, verdict)
    return
  }
  if (use.createGroup || exists === true) return
  if (exists === undefined) {
    step.unknown(`logGroups: whether ${use.group} exists in ${use.region}`)
    return
  }
  const about = `create the log group ${use.group} in ${use.region}, or correct awslogs-group and awslogs-region of ${use.container}`
  step.fail(rows.missing, { change: { target: 'resource', about, resource: use.group } })
}

/** What is written while the task runs: a refusal stops nothing, the logs are simply not there. */
export function runtimeLogs(step: StepBuilder): void {
  const { task, setting, facts } = step.launch
  for (const use of logUses(task)) {
    if (use.group === undefined || use.region === undefined) continue
    for (const need of logNeeds(use, setting)) {
      if (need.step !== 'runtime-logs' || (need.actor === 'execution-role' && !setting.hasExecutionRole)) continue
      const verdict = step.call(need)
      if (verdict.outcome !== 'denied') continue
      step.failDegraded('log-delivery-denied', need, verdict)
      step.warn('task starts; log delivery fails silently')
    }
  }
  for (const need of taskRoleNeeds(task, setting)) {
    if (need.feature !== 'firelens-output') continue
    if (!facts.taskRole) {
      step.unknown(`taskRole: whether it may ${need.action}, with which FireLens sends logs`)
      continue
    }
    const verdict = step.call(need)
    if (verdict.outcome !== 'denied') continue
    step.failDegraded('log-delivery-denied', need, verdict)
    step.warn(`task starts; FireLens log delivery fails silently: ${need.action} belongs to the task role`)
  }
}

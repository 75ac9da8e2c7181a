import { parseArn } from '../../iam/arn.ts'
import { hasUnknown, type Need } from '../need.ts'
import { ecrUses } from '../needs/ecr.ts'
import { logUses } from '../needs/logs.ts'
import { secretUses } from '../needs/secrets.ts'
import type { StepBuilder } from './step.ts'

const FARGATE_DRIVERS = ['awslogs', 'splunk', 'awsfirelens']

/** What RegisterTaskDefinition refuses, in the order in which it looks, and whether the caller may register at all. */
export function register(step: StepBuilder): void {
  const { task, setting, taskRoleArn, facts } = step.launch
  step.acts()
  for (const arn of [task.executionRoleArn, taskRoleArn]) {
    if (arn !== undefined && !isRole(arn, setting.account)) {
      const about = `"${arn}" is not an IAM role of this account: write arn:${setting.partition}:iam::${setting.account}:role/NAME`
      step.fail('register-role-not-valid', { change: { target: 'task-definition', about } })
    }
  }
  if (task.executionRoleArn === undefined) checkRoleAbsence(step)
  for (const { name, valueFrom, reference } of secretUses(task)) {
    if (reference.kind !== 'invalid' || reference.problem !== 'parameter-name') continue
    const about = `valueFrom "${valueFrom}" of ${name} must be a full secret ARN, a parameter ARN or a parameter name`
    step.fail('register-parameter-name-invalid', {
      values: { secret: name },
      change: { target: 'task-definition', about },
    })
  }
  checkLogging(step)
  if (task.volumes.some((volume) => volume.efs?.iam) && taskRoleArn === undefined) {
    const change = { target: 'task-definition', about: 'set taskRoleArn: EFS authorises the task role' } as const
    step.fail('register-efs-without-task-role', { change })
  }
  if (facts.caller) checkCaller(step)
}

function isRole(arn: string, account: string): boolean {
  const parsed = parseArn(arn)
  if (!parsed) return /^[\w+=,.@-]{1,64}$/.test(arn) || hasUnknown(arn)
  if (parsed.service !== 'iam' || !/^role\/(?:[!-~]+\/)?[\w+=,.@-]{1,64}$/.test(parsed.resource)) return hasUnknown(arn)
  return parsed.account === account || hasUnknown(account) || hasUnknown(parsed.account)
}

function checkRoleAbsence(step: StepBuilder): void {
  const { task, setting, onFargate, role } = step.launch
  const about = `set executionRoleArn${role?.roleArn ? ` to ${role.roleArn}` : ''} in the task definition`
  const change = { target: 'task-definition', about } as const
  const launch = onFargate ? 'Fargate' : 'External'
  if (secretUses(task).length > 0) step.fail('register-secrets-without-role', { change })
  if (onFargate && ecrUses(task).length > 0) step.fail('register-ecr-without-role', { values: { launch }, change })
  if (setting.launchType !== 'EC2' && logUses(task).length > 0)
    step.fail('register-awslogs-without-role', { values: { launch }, change })
}

function checkLogging(step: StepBuilder): void {
  const { task, onFargate } = step.launch
  for (const use of logUses(task)) {
    const missing = [
      ...(use.region === undefined ? ['awslogs-region'] : []),
      ...(use.group === undefined ? ['awslogs-group'] : []),
    ]
    const change = {
      target: 'task-definition',
      about: `add ${missing.join(' and ')} to the log options of ${use.container}`,
    } as const
    // On Fargate a missing region alone is seen in the log driver's own refusal.
    if (use.group === undefined || (missing.length > 0 && !onFargate)) {
      step.fail('register-log-options-missing', { values: { options: 'awslogs-region, awslogs-group' }, change })
    } else if (onFargate && use.streamPrefix === undefined) {
      const about = `add awslogs-stream-prefix to the log options of ${use.container}`
      step.fail('register-log-options-missing', {
        values: { options: 'awslogs-stream-prefix' },
        change: { ...change, about },
      })
    }
  }
  if (!onFargate) return
  for (const { name, logging, firelens } of task.containers) {
    if (logging && !FARGATE_DRIVERS.includes(logging.driver)) {
      const about = `use ${FARGATE_DRIVERS.join(', ')} as log driver of ${name}`
      const values = { feature: `Log driver '${logging.driver}'`, launch: 'Fargate' }
      step.fail('register-unsupported', { values, change: { target: 'task-definition', about } })
    }
    if (firelens?.options['config-file-type'] === 's3') {
      const about = `use config-file-type "file" in the FireLens options of ${name}: Fargate reads no configuration from S3`
      const values = { feature: "FireLens config-file-type 's3'", launch: 'Fargate' }
      step.fail('register-unsupported', { values, change: { target: 'task-definition', about } })
    }
  }
}

function checkCaller(step: StepBuilder): void {
  const { task, setting } = step.launch
  const resource = `arn:${setting.partition}:ecs:${setting.region}:${setting.account}:task-definition/${task.family ?? 'family'}:1`
  const need: Need = {
    step: 'register',
    feature: 'register',
    actor: 'caller',
    action: 'ecs:RegisterTaskDefinition',
    resource,
    grants: [resource.replace(/:1$/, ':*')],
    account: setting.account,
    region: setting.region,
    endpoint: 'ecs',
    why: 'register the task definition',
    containers: [],
    certainty: 'documented',
  }
  const verdict = step.call(need)
  if (verdict.outcome === 'denied') step.failDenied('register-denied', need, verdict)
}

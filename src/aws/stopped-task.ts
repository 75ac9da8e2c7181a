import { asTaskDefinition, type TaskDefinition } from '../ecs/task-definition.ts'
import { AppError } from '../errors.ts'
import { parseArn } from '../iam/arn.ts'
import { attempt, type MissingPermission } from './attempt.ts'
import type { Aws } from './clients.ts'

/** What ECS says of a task that stopped or does not start. */
export type StoppedTask = {
  /** The task's stoppedReason, its containers' reasons, and what the service's newest events say of failing, each once. */
  readonly reasons: readonly string[]
  /** Undefined when it may not be read. */
  readonly taskDefinition: TaskDefinition | undefined
  readonly service: { readonly cluster: string; readonly service: string } | undefined
  readonly missing: readonly MissingPermission[]
}

/** Cluster and region of a task's ARN; the old form without a cluster means the default one. */
export function placeOfTask(text: string): {
  readonly region: string
  readonly cluster: string
  readonly task: string
} {
  const arn = parseArn(text)
  const [kind, first, second] = arn?.service === 'ecs' ? arn.resource.split('/') : []
  if (!arn || kind !== 'task' || first === undefined) {
    throw new AppError(
      'invalid_usage',
      `--task ${text}: write the ARN of a task, arn:aws:ecs:REGION:ACCOUNT:task/CLUSTER/ID.`,
      {
        field: '--task',
      },
    )
  }
  return { region: arn.region, cluster: second === undefined ? 'default' : first, task: text }
}

const FAILING_EVENT = /unable|failed|error|denied|unhealthy/i

/** Reads a task with its definition and the events of its service. ECS keeps stopped tasks for about an hour. */
export async function readStoppedTask(aws: Aws, taskArn: string): Promise<StoppedTask> {
  const { region, cluster, task } = placeOfTask(taskArn)
  const ecs = await aws.ecs(region)
  const described = await attempt('ecs:DescribeTasks', taskArn, () => ecs.describeTasks({ cluster, tasks: [task] }))
  if (described.kind === 'denied')
    return { reasons: [], taskDefinition: undefined, service: undefined, missing: [described.missing] }
  const found = described.kind === 'found' ? described.value.tasks?.[0] : undefined
  if (!found) {
    throw new AppError(
      'not_found',
      `ECS does not know the task ${taskArn}: it keeps stopped tasks for about an hour. Look for the reason in the service's events.`,
    )
  }
  const name = found.group?.startsWith('service:') ? found.group.slice('service:'.length) : undefined
  const missing: MissingPermission[] = []
  const note = (outcome: { readonly kind: string; readonly missing?: MissingPermission }) => {
    if (outcome.missing) missing.push(outcome.missing)
  }
  const services =
    name === undefined
      ? undefined
      : await attempt('ecs:DescribeServices', `service ${cluster}/${name}`, () =>
          ecs.describeServices({ cluster, services: [name] }),
        )
  if (services) note(services)
  const events = services?.kind === 'found' ? (services.value.services?.[0]?.events ?? []).slice(0, 10) : []
  const definition = await attempt('ecs:DescribeTaskDefinition', found.taskDefinitionArn ?? '*', () =>
    ecs.describeTaskDefinition({ taskDefinition: found.taskDefinitionArn }),
  )
  note(definition)
  const reasons = [
    found.stoppedReason,
    ...(found.containers ?? []).map(({ reason }) => reason),
    ...events
      .map(({ message }) => message)
      .filter((message) => FAILING_EVENT.test(message ?? ''))
      .slice(0, 1),
  ]
  const raw = definition.kind === 'found' ? definition.value.taskDefinition : undefined
  return {
    reasons: [...new Set(reasons.filter((reason) => reason !== undefined && reason !== ''))] as readonly string[],
    taskDefinition:
      raw && asTaskDefinition(JSON.parse(JSON.stringify(raw)), found.taskDefinitionArn ?? 'task definition'),
    service: name === undefined ? undefined : { cluster, service: name },
    missing,
  }
}

import { partitionOfRegion } from '../../iam/arn.ts'
import { agentActor, type Actor, type Need, type Setting, unknownPart } from '../need.ts'
import type { TaskDefinition } from '../task-definition.ts'

/** What an awslogs configuration writes to. */
export type LogUse = {
  readonly container: string
  readonly group: string | undefined
  readonly region: string | undefined
  readonly streamPrefix: string | undefined
  readonly createGroup: boolean
}

export function logUses(task: TaskDefinition): readonly LogUse[] {
  return task.containers.flatMap(({ name, logging }) => {
    if (logging?.driver !== 'awslogs') return []
    const { options } = logging
    return [
      {
        container: name,
        group: options['awslogs-group'] || undefined,
        region: options['awslogs-region'] || undefined,
        streamPrefix: options['awslogs-stream-prefix'] || undefined,
        createGroup: options['awslogs-create-group']?.toLowerCase() === 'true',
      },
    ]
  })
}

/** A task id for messages: the real one is not known before the launch. */
export const TASK_ID = '0123456789abcdef0123456789abcdef'

export function logGroupArn(use: LogUse, setting: Setting): string {
  const region = use.region ?? setting.region
  const partition = use.region === undefined ? setting.partition : partitionOfRegion(use.region)
  return `arn:${partition}:logs:${region}:${setting.account}:log-group:${use.group ?? unknownPart('awslogs-group')}`
}

/** Whether the facts know the group: names count in the task's own region, ARNs anywhere. */
export function logGroupExists(use: LogUse, setting: Setting): boolean | undefined {
  const { logGroups } = setting.facts
  if (!logGroups || use.group === undefined) return undefined
  const arn = logGroupArn(use, setting)
  if (logGroups.some((known) => known.replace(/:\*$/, '') === arn)) return true
  const here = (use.region ?? setting.region) === setting.region
  if (here && logGroups.includes(use.group)) return true
  return setting.facts.incomplete ? undefined : false
}

/** Whose credentials the log driver gets: on EC2 the agent's settings can leave it with the instance's. */
function logActor(setting: Setting): Actor {
  const override = setting.facts.awslogsExecutionRoleOverride ?? true
  return setting.launchType === 'EC2' && !override ? 'instance-role' : agentActor(setting)
}

/** The calls of one container's log driver, in the order in which it makes them. */
export function logNeeds(use: LogUse, setting: Setting): readonly Need[] {
  const group = logGroupArn(use, setting)
  const stream = use.streamPrefix === undefined ? TASK_ID : `${use.streamPrefix}/${use.container}/${TASK_ID}`
  const base = {
    step: 'log-driver',
    feature: 'awslogs',
    actor: logActor(setting),
    // Without :* the ARN names the group alone, and every call but those on tags names a stream.
    grants: [`${group}:*`],
    account: setting.account,
    region: use.region ?? setting.region,
    endpoint: 'logs',
    containers: [use.container],
    certainty: 'documented',
  } as const
  const create: Need = {
    ...base,
    feature: 'awslogs-create-group',
    action: 'logs:CreateLogGroup',
    resource: `${group}:log-stream:`,
    why: `create the log group ${use.group ?? ''} when it is missing (awslogs-create-group)`,
  }
  const why = `write to the log group ${use.group ?? ''}`
  return [
    ...(use.createGroup && logGroupExists(use, setting) !== true ? [create] : []),
    { ...base, action: 'logs:CreateLogStream', resource: `${group}:log-stream:${stream}`, why },
    { ...base, step: 'runtime-logs', action: 'logs:PutLogEvents', resource: `${group}:log-stream:${stream}`, why },
  ]
}

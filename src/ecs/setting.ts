import { parseArn, partitionOfRegion } from '../iam/arn.ts'
import type { Facts, LaunchType } from './facts.ts'
import { parseImageReference } from './image-reference.ts'
import { type Setting, unknownPart } from './need.ts'
import { logUses } from './needs/logs.ts'
import type { Role } from './role.ts'
import type { TaskDefinition } from './task-definition.ts'

export type ResolvedSetting = {
  readonly setting: Setting
  /** The ARN of the execution role that the launch uses; undefined when it uses none. */
  readonly executionRoleArn?: string
  readonly taskRoleArn?: string
  /** What was concluded rather than told, in words. */
  readonly assumptions: readonly string[]
}

/** Where and how the task starts: told by facts, else by the ARNs at hand; what neither says stays a placeholder. */
export function resolveSetting(task: TaskDefinition, role: Role | undefined, facts: Facts): ResolvedSetting {
  const assumptions: string[] = []
  const named = facts.overrides?.executionRoleArn ?? task.executionRoleArn
  const taskRole = facts.overrides?.taskRoleArn ?? task.taskRoleArn
  const arns = [task.taskDefinitionArn, named, role?.roleArn, taskRole].map((text) => parseArn(text ?? ''))
  const account = facts.accountId ?? arns.find((arn) => /^\d{12}$/.test(arn?.account ?? ''))?.account
  const region = facts.region ?? arns[0]?.region ?? commonRegion(task, assumptions)
  const partition = facts.partition ?? (region ? partitionOfRegion(region) : (arns.find(Boolean)?.partition ?? 'aws'))
  const launchType = facts.launchType ?? launchTypeOf(task, assumptions)
  const setting: Setting = {
    partition,
    region: region ?? unknownPart('region'),
    account: account ?? unknownPart('account'),
    launchType,
    facts: { ...facts, launchType },
    hasExecutionRole: named !== undefined,
  }
  const executionRoleArn = named === undefined ? undefined : roleArnOf(named, role, setting)
  return {
    setting,
    ...(executionRoleArn === undefined ? {} : { executionRoleArn }),
    ...(taskRole === undefined ? {} : { taskRoleArn: taskRole }),
    assumptions,
  }
}

/** ECS takes a bare role name too; the role at hand then tells the path. */
function roleArnOf(named: string, role: Role | undefined, setting: Setting): string {
  if (named.startsWith('arn:')) return named
  if (role?.roleArn?.endsWith(`/${named}`)) return role.roleArn
  return `arn:${setting.partition}:iam::${setting.account}:role/${named}`
}

function commonRegion(task: TaskDefinition, assumptions: string[]): string | undefined {
  const regions = new Set<string>()
  for (const use of logUses(task)) if (use.region !== undefined) regions.add(use.region)
  for (const container of task.containers) {
    const image = parseImageReference(container.image)
    if ('ecr' in image && image.ecr) regions.add(image.ecr.region)
  }
  const [region] = regions
  if (region === undefined || regions.size > 1 || region.includes('⟨')) return undefined
  assumptions.push(`region ${region}: the one that logs and images name`)
  return region
}

function launchTypeOf(task: TaskDefinition, assumptions: string[]): LaunchType {
  const known = task.requiresCompatibilities.filter(
    (name): name is LaunchType => name === 'FARGATE' || name === 'EC2' || name === 'EXTERNAL',
  )
  const launchType = known.includes('FARGATE') ? 'FARGATE' : (known[0] ?? 'EC2')
  if (known.length !== 1) {
    const why =
      known.length === 0
        ? 'requiresCompatibilities is absent, which means EC2'
        : 'requiresCompatibilities names several'
    assumptions.push(`launch type ${launchType}: ${why}`)
  }
  return launchType
}

import type { RegisterTaskDefinitionCommandInput, TaskDefinition } from '@aws-sdk/client-ecs'
import { AppError } from '../errors.ts'
import { canonical } from '../iam/cover.ts'
import { attempt, awsError, type Clock, described, type MissingPermission } from './attempt.ts'
import type { Aws } from './clients.ts'

type Json = Readonly<Record<string, unknown>>

export type Registered = {
  /** Undefined when the caller may not register. */
  readonly taskDefinitionArn: string | undefined
  /** False when the newest revision already says the same. */
  readonly registered: boolean
  readonly missing: readonly MissingPermission[]
}

/** What DescribeTaskDefinition adds and RegisterTaskDefinition does not take. */
const READ_ONLY = [
  'taskDefinitionArn',
  'revision',
  'status',
  'requiresAttributes',
  'compatibilities',
  'registeredAt',
  'registeredBy',
  'deregisteredAt',
  'deleteRequestedAt',
]

/** How long ECS may take to see a role that was made just now. */
const ROLE_TRIES = 30
const RETRY_MS = 1000

/** A task definition file as RegisterTaskDefinition takes it, with the execution role set when one is given. */
export function registrationOf(value: unknown, file: string, executionRoleArn: string | undefined): Json {
  const outer = value as Json
  const inner = isJson(outer) && isJson(outer['taskDefinition']) ? outer['taskDefinition'] : outer
  if (!isJson(inner) || !Array.isArray(inner['containerDefinitions'])) {
    throw new AppError(
      'invalid_usage',
      `${file} is not a task definition for registering: it must be a JSON object with containerDefinitions, as "aws ecs register-task-definition" takes it.`,
    )
  }
  if (typeof inner['family'] !== 'string') {
    throw new AppError('invalid_usage', `${file} has no family: name the task definition's family.`)
  }
  const kept = Object.fromEntries(
    Object.entries(inner).filter(([key, item]) => !READ_ONLY.includes(key) && item !== null),
  )
  return executionRoleArn === undefined ? kept : { ...kept, executionRoleArn }
}

/** Registers a revision, unless the newest one is equal. Waits for a role that ECS does not see yet. */
export async function registerTask(aws: Aws, registration: Json, clock: Clock): Promise<Registered> {
  const ecs = await aws.ecs()
  const family = String(registration['family'])
  const newest = await attempt('ecs:DescribeTaskDefinition', family, () =>
    ecs.describeTaskDefinition({ taskDefinition: family }).catch(asAbsent),
  )
  const missing = newest.kind === 'denied' ? [newest.missing] : []
  const current = newest.kind === 'found' ? newest.value.taskDefinition : undefined
  if (current?.taskDefinitionArn !== undefined && saysTheSame(registration, current)) {
    return { taskDefinitionArn: current.taskDefinitionArn, registered: false, missing }
  }
  for (let tries = 1; ; tries += 1) {
    try {
      const made = await attempt('ecs:RegisterTaskDefinition', family, () =>
        ecs.registerTaskDefinition(registration as unknown as RegisterTaskDefinitionCommandInput),
      )
      if (made.kind === 'denied')
        return { taskDefinitionArn: undefined, registered: false, missing: [...missing, made.missing] }
      if (made.kind === 'found') {
        return { taskDefinitionArn: made.value.taskDefinition?.taskDefinitionArn, registered: true, missing }
      }
      throw new AppError('not_found', `ECS found nothing to register ${family} with.`)
    } catch (error) {
      const { message } = described(error instanceof AppError ? (error.cause ?? error) : error)
      if (!/Role is not valid|unable to assume the role/i.test(message) || tries >= ROLE_TRIES) {
        throw awsError('ecs:RegisterTaskDefinition', error)
      }
      await clock.sleep(RETRY_MS)
    }
  }
}

/** ECS answers "Unable to describe task definition." for a family that it does not know. */
function asAbsent(error: unknown): { taskDefinition: TaskDefinition | undefined } {
  if (/unable to describe task definition/i.test(described(error).message)) return { taskDefinition: undefined }
  throw error
}

/** Defaults that ECS writes into what it registers. */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  networkMode: 'bridge',
  essential: true,
  protocol: 'tcp',
  readOnly: false,
  cpu: 0,
  memory: 0,
}

/** Whether a registered definition is what a registration would make: each thing asked for is there, and nothing beside it but defaults. */
export function saysTheSame(wanted: unknown, has: unknown): boolean {
  if (Array.isArray(wanted)) {
    if (!Array.isArray(has) || has.length !== wanted.length) return false
    // ECS keeps the order of containers and not that of environment variables and the like.
    const left = [...(has as readonly unknown[])]
    return wanted.every((item: unknown) => {
      const found = left.findIndex((candidate) => saysTheSame(item, candidate))
      if (found >= 0) left.splice(found, 1)
      return found >= 0
    })
  }
  if (!isJson(wanted)) return canonical(String(wanted)) === canonical(String(has))
  if (!isJson(has)) return false
  const asked = Object.keys(wanted).filter((key) => key !== 'tags')
  return (
    asked.every((key) => saysTheSame(wanted[key], has[key])) &&
    Object.keys(has).every((key) => asked.includes(key) || READ_ONLY.includes(key) || isDefault(key, has, wanted))
  )
}

function isDefault(key: string, has: Json, wanted: Json): boolean {
  const value = has[key]
  if (value === undefined || value === null || value === '' || value === DEFAULTS[key]) return true
  if (Array.isArray(value)) return value.length === 0
  // Under awsvpc the host's port is the container's.
  if (key === 'hostPort') return value === 0 || value === wanted['containerPort']
  return isJson(value) && Object.keys(value).length === 0
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}

import type { PolicyCondition } from '../iam/policy.ts'
import type { Facts, LaunchType } from './facts.ts'

/** The steps of a launch, in the order in which Fargate takes them (facts of order: the ECS agent's code and dated task logs). */
export const STEPS = [
  'apply',
  'register',
  'pass-role',
  'assume-role',
  'network',
  'registry-auth',
  'secrets',
  'ecr-auth',
  'env-files',
  'firelens-config',
  'credential-specs',
  'volumes',
  'image-manifest',
  'log-driver',
  'image-layers',
  'start',
  'runtime-logs',
] as const

export type StepId = (typeof STEPS)[number]

/** Whose credentials make a call. */
export type Actor = 'execution-role' | 'instance-role' | 'task-role' | 'caller'

export type Feature =
  | 'ecr-token'
  | 'ecr-pull'
  | 'ecr-pull-through'
  | 'guardduty'
  | 'awslogs'
  | 'awslogs-create-group'
  | 'secret'
  | 'parameter'
  | 'registry-credentials'
  | 'environment-file'
  | 'firelens-config'
  | 'credential-spec'
  | 'fsx'
  | 'kms'
  | 'ecs-exec'
  | 'efs'
  | 'firelens-output'
  | 'sidecar'
  | 'register'
  | 'pass-role'
  | 'run-task'
  | 'layer-download'

/** How sure it is that ECS makes the call: AWS documents it, it was observed, or it follows from both. */
export type Certainty = 'documented' | 'observed' | 'inferred'

/** One API call that a task needs somebody to be allowed. */
export type Need = {
  readonly step: StepId
  readonly feature: Feature
  readonly actor: Actor
  readonly action: string
  /** The resource as the call names it: an ARN, or `*` for an action without resource. */
  readonly resource: string
  /** The resources to write in a policy, which can be wider than the call's (`log-group:NAME:*`, `secret:NAME-??????`). */
  readonly grants: readonly string[]
  /** Account and region that own the resource. */
  readonly account: string
  readonly region: string
  /** The VPC endpoint that the call goes through, as in the endpoint's name: `ecr.api`, `s3`. */
  readonly endpoint: string
  readonly why: string
  readonly containers: readonly string[]
  /** Context keys of this call beside those of every call. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>
  /** The condition that makes the grant as tight as it can be. */
  readonly condition?: PolicyCondition
  readonly certainty: Certainty
}

/** Where and how a task starts, as the needs depend on it. Parts that nobody knows hold a placeholder (see `unknownPart`). */
export type Setting = {
  readonly partition: string
  readonly region: string
  readonly account: string
  readonly launchType: LaunchType
  readonly facts: Facts
  /** Whether the task has an execution role; without one an EC2 instance uses its own. */
  readonly hasExecutionRole: boolean
}

/** The placeholder of something that is not known, such as an account id or a template's parameter. */
export function unknownPart(name: string): string {
  return `⟨${name}⟩`
}

/** The names of the unknown parts of a text. */
export function unknownParts(text: string): readonly string[] {
  return [...text.matchAll(/⟨([^⟩]*)⟩/g)].map(([, name = '']) => name)
}

export function hasUnknown(text: string): boolean {
  return text.includes('⟨')
}

/** Who makes the calls that pull images and write logs, where ECS falls back to the instance's role. */
export function agentActor(setting: Setting): Actor {
  return setting.launchType === 'EC2' && !setting.hasExecutionRole ? 'instance-role' : 'execution-role'
}

/** One need for each call: those that differ only in their containers become one. */
export function mergeNeeds(needs: readonly Need[]): readonly Need[] {
  const merged = new Map<string, Need>()
  for (const need of needs) {
    const key = [need.step, need.actor, need.action, need.resource, JSON.stringify(need.condition ?? '')].join('\n')
    const known = merged.get(key)
    if (!known) merged.set(key, need)
    else {
      const why = known.why.includes(need.why) ? known.why : `${known.why}; ${need.why}`
      merged.set(key, { ...known, why, containers: [...new Set([...known.containers, ...need.containers])] })
    }
  }
  return [...merged.values()]
}

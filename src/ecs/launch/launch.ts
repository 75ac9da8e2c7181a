import { roleNameOf } from '../../iam/arn.ts'
import { decide, openKeysOf, type Party, sessionArn, type Verdict } from '../decide.ts'
import type { Facts, RoleFacts } from '../facts.ts'
import type { Actor, Need, Setting } from '../need.ts'
import type { Role } from '../role.ts'
import type { TaskDefinition } from '../task-definition.ts'
import { resourceSideOf } from './resource-side.ts'

/** One launch to be predicted: what starts, where, with which role, and what is known around it. */
export type Launch = {
  readonly task: TaskDefinition
  readonly setting: Setting
  readonly facts: Facts
  /** The role's documents; undefined when nobody has given them. */
  readonly role?: Role
  readonly executionRoleArn?: string
  readonly taskRoleArn?: string
  readonly onFargate: boolean
}

/** Decides one call of a launch. */
export function verdictOn(need: Need, launch: Launch): Verdict {
  return decide(
    need,
    partyOf(need.actor, launch),
    resourceSideOf(need, launch.facts),
    launch.facts,
    openKeysOf(launch.facts),
  )
}

/** Whoever makes the calls of an actor. */
export function partyOf(actor: Actor, launch: Launch): Party {
  const { setting, facts } = launch
  if (actor === 'caller') {
    const arn = facts.caller?.arn ?? `arn:${setting.partition}:iam::${setting.account}:user/deployer`
    return {
      principal: arn,
      roleArn: '',
      account: setting.account,
      policies: facts.caller?.policies ?? [],
      ...(facts.caller?.boundary ? { boundary: facts.caller.boundary } : {}),
      unread: facts.caller ? [] : ['caller'],
    }
  }
  const { known, arn } = roleOf(actor, launch)
  const session = actor === 'instance-role' ? sessionArn(arn, 'i-0123456789abcdef0') : sessionArn(arn)
  return {
    principal: session,
    roleArn: arn,
    account: setting.account,
    policies: known?.policies ?? [],
    ...(known?.boundary ? { boundary: known.boundary } : {}),
    ...(known?.boundaryUnread ? { boundaryUnread: true } : {}),
    unread: known ? known.unreadPolicies : [`policies of the ${actor.replace('-', ' ')}`],
  }
}

function roleOf(actor: Actor, launch: Launch): { known: RoleFacts | undefined; arn: string } {
  const { setting, facts } = launch
  const built = (name: string) => `arn:${setting.partition}:iam::${setting.account}:role/${name}`
  if (actor === 'instance-role')
    return { known: facts.instanceRole, arn: facts.instanceRole?.roleArn ?? built('ecsInstanceRole') }
  if (actor === 'task-role') {
    const named = facts.taskRole?.roleArn ?? launch.taskRoleArn ?? 'task-role'
    return { known: facts.taskRole, arn: named.startsWith('arn:') ? named : built(roleNameOf(named)) }
  }
  return { known: launch.role, arn: launch.executionRoleArn ?? launch.role?.roleArn ?? built('execution-role') }
}

/** The message that AWS ends a denial with: who may not do what to which resource, and why. */
export function denialOf(need: Need, verdict: Verdict, launch: Launch): string {
  const user = partyOf(need.actor, launch).principal
  const { denialTail } = verdict.evaluation
  return `User: ${user} is not authorized to perform: ${need.action} on resource: ${need.resource} ${denialTail}`.trimEnd()
}

/** Whether the task reaches a service's endpoint in a region; undefined when nobody knows. */
export function reaches(service: string, region: string, launch: Launch): boolean | undefined {
  const { network } = launch.facts
  if (!network) return undefined
  if (network.reachable !== 'endpoints') return network.reachable === 'all'
  if (network.internet) return true
  // An endpoint serves its own region only.
  if (region !== launch.setting.region) return false
  const [family = ''] = service.split('.')
  if (network.endpoints) return network.endpoints.includes(service) || network.endpoints.includes(family)
  return !network.missing.includes(service) && !network.missing.includes(family)
}

/** Whether the task reaches hosts outside AWS, and AWS's public registries. */
export function reachesInternet(launch: Launch): boolean | undefined {
  const { network } = launch.facts
  return network && (network.reachable === 'all' || (network.reachable === 'endpoints' && network.internet))
}

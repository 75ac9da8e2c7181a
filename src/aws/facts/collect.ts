import type { Facts, RoleFacts } from '../../ecs/facts.ts'
import type { Need } from '../../ecs/need.ts'
import { needsOf } from '../../ecs/needs.ts'
import { logGroupArn, logUses } from '../../ecs/needs/logs.ts'
import { resolveSetting } from '../../ecs/setting.ts'
import type { TaskDefinition } from '../../ecs/task-definition.ts'
import { AppError } from '../../errors.ts'
import { parseArn, roleNameOf } from '../../iam/arn.ts'
import { attempt, type MissingPermission } from '../attempt.ts'
import type { Aws } from '../clients.ts'
import { type LiveRole, readLiveRole } from '../live-role.ts'
import { imageFacts } from './images.ts'
import { networkFacts, type Placement, placementOfService } from './network.ts'
import { organizationFacts } from './organization.ts'
import { forEachOf, Probe } from './probe.ts'
import { storedFacts } from './stored.ts'

export type CollectOptions = {
  /** The execution role, when the task definition does not name it or another is meant. */
  readonly roleName?: string | undefined
  readonly launchType?: Facts['launchType'] | undefined
  readonly placement?: Placement | undefined
  /** A service whose network configuration tells the placement. */
  readonly service?: { readonly cluster: string; readonly service: string } | undefined
}

/** What AWS says of the place that a task starts in. Facts that the caller may not see are left out and named in `missing`. */
export type Collected = {
  readonly facts: Facts
  /** The execution role, with `exists: false` when there is none of the name; undefined when none is named or it may not be seen. */
  readonly role: (RoleFacts & { readonly managedPolicyArns: readonly string[] }) | undefined
  readonly missing: readonly MissingPermission[]
  /** Questions that AWS refused for another reason, in words. */
  readonly failures: readonly string[]
}

export type Whereabouts = {
  readonly account: string
  readonly partition: string
  readonly region: string
  readonly callerArn: string
}

/** Account, partition and region that the credentials at hand lead to. */
export async function whereabouts(aws: Aws): Promise<Whereabouts> {
  const sts = await aws.sts()
  const identity = await attempt('sts:GetCallerIdentity', '*', () => sts.getCallerIdentity({}))
  if (identity.kind !== 'found')
    throw new AppError('forbidden', 'AWS does not say who the caller is (sts:GetCallerIdentity is denied).')
  const callerArn = identity.value.Arn ?? ''
  const ecs = await aws.ecs()
  const region = await attempt('the region', '*', async () => ecs.config.region())
  return {
    account: identity.value.Account ?? '',
    partition: parseArn(callerArn)?.partition ?? 'aws',
    region: region.kind === 'found' ? region.value : '',
    callerArn,
  }
}

/** Collects the facts that decide a launch of the task: nothing is changed, and no secret's value is read. */
export async function collectFacts(aws: Aws, task: TaskDefinition, options: CollectOptions = {}): Promise<Collected> {
  const probe = new Probe(aws)
  const { account, partition, region } = await whereabouts(aws)
  const base: Facts = {
    accountId: account,
    region,
    partition,
    ...(options.launchType === undefined ? {} : { launchType: options.launchType }),
    now: new Date().toISOString(),
  }
  const { setting } = resolveSetting({ ...task, executionRoleArn: task.executionRoleArn ?? 'unknown' }, undefined, base)
  const needs: readonly Need[] = needsOf(task, setting)
  const roleName =
    options.roleName ?? (task.executionRoleArn === undefined ? undefined : roleNameOf(task.executionRoleArn))
  const placement =
    options.placement ??
    (options.service && (await placementOfService(probe, options.service.cluster, options.service.service)))
  const [role, taskRole, logGroups, images, stored, organization, network] = await Promise.all([
    roleName === undefined ? undefined : readRole(probe, roleName),
    task.taskRoleArn === undefined ? undefined : readRole(probe, roleNameOf(task.taskRoleArn)),
    logGroupsOf(probe, task, setting),
    imageFacts(probe, task, account),
    storedFacts(probe, needs),
    organizationFacts(probe, account),
    placement ? networkFacts(probe, placement) : {},
  ])
  return {
    facts: {
      ...base,
      ...(logGroups ? { logGroups } : {}),
      ...images,
      ...stored,
      ...network,
      ...organization,
      ...(taskRole ? { taskRole } : {}),
    },
    role,
    missing: probe.missing,
    failures: [...new Set(probe.failures)],
  }
}

async function readRole(probe: Probe, name: string): Promise<Collected['role']> {
  const { role, missing } = await readLiveRole(probe.aws, name)
  probe.note(missing)
  if (role) return asRoleFacts(role)
  return missing.length > 0 ? undefined : { policies: [], managedPolicyArns: [], unreadPolicies: [], exists: false }
}

/** A live role as preflight takes it. */
export function asRoleFacts(role: LiveRole): NonNullable<Collected['role']> {
  const unread = role.attached.filter(({ document }) => document === undefined)
  return {
    roleArn: role.roleArn,
    trustPolicy: role.trustPolicy,
    policies: [
      ...role.inline,
      ...role.attached.flatMap(({ arn, document }) => (document ? [{ name: arn, document }] : [])),
    ],
    managedPolicyArns: role.attached.map(({ arn }) => arn),
    ...(role.boundary?.document ? { boundary: { name: role.boundary.arn, document: role.boundary.document } } : {}),
    ...(role.boundary && !role.boundary.document ? { boundaryUnread: true } : {}),
    exists: true,
    unreadPolicies: unread.map(({ arn }) => arn),
  }
}

/** The log groups of the task that exist; nothing when the caller may not see them all. */
async function logGroupsOf(
  probe: Probe,
  task: TaskDefinition,
  setting: ReturnType<typeof resolveSetting>['setting'],
): Promise<readonly string[] | undefined> {
  const found: string[] = []
  let complete = true
  const uses = [...new Map(logUses(task).map((use) => [`${use.region} ${use.group}`, use])).values()]
  await forEachOf(uses, async (use) => {
    const { group } = use
    if (group === undefined) return
    const client = await probe.aws.logs(use.region)
    const arn = logGroupArn(use, setting)
    const listed = await probe.ask('logs:DescribeLogGroups', arn, () =>
      client.describeLogGroups({ logGroupNamePrefix: group }),
    )
    if (listed.kind === 'denied') complete = false
    const groups = listed.kind === 'found' ? (listed.value.logGroups ?? []) : []
    if (groups.some(({ logGroupName }) => logGroupName === group)) found.push(arn)
  })
  return complete ? found : undefined
}

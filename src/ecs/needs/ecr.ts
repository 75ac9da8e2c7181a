import { parseImageReference } from '../image-reference.ts'
import { agentActor, type Need, type Setting } from '../need.ts'
import type { TaskDefinition } from '../task-definition.ts'
import type { EcrRepository, ImageReference } from '../image-reference.ts'
import type { PullThroughRule } from '../facts.ts'
import { GUARDDUTY_ACCOUNTS } from './guardduty-accounts.ts'

/** An image that a task pulls, with the containers that use it. */
export type ImageUse = {
  readonly image: ImageReference
  readonly containers: readonly string[]
  readonly withCredentials: boolean
}

/** Every image of a task that can be read, once each. */
export function imageUses(task: TaskDefinition): readonly ImageUse[] {
  const uses = new Map<string, ImageUse>()
  for (const container of task.containers) {
    const image = parseImageReference(container.image)
    if ('problem' in image) continue
    const withCredentials = container.credentialsParameter !== undefined
    const key = `${image.text} ${withCredentials}`
    const known = uses.get(key)
    uses.set(key, { image, withCredentials, containers: [...(known?.containers ?? []), container.name] })
  }
  return [...uses.values()]
}

/** The images that the task pulls from private ECR with a token; credentials of one's own take its place. */
export function ecrUses(task: TaskDefinition): readonly (ImageUse & { readonly ecr: EcrRepository })[] {
  return imageUses(task).flatMap((use) =>
    use.image.ecr && !use.withCredentials ? [{ ...use, ecr: use.image.ecr }] : [],
  )
}

export function tokenNeeds(task: TaskDefinition, setting: Setting): readonly Need[] {
  const uses = ecrUses(task)
  const regions = [...new Set(uses.map((use) => use.ecr.region))]
  const needs = regions.map((region) =>
    tokenNeed(
      setting,
      region,
      uses.filter((use) => use.ecr.region === region).flatMap((use) => use.containers),
    ),
  )
  // GuardDuty's sidecar is pulled from ECR too, even beside images that are public.
  return needs.length === 0 && guardDutyRepository(setting)
    ? [tokenNeed(setting, setting.region, ['aws-guardduty-agent'])]
    : needs
}

function tokenNeed(setting: Setting, region: string, containers: readonly string[]): Need {
  return {
    step: 'ecr-auth',
    feature: 'ecr-token',
    actor: agentActor(setting),
    action: 'ecr:GetAuthorizationToken',
    resource: '*',
    grants: ['*'],
    account: setting.account,
    region,
    endpoint: 'ecr.api',
    why: 'log in to private ECR; this action has no resource, so only * works, and it takes no VPC endpoint condition',
    containers,
    certainty: 'documented',
  }
}

/** `ecr:BatchGetImage` for the manifest or `ecr:GetDownloadUrlForLayer` for the layers of one repository. */
export function pullNeed(
  action: 'manifest' | 'layers',
  repository: EcrRepository,
  setting: Setting,
  containers: readonly string[],
): Need {
  return {
    step: action === 'manifest' ? 'image-manifest' : 'image-layers',
    feature: 'ecr-pull',
    actor: agentActor(setting),
    action: action === 'manifest' ? 'ecr:BatchGetImage' : 'ecr:GetDownloadUrlForLayer',
    resource: repository.arn,
    grants: [repository.arn],
    account: repository.account,
    region: repository.region,
    endpoint: 'ecr.dkr',
    why: `pull ${repository.name} from ECR`,
    containers,
    certainty: 'documented',
  }
}

/** The pull-through cache rule whose prefix a repository carries. */
export function pullThroughRule(repository: EcrRepository, setting: Setting): PullThroughRule | undefined {
  return setting.facts.pullThroughCache?.find(
    (rule) => rule.prefix === '' || repository.name.startsWith(`${rule.prefix}/`),
  )
}

/** What ECR asks of the puller when it must fetch the image from upstream. */
export function pullThroughNeeds(
  repository: EcrRepository,
  setting: Setting,
  containers: readonly string[],
): readonly Need[] {
  const rule = pullThroughRule(repository, setting)
  if (!rule?.firstPull) return []
  const base = pullNeed('manifest', repository, setting, containers)
  const scope =
    rule.prefix === '' ? repository.arn : repository.arn.replace(/repository\/.*$/, `repository/${rule.prefix}/*`)
  const need = (action: string, why: string): Need => ({
    ...base,
    feature: 'ecr-pull-through',
    action,
    grants: [scope],
    why,
  })
  const exists =
    rule.creationTemplate ||
    rule.repositoryExists === true ||
    setting.facts.repositories?.[repository.arn]?.exists === true
  return [
    need('ecr:BatchImportUpstreamImage', `let ECR fetch ${repository.name} from upstream on the first pull`),
    ...(exists
      ? []
      : [need('ecr:CreateRepository', `let ECR create the cache repository ${repository.name} on the first pull`)]),
  ]
}

/** The repository of GuardDuty's Fargate agent, when runtime monitoring is on: AWS adds that container to the task. */
export function guardDutyRepository(setting: Setting): EcrRepository | undefined {
  const { guardDuty } = setting.facts
  if (!guardDuty || setting.launchType !== 'FARGATE') return undefined
  const name = 'aws-guardduty-agent-fargate'
  const account = guardDuty.account ?? GUARDDUTY_ACCOUNTS[setting.region]
  const known =
    guardDuty.repositoryArn ?? `arn:${setting.partition}:ecr:${setting.region}:${account ?? '*'}:repository/${name}`
  return {
    partition: setting.partition,
    account: account ?? known.split(':')[4] ?? '*',
    region: setting.region,
    name,
    arn: known,
  }
}

export function guardDutyNeeds(setting: Setting): readonly Need[] {
  const repository = guardDutyRepository(setting)
  if (!repository) return []
  return (['manifest', 'layers'] as const).map((action) => ({
    ...pullNeed(action, repository, setting, ['aws-guardduty-agent']),
    feature: 'guardduty',
    why: 'pull the agent that GuardDuty Runtime Monitoring adds to the task',
  }))
}

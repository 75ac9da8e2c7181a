import type { Facts, PullThroughRule, RepositoryFacts } from '../../ecs/facts.ts'
import { ecrUses } from '../../ecs/needs/ecr.ts'
import type { TaskDefinition } from '../../ecs/task-definition.ts'
import { decodeDocument } from '../live-role.ts'
import { forEachOf, type Probe } from './probe.ts'
import { policyMember } from './stored.ts'

/** Repositories in ECR with their policies, whether the images are there, and pull-through cache rules of their prefixes. */
export async function imageFacts(
  probe: Probe,
  task: TaskDefinition,
  account: string,
): Promise<Pick<Facts, 'repositories' | 'images' | 'pullThroughCache'>> {
  const repositories: Record<string, RepositoryFacts> = {}
  const images: Record<string, string[]> = {}
  const rules = new Map<string, PullThroughRule>()
  const uses = ecrUses(task)
  await forEachOf([...new Map(uses.map((use) => [use.ecr.arn, use])).values()], async ({ ecr }) => {
    const client = await probe.aws.ecr(ecr.region)
    const place = { registryId: ecr.account, repositoryName: ecr.name }
    const described = await probe.ask('ecr:DescribeRepositories', ecr.arn, () =>
      client.describeRepositories({ registryId: ecr.account, repositoryNames: [ecr.name] }),
    )
    if (described.kind === 'absent') repositories[ecr.arn] = { exists: false }
    else {
      const policy = await probe.ask('ecr:GetRepositoryPolicy', ecr.arn, () => client.getRepositoryPolicy(place))
      repositories[ecr.arn] = { exists: true, ...policyMember(policy, ({ policyText }) => policyText) }
    }
  })
  await forEachOf(uses, async ({ ecr, image }) => {
    if (repositories[ecr.arn]?.exists === false) return
    const client = await probe.aws.ecr(ecr.region)
    const tag = image.tag ?? 'latest'
    const imageId = image.digest === undefined ? { imageTag: tag } : { imageDigest: image.digest }
    const found = await probe.ask('ecr:DescribeImages', ecr.arn, () =>
      client.describeImages({ registryId: ecr.account, repositoryName: ecr.name, imageIds: [imageId] }),
    )
    if (found.kind === 'denied') return
    const uri = image.text.replace(/@.*$/, '').replace(/:[^:/]*$/, '')
    const known = (images[uri] ??= [])
    if (found.kind === 'found') known.push(image.digest ?? tag)
  })
  await forEachOf(
    [...new Set(uses.filter(({ ecr }) => ecr.account === account).map(({ ecr }) => ecr.region))],
    async (region) => {
      for (const rule of await pullThroughRules(probe, region)) {
        const mine = uses.filter(({ ecr }) => ecr.region === region && ecr.name.startsWith(`${rule.prefix}/`))
        if (mine.length === 0) continue
        const cached = mine.every(({ ecr, image }) => {
          const uri = image.text.replace(/@.*$/, '').replace(/:[^:/]*$/, '')
          return repositories[ecr.arn]?.exists === true && (images[uri]?.length ?? 0) > 0
        })
        rules.set(rule.prefix, { ...rule, firstPull: !cached })
        // What is not cached yet is neither missing nor there: ECR fetches it.
        if (!cached) for (const { image } of mine) delete images[image.text.replace(/@.*$/, '').replace(/:[^:/]*$/, '')]
      }
    },
  )
  return {
    ...(uses.length > 0 ? { repositories } : {}),
    ...(Object.keys(images).length > 0 ? { images } : {}),
    ...(rules.size > 0 ? { pullThroughCache: [...rules.values()] } : {}),
  }
}

async function pullThroughRules(probe: Probe, region: string): Promise<readonly PullThroughRule[]> {
  const client = await probe.aws.ecr(region)
  const listed = await probe.ask('ecr:DescribePullThroughCacheRules', '*', () =>
    client.describePullThroughCacheRules({}),
  )
  const prefixes =
    listed.kind === 'found'
      ? (listed.value.pullThroughCacheRules ?? []).flatMap(({ ecrRepositoryPrefix }) => ecrRepositoryPrefix ?? [])
      : []
  if (prefixes.length === 0) return []
  const templates = await probe.ask('ecr:DescribeRepositoryCreationTemplates', '*', () =>
    client.describeRepositoryCreationTemplates({}),
  )
  const withTemplate =
    templates.kind === 'found'
      ? (templates.value.repositoryCreationTemplates ?? [])
          .filter(({ customRoleArn }) => customRoleArn)
          .map(({ prefix }) => prefix)
      : []
  const policy = await probe.ask('ecr:GetRegistryPolicy', '*', () => client.getRegistryPolicy({}))
  const registryPolicy =
    policy.kind === 'found' && policy.value.policyText !== undefined ? decodeDocument(policy.value.policyText) : null
  return prefixes.map((prefix) => ({
    prefix,
    firstPull: true,
    creationTemplate: withTemplate.includes(prefix) || withTemplate.includes('ROOT'),
    ...(policy.kind === 'denied' ? {} : { registryPolicy }),
  }))
}

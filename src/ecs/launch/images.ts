import { layerBucketArn } from '../partition.ts'
import { parseImageReference } from '../image-reference.ts'
import { hasUnknown, type Need } from '../need.ts'
import { guardDutyNeeds, imageUses, type ImageUse, pullNeed, pullThroughNeeds, pullThroughRule } from '../needs/ecr.ts'
import { denialOf, reaches, reachesInternet } from './launch.ts'
import type { StepBuilder } from './step.ts'

/** Every image's manifest is resolved before a container is created. */
export function imageManifest(step: StepBuilder): void {
  const { task, setting } = step.launch
  for (const { image } of task.containers) {
    const parsed = parseImageReference(image)
    if (!('problem' in parsed)) continue
    if (hasUnknown(image)) {
      step.unknown(`image ${image}`)
      continue
    }
    const about = `correct the image "${image}": ${parsed.problem}`
    step.fail('image-reference-invalid', { values: { image }, change: { target: 'task-definition', about } })
  }
  for (const use of imageUses(task)) resolveManifest(step, use)
  for (const need of guardDutyNeeds(setting)) if (need.step === 'image-manifest') pullGuardDuty(step, need)
}

function valuesOf({ image }: ImageUse): Readonly<Record<string, string>> {
  const digest = image.digest ?? `sha256:${'0'.repeat(64)}`
  // Docker Hub answers under another name than it is written with.
  const host = image.registry === 'docker-hub' ? 'registry-1.docker.io' : image.host
  const named = image.registry === 'docker-hub' ? `docker.io/${image.repository}` : `${image.host}/${image.repository}`
  const full = `${named}${image.tag === undefined ? '' : `:${image.tag}`}${image.digest === undefined ? '' : `@${image.digest}`}`
  return { image: full, host, repository: image.repository, tag: image.digest ?? image.tag ?? 'latest', digest }
}

function resolveManifest(step: StepBuilder, use: ImageUse): void {
  const { setting, onFargate } = step.launch
  const { image } = use
  step.acts()
  const values = valuesOf(use)
  const ecr = use.withCredentials ? undefined : image.ecr
  if (ecr && !setting.hasExecutionRole && setting.launchType !== 'EC2') return
  const reachable = ecr ? reaches('ecr.dkr', ecr.region, step.launch) : reachesInternet(step.launch)
  if (reachable === false) {
    const about = ecr
      ? `let the task reach ECR in ${ecr.region}: endpoint for ecr.dkr, NAT or public address`
      : `let the task reach ${image.host}: NAT or a public address, no endpoint leads there`
    step.fail(onFargate ? 'registry-unreachable' : 'registry-unreachable-ec2', {
      values,
      change: { target: 'network', about },
    })
    return
  }
  if (reachable === undefined) step.unknown(`network: whether the task reaches ${image.host}`)
  if (ecr) {
    const manifest = pullNeed('manifest', ecr, setting, use.containers)
    const verdict = step.call(manifest)
    if (verdict.outcome === 'denied') {
      step.failDenied(onFargate ? 'manifest-denied' : 'manifest-denied-ec2', manifest, verdict, values)
      if (!onFargate)
        step.warn('an instance that has the image cached may start it all the same (ECS_IMAGE_PULL_BEHAVIOR=default)')
      return
    }
    if (!importUpstream(step, use, values)) return
  }
  checkImage(step, use, values)
}

/** The first pull through a cache: ECR fetches the image in the puller's name. Answers whether the pull goes on. */
function importUpstream(step: StepBuilder, use: ImageUse, values: Readonly<Record<string, string>>): boolean {
  const { setting, onFargate, facts } = step.launch
  const { ecr } = use.image
  if (!ecr) return true
  const calls = pullThroughNeeds(ecr, setting, use.containers).map((need) => [need, step.call(need)] as const)
  const denied = calls.filter(([, verdict]) => verdict.outcome === 'denied')
  const [first] = denied
  if (first) {
    const missingActions = denied.map(([need]) => need.action)
    const denial = denialOf(...first, step.launch)
    // ECR also answers as if the repository did not exist (ECR user guide, "Troubleshooting pull through cache issues").
    step.fail(onFargate ? 'manifest-denied' : 'manifest-denied-ec2', {
      values: { ...values, denial },
      missingActions,
      orElse: 'image-missing',
    })
    return false
  }
  if (calls.length > 0 && facts.network && reachesInternet(step.launch) === false) {
    const about =
      'give the subnet NAT for the first pull through the cache: over endpoints alone ECR cannot fetch from upstream'
    step.fail('image-missing', { values, cause: 'network', change: { target: 'network', about } })
    return false
  }
  return true
}

/** Existence, platform and the registry's own limits. */
function checkImage(step: StepBuilder, use: ImageUse, values: Readonly<Record<string, string>>): void {
  const { facts, setting, onFargate, task } = step.launch
  const { image } = use
  const uri = `${image.host === 'docker.io' ? '' : `${image.host}/`}${image.repository}`
  if (!use.withCredentials && !image.ecr && image.registry !== 'ecr-public') {
    if (facts.registry?.rateLimited && image.registry === 'docker-hub') {
      const about = `mirror ${image.text} to ECR, use a pull-through cache, or set repositoryCredentials`
      step.fail('registry-rate-limited', { values, change: { target: 'task-definition', about } })
      return
    }
    if (facts.registry?.private) {
      const about = `set repositoryCredentials for ${image.text}`
      step.fail('registry-needs-credentials', { values, change: { target: 'task-definition', about } })
      return
    }
  }
  const fromCache = image.ecr ? pullThroughRule(image.ecr, setting) : undefined
  const missing = fromCache ? undefined : imageIsMissing(step, use, uri)
  if (missing !== undefined) {
    step.fail(onFargate ? 'image-missing' : 'image-denied-or-missing-ec2', {
      values,
      change: { target: 'resource', about: missing, resource: image.text },
    })
    return
  }
  const platforms = facts.imagePlatforms?.[image.text] ?? facts.imagePlatforms?.[values['image'] ?? '']
  const wanted = platformOf(task.runtimePlatform)
  if (platforms && platforms.length > 0 && !platforms.some((platform) => samePlatform(platform, wanted))) {
    const about = `build ${image.text} for ${wanted}, or set runtimePlatform to ${platforms.join(' or ')}`
    step.fail('image-platform-mismatch', {
      values: { ...values, platform: wanted },
      change: { target: 'task-definition', about },
    })
  }
  if (!facts.images?.[uri] && image.ecr) step.unknown(`images: whether ${image.text} exists`)
}

function imageIsMissing(step: StepBuilder, { image }: ImageUse, uri: string): string | undefined {
  const { facts } = step.launch
  const repositories = facts.repositories
  if (image.ecr && repositories) {
    const known = repositories[image.ecr.arn]
    if (known?.exists === false || (!facts.incomplete && Object.keys(repositories).length === 0))
      return `create the repository ${image.ecr.arn} and push ${image.text}`
  }
  const tags = facts.images?.[uri] ?? facts.images?.[image.text.split(/[:@]/)[0] ?? '']
  const wanted = image.digest ?? image.tag
  return tags && wanted !== undefined && !tags.includes(wanted)
    ? `push ${image.text}, or name one of ${tags.join(', ')}`
    : undefined
}

/** `linux/amd64` and its like, as the manifest names platforms. */
function platformOf(platform: { readonly cpuArchitecture?: string; readonly operatingSystemFamily?: string }): string {
  const system = /^WINDOWS/i.test(platform.operatingSystemFamily ?? '') ? 'windows' : 'linux'
  return `${system}/${platform.cpuArchitecture?.toUpperCase() === 'ARM64' ? 'arm64' : 'amd64'}`
}

function samePlatform(one: string, other: string): boolean {
  const short = (platform: string) => platform.toLowerCase().replace('x86_64', 'amd64').split('/').slice(0, 2).join('/')
  return short(one) === short(other)
}

/** GuardDuty's agent comes beside the task's containers: without it the task runs, unwatched. */
function pullGuardDuty(step: StepBuilder, need: Need): void {
  const verdict = step.call(need)
  if (verdict.outcome !== 'denied') return
  const name = 'aws-guardduty-agent-fargate'
  const host = `${need.account === '*' ? '000000000000' : need.account}.dkr.ecr.${need.region}.amazonaws.com`
  step.failDegraded('manifest-denied', need, verdict, {
    image: `${host}/${name}:latest`,
    host,
    repository: name,
    tag: 'latest',
  })
  step.warn(
    'task starts; GuardDuty Runtime Monitoring silently loses coverage: the execution role may not pull the agent image',
  )
}

/** Layers: a URL from ECR, then the download from S3 through whatever endpoint the subnet has. */
export function imageLayers(step: StepBuilder): void {
  const { task, setting, onFargate, facts, launch } = { ...step.launch, launch: step.launch }
  for (const use of imageUses(task)) {
    const ecr = use.withCredentials ? undefined : use.image.ecr
    if (!ecr || (!setting.hasExecutionRole && setting.launchType !== 'EC2')) continue
    step.acts()
    const values = valuesOf(use)
    const need = pullNeed('layers', ecr, setting, use.containers)
    const verdict = step.call(need)
    if (verdict.outcome === 'denied') {
      step.failDenied(onFargate ? 'layers-denied' : 'layers-denied-ec2', need, verdict, values)
      continue
    }
    const reachable = reaches('s3', ecr.region, launch)
    if (reachable === false) {
      const about =
        'let the task reach S3, which holds the layers: a gateway endpoint (an interface endpoint does not serve) or NAT'
      step.fail(onFargate ? 'layers-unreachable' : 'registry-unreachable-ec2', {
        values,
        change: { target: 'network', about },
      })
      continue
    }
    if (reachable === undefined) step.unknown('network: whether the task reaches S3')
    if (facts.vpcEndpointPolicies?.['s3']) downloadLayers(step, { ...need, region: ecr.region }, values)
  }
}

/** The download is signed by ECR, so that only the endpoint's policy can refuse it. */
function downloadLayers(step: StepBuilder, need: Need, values: Readonly<Record<string, string>>): void {
  const bucket = layerBucketArn(need.region)
  const download: Need = {
    ...need,
    feature: 'layer-download',
    action: 's3:GetObject',
    resource: bucket.replace('/*', '/layer'),
    grants: [bucket],
    endpoint: 's3',
    why: 'download layers from the bucket of ECR through the S3 endpoint',
  }
  const verdict = step.call(download)
  if (verdict.outcome === 'denied') step.failDenied('layers-denied', download, verdict, values)
}

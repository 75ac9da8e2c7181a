import { partitionOfRegion } from '../../iam/arn.ts'
import type { Feature, Need, Setting, StepId } from '../need.ts'
import type { ContainerDefinition, TaskDefinition } from '../task-definition.ts'
import { decryptNeed, isDefaultKey, keyArnOf } from './secrets.ts'

/** An S3 object that ECS fetches before containers start. */
export type FileUse = {
  readonly arn: string
  readonly bucket: string
  readonly key: string
  readonly containers: readonly string[]
  readonly feature: Feature
  readonly step: StepId
  readonly purpose: string
}

function fileUse(arn: string, containers: readonly string[], feature: Feature, step: StepId, purpose: string): FileUse {
  const [, bucket = '', key = ''] = /:s3:::([^/]+)\/(.*)$/.exec(arn) ?? []
  return { arn, bucket, key, containers, feature, step, purpose }
}

export function environmentFileUses(task: TaskDefinition): readonly FileUse[] {
  const files = new Set(task.containers.flatMap((container) => container.environmentFiles))
  return [...files].map((arn) => {
    const containers = task.containers.filter((container) => container.environmentFiles.includes(arn))
    return fileUse(
      arn,
      containers.map((container) => container.name),
      'environment-file',
      'env-files',
      'environment file',
    )
  })
}

/** The FireLens configuration that a log router takes from S3. */
export function firelensConfigUse(container: ContainerDefinition): FileUse | undefined {
  const options = container.firelens?.options
  const value = options?.['config-file-value']
  if (options?.['config-file-type'] !== 's3' || value === undefined) return undefined
  return fileUse(value, [container.name], 'firelens-config', 'firelens-config', 'FireLens configuration')
}

/** A gMSA credential spec: its place, and whether the host is not joined to a domain. */
export type CredentialSpecUse = {
  readonly arn: string
  readonly domainless: boolean
  readonly container: string
  readonly store: 's3' | 'ssm' | 'other'
}

export function credentialSpecUses(task: TaskDefinition): readonly CredentialSpecUse[] {
  return task.containers.flatMap((container) =>
    container.credentialSpecs.map((spec) => {
      const arn = spec.slice(spec.indexOf(':') + 1)
      const service = arn.split(':')[2]
      const store = service === 's3' || service === 'ssm' ? service : 'other'
      return {
        arn,
        domainless: spec.startsWith('credentialspecdomainless:'),
        container: container.name,
        store,
      } as const
    }),
  )
}

export function credentialSpecFile(use: CredentialSpecUse): FileUse {
  return fileUse(use.arn, [use.container], 'credential-spec', 'credential-specs', 'credential spec')
}

/** `s3:GetObject` and `s3:GetBucketLocation`, and `kms:Decrypt` for an object under a customer's key. */
export function fileNeeds(use: FileUse, setting: Setting): readonly Need[] {
  const partition = use.arn.split(':')[1] ?? partitionOfRegion(setting.region)
  const bucket = `arn:${partition}:s3:::${use.bucket}`
  const base: Need = {
    step: use.step,
    feature: use.feature,
    actor: 'execution-role',
    action: 's3:GetObject',
    resource: use.arn,
    grants: [use.arn],
    account: setting.facts.buckets?.[bucket]?.accountId ?? setting.account,
    region: setting.region,
    endpoint: 's3',
    why: `read the ${use.purpose} ${use.bucket}/${use.key}`,
    containers: use.containers,
    certainty: 'documented',
  }
  const key = setting.facts.objects?.[use.arn]?.kms
  const location: Need = {
    ...base,
    action: 's3:GetBucketLocation',
    resource: bucket,
    grants: [bucket],
    why: `find the region of the bucket ${use.bucket}`,
  }
  if (key === undefined || isDefaultKey(key)) return [base, location]
  const owner = { ...base, region: setting.region }
  return [
    base,
    location,
    decryptNeed(base, keyArnOf(key, owner, setting), 's3', { 'kms:EncryptionContext:aws:s3:arn': use.arn }),
  ]
}

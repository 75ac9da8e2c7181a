import type { Facts, ParameterFacts, SecretFacts } from '../../ecs/facts.ts'
import type { Need } from '../../ecs/need.ts'
import { parseArn } from '../../iam/arn.ts'
import type { PolicyDocument } from '../../iam/policy.ts'
import type { Outcome } from '../attempt.ts'
import { decodeDocument } from '../live-role.ts'
import { forEachOf, type Probe, tagsFrom } from './probe.ts'

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }
type Stored = Required<Pick<Facts, 'secrets' | 'parameters' | 'objects' | 'buckets' | 'keys'>>

/**
 * Secrets, parameters and files that a task reads, with the keys that encrypt them. No value is ever read. What the caller may not
 * see gets an empty entry: it may exist.
 */
export async function storedFacts(probe: Probe, needs: readonly Need[]): Promise<Partial<Stored>> {
  const secrets: Record<string, Writable<SecretFacts>> = {}
  const parameters: Record<string, Writable<ParameterFacts>> = {}
  const objects: Record<string, { kms?: string }> = {}
  const buckets: Record<string, { policy?: PolicyDocument | null }> = {}
  const of = (action: string) =>
    distinct(needs.filter((need) => need.action === action).map(({ resource }) => resource))
  const secretIds = of('secretsmanager:GetSecretValue')
  const parameterArns = of('ssm:GetParameters').filter((arn) => !arn.includes(':parameter/aws/reference/'))
  const files = of('s3:GetObject')
  await forEachOf(secretIds, (id) => readSecret(probe, id, secrets))
  await forEachOf(parameterArns, (arn) => readParameter(probe, arn, parameters))
  await forEachOf(files, (arn) => readObject(probe, arn, objects))
  await forEachOf(distinct(files.map((arn) => arn.slice(0, arn.indexOf('/')))), (arn) =>
    readBucket(probe, arn, buckets),
  )
  const keys: Stored['keys'] = {}
  const encrypted = [
    ...Object.entries(secrets).map(([arn, entry]) => ({ entry, region: parseArn(arn)?.region })),
    ...Object.entries(parameters).map(([arn, entry]) => ({ entry, region: parseArn(arn)?.region })),
    ...Object.values(objects).map((entry) => ({ entry, region: undefined })),
  ]
  await forEachOf(encrypted, async ({ entry, region }) => {
    if (entry.kms !== undefined) entry.kms = await readKey(probe, entry.kms, region, keys)
  })
  return {
    ...(secretIds.length > 0 ? { secrets } : {}),
    ...(parameterArns.length > 0 ? { parameters } : {}),
    ...(files.length > 0 ? { objects, buckets } : {}),
    ...(Object.keys(keys).length > 0 ? { keys } : {}),
  }
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)]
}

async function readSecret(probe: Probe, resource: string, found: Record<string, Writable<SecretFacts>>): Promise<void> {
  // The need of a secret that is known by its name ends in a placeholder for the six characters.
  const id = resource.replace(/-⟨[^⟩]*⟩$/, '')
  const arn = parseArn(id)
  const client = await probe.aws.secrets(arn?.region || undefined)
  const SecretId = id === resource ? id : (arn?.resource.replace('secret:', '') ?? id)
  const described = await probe.ask('secretsmanager:DescribeSecret', id, () => client.describeSecret({ SecretId }))
  if (described.kind === 'denied') found[id] = {}
  if (described.kind !== 'found' || described.value.DeletedDate) return
  const { ARN = id, KmsKeyId, VersionIdsToStages = {}, Tags } = described.value
  const policy = await probe.ask('secretsmanager:GetResourcePolicy', ARN, () =>
    client.getResourcePolicy({ SecretId: ARN }),
  )
  const tags = tagsFrom(Tags)
  found[ARN] = {
    ...(KmsKeyId === undefined ? {} : { kms: KmsKeyId }),
    stages: distinct(Object.values(VersionIdsToStages).flat()),
    versions: Object.keys(VersionIdsToStages),
    ...(tags ? { tags } : {}),
    ...policyMember(policy, ({ ResourcePolicy }) => ResourcePolicy),
  }
}

async function readParameter(
  probe: Probe,
  arn: string,
  found: Record<string, Writable<ParameterFacts>>,
): Promise<void> {
  const parsed = parseArn(arn)
  const rest = parsed?.resource.replace(/^parameter\//, '') ?? ''
  const name = rest.includes('/') ? `/${rest}` : rest
  const client = await probe.aws.ssm(parsed?.region || undefined)
  const described = await probe.ask('ssm:DescribeParameters', '*', () =>
    client.describeParameters({ ParameterFilters: [{ Key: 'Name', Option: 'Equals', Values: [name] }] }),
  )
  if (described.kind === 'denied') found[arn] = {}
  const parameter = described.kind === 'found' ? described.value.Parameters?.[0] : undefined
  if (!parameter) return
  const listed = await probe.ask('ssm:ListTagsForResource', arn, () =>
    client.listTagsForResource({ ResourceType: 'Parameter', ResourceId: name }),
  )
  const tags = listed.kind === 'found' ? tagsFrom(listed.value.TagList) : undefined
  found[arn] = {
    ...(parameter.Type === undefined ? {} : { type: parameter.Type }),
    ...(parameter.KeyId === undefined ? {} : { kms: parameter.KeyId }),
    ...(tags ? { tags } : {}),
  }
}

async function readObject(probe: Probe, arn: string, found: Record<string, { kms?: string }>): Promise<void> {
  const [Bucket = '', ...path] = arn.replace(/^arn:[^:]*:s3:::/, '').split('/')
  const client = await probe.aws.s3()
  const head = await probe.ask('s3:GetObject', arn, () => client.headObject({ Bucket, Key: path.join('/') }))
  if (head.kind === 'denied') found[arn] = {}
  if (head.kind !== 'found') return
  const { SSEKMSKeyId } = head.value
  found[arn] = SSEKMSKeyId === undefined ? {} : { kms: SSEKMSKeyId }
}

async function readBucket(
  probe: Probe,
  arn: string,
  found: Record<string, { policy?: PolicyDocument | null }>,
): Promise<void> {
  const Bucket = arn.replace(/^arn:[^:]*:s3:::/, '')
  const client = await probe.aws.s3()
  const policy = await probe.ask('s3:GetBucketPolicy', arn, () => client.getBucketPolicy({ Bucket }))
  found[arn] = policyMember(policy, (value) => value.Policy)
}

/** A key's ARN from whatever names it; AWS's own keys stay as their alias, since they need no permission. */
async function readKey(probe: Probe, id: string, region: string | undefined, keys: Stored['keys']): Promise<string> {
  if (/(^|:)alias\/aws\//.test(id)) return id
  const client = await probe.aws.kms(parseArn(id)?.region || region)
  const described = await probe.ask('kms:DescribeKey', id, () => client.describeKey({ KeyId: id }))
  const metadata = described.kind === 'found' ? described.value.KeyMetadata : undefined
  if (!metadata?.Arn) return id
  const KeyId = metadata.Arn
  const listed = await probe.ask('kms:ListAliases', '*', () => client.listAliases({ KeyId }))
  const aliases =
    listed.kind === 'found' ? (listed.value.Aliases ?? []).flatMap(({ AliasName }) => AliasName ?? []) : []
  const own = aliases.find((alias) => alias.startsWith('alias/aws/'))
  if (metadata.KeyManager === 'AWS') return own ?? 'alias/aws/secretsmanager'
  const policy = await probe.ask('kms:GetKeyPolicy', KeyId, () => client.getKeyPolicy({ KeyId, PolicyName: 'default' }))
  ;(keys as Record<string, unknown>)[KeyId] = { aliases, ...policyMember(policy, (value) => value.Policy) }
  return KeyId
}

/** `{policy}`: the document, null when there is none, nothing when the caller may not see it. */
export function policyMember<T>(
  outcome: Outcome<T>,
  textOf: (value: T) => string | undefined,
): { policy?: PolicyDocument | null } {
  if (outcome.kind === 'denied') return {}
  const text = outcome.kind === 'found' ? textOf(outcome.value) : undefined
  return { policy: text === undefined ? null : decodeDocument(text) }
}

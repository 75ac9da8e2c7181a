// Where the AWS credentials of a process come from, in the order in which the AWS SDKs look.
import { AppError } from '../../errors.ts'
import { asText, parseObject } from '../json.ts'
import { fromProfile } from './aws-profile.ts'
import { assumeWithToken, regionOf } from './aws-sts.ts'
import type { AwsCredentials } from './sigv4.ts'
import { Renewed, type World } from './world.ts'

/** Gives the credentials of the process, renewed before they expire. Rejects with what was looked for when there are none. */
export function createAwsChain(world: World): () => AwsCredentials | Promise<AwsCredentials> {
  const held = new Renewed(world.now, async () => {
    const credentials = await find(world)
    return { value: credentials, expiresAt: credentials.expiresAt ?? world.now() + STATIC_MS }
  })
  return () => held.get()
}

/** How long keys without an end are kept before the sources are read again. */
const STATIC_MS = 15 * 60_000
const WAIT_MS = 2_000

type Source = (world: World) => Promise<AwsCredentials | undefined>

/** Where a profile may say that its keys come from, by the names that `credential_source` has. */
const PLACES: Readonly<Record<string, Source>> = {
  Environment: fromEnvironment,
  EcsContainer: fromContainer,
  Ec2InstanceMetadata: fromInstance,
}

const SOURCES: readonly Source[] = [
  fromEnvironment,
  fromWebIdentity,
  (world) => fromProfile(world, (name) => PLACES[name]?.(world)),
  fromContainer,
  fromInstance,
]

async function find(world: World): Promise<AwsCredentials> {
  for (const source of SOURCES) {
    const found = await source(world)
    if (found) return found
  }
  throw new AppError(
    'provider_unavailable',
    'no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, a web identity, or give the ECS task a task role (taskRoleArn)',
  )
}

async function fromEnvironment({ env }: World): Promise<AwsCredentials | undefined> {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: token } = env
  if (!accessKeyId || !secretAccessKey) return undefined
  return { accessKeyId, secretAccessKey, ...(token && { sessionToken: token }) }
}

/** A token that the platform writes to a file (EKS, GitHub) is exchanged at STS for the role's credentials. */
async function fromWebIdentity(world: World): Promise<AwsCredentials | undefined> {
  const { AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: role, AWS_ROLE_SESSION_NAME: session } = world.env
  if (!file || !role) return undefined
  return assumeWithToken(world, { role, session, file, region: regionOf(world.env) })
}

const ECS_HOST = 'http://169.254.170.2'
const PRIVATE_HOST = /^(?:127(?:\.\d+){3}|localhost|\[::1\]|169\.254\.170\.(?:2|23)|\[fd00:ec2::23\])$/

/** The task role of an ECS task (and the pod identity of EKS): the platform says where to ask. */
async function fromContainer(world: World): Promise<AwsCredentials | undefined> {
  const { env } = world
  const relative = env['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI']
  const full = env['AWS_CONTAINER_CREDENTIALS_FULL_URI']
  if (!relative && !full) return undefined
  const url = new URL(relative ? ECS_HOST + relative : full!)
  if (url.protocol !== 'https:' && !PRIVATE_HOST.test(url.hostname))
    throw new AppError(
      'provider_unavailable',
      'AWS_CONTAINER_CREDENTIALS_FULL_URI: plain http is only trusted on this machine',
    )
  const file = env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE']
  const token = file ? (await world.readFile(file)).trim() : env['AWS_CONTAINER_AUTHORIZATION_TOKEN']
  return readMetadata(world, url.href, token ? { authorization: token } : {}, 'the task role')
}

const INSTANCE = 'http://169.254.169.254/latest'

/** The role of an EC2 instance, by IMDSv2. Silence means that this is no instance. */
async function fromInstance(world: World): Promise<AwsCredentials | undefined> {
  if (world.env['AWS_EC2_METADATA_DISABLED']?.toLowerCase() === 'true') return undefined
  const ask = async (path: string, init: RequestInit) => {
    const response = await world.fetch(`${INSTANCE}/${path}`, { ...init, signal: AbortSignal.timeout(WAIT_MS) })
    return response.ok ? (await response.text()).trim() : undefined
  }
  try {
    const token = await ask('api/token', {
      method: 'PUT',
      headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '21600' },
    })
    if (!token) return undefined
    const headers = { 'x-aws-ec2-metadata-token': token }
    const role = (await ask('meta-data/iam/security-credentials/', { headers }))?.split('\n')[0]
    if (!role) return undefined
    return await readMetadata(
      world,
      `${INSTANCE}/meta-data/iam/security-credentials/${role}`,
      headers,
      'the instance role',
    )
  } catch {
    return undefined
  }
}

async function readMetadata(
  { fetch }: World,
  url: string,
  headers: Readonly<Record<string, string>>,
  what: string,
): Promise<AwsCredentials> {
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(WAIT_MS) })
  const answer = parseObject(await response.text())
  const [accessKeyId, secretAccessKey] = [asText(answer?.['AccessKeyId']), asText(answer?.['SecretAccessKey'])]
  if (!response.ok || !accessKeyId || !secretAccessKey)
    throw new AppError(
      'provider_unavailable',
      `${what} gave no credentials (${response.status} of the metadata endpoint)`,
    )
  const [token, expires] = [asText(answer?.['Token']), Date.parse(asText(answer?.['Expiration']) ?? '')]
  return {
    accessKeyId,
    secretAccessKey,
    ...(token && { sessionToken: token }),
    ...(Number.isFinite(expires) && { expiresAt: expires }),
  }
}

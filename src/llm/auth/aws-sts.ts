// Roles assumed at STS: https://docs.aws.amazon.com/STS/latest/APIReference/API_Operations.html
import { AppError } from '../../errors.ts'
import { asObject, asText, parseObject } from '../json.ts'
import { type AwsCredentials, signRequest } from './sigv4.ts'
import type { World } from './world.ts'

export const regionOf = (env: World['env']): string | undefined => env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION']

/** Where AWS answers in a region: China has a domain of its own. */
export const domainOf = (region: string): string => `${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`

/** A role, and what its trust policy may ask for. */
export type Assumed = {
  readonly role: string
  readonly session?: string | undefined
  readonly region?: string | undefined
  readonly externalId?: string | undefined
  readonly durationSeconds?: string | undefined
}

/** The credentials of a role for whoever has others already. */
export function assumeRole(world: World, assumed: Assumed, by: AwsCredentials): Promise<AwsCredentials> {
  const { externalId, durationSeconds } = assumed
  const form = {
    ...(externalId && { ExternalId: externalId }),
    ...(durationSeconds && { DurationSeconds: durationSeconds }),
  }
  return ask(world, 'AssumeRole', assumed, form, by)
}

/** The credentials of a role for whoever has a token that the platform wrote to a file. */
export async function assumeWithToken(
  world: World,
  assumed: Assumed & { readonly file: string },
): Promise<AwsCredentials> {
  const token = (await world.readFile(assumed.file)).trim()
  return ask(world, 'AssumeRoleWithWebIdentity', assumed, { WebIdentityToken: token })
}

async function ask(
  { fetch, now }: World,
  action: string,
  { role, session, region }: Assumed,
  further: Readonly<Record<string, string>>,
  by?: AwsCredentials,
): Promise<AwsCredentials> {
  const host = region ? `sts.${domainOf(region)}` : 'sts.amazonaws.com'
  const body = new URLSearchParams({
    Action: action,
    Version: '2011-06-15',
    RoleArn: role,
    RoleSessionName: session ?? 'portreeve',
    ...further,
  }).toString()
  const headers = { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' }
  const scope = { region: region ?? 'us-east-1', service: 'sts', nowMs: now() }
  const signed = by ? signRequest({ method: 'POST', host, path: '/', headers, body }, by, scope) : {}
  const response = await fetch(`https://${host}/`, {
    method: 'POST',
    headers: { ...headers, ...signed },
    body,
    signal: AbortSignal.timeout(10_000),
  })
  const text = await response.text()
  const answer = asObject(parseObject(text)?.[`${action}Response`])
  const given = asObject(asObject(answer?.[`${action}Result`])?.['Credentials'])
  // The JSON form counts seconds; the XML form is for those endpoints that ignore the wish.
  const field = (name: string) => asText(given?.[name]) ?? new RegExp(`<${name}>([^<]+)</${name}>`).exec(text)?.[1]
  const seconds = given?.['Expiration']
  const expires = typeof seconds === 'number' ? seconds * 1000 : Date.parse(field('Expiration') ?? '')
  const [accessKeyId, secretAccessKey, sessionToken] = [
    field('AccessKeyId'),
    field('SecretAccessKey'),
    field('SessionToken'),
  ]
  if (!response.ok || !accessKeyId || !secretAccessKey || !sessionToken) {
    const who = by ? `${by.accessKeyId.slice(0, 8)}… for the role` : 'the web identity for'
    throw new AppError(
      'provider_unavailable',
      `STS refused ${who} ${role} (${response.status}): check the role's trust policy`,
    )
  }
  return { accessKeyId, secretAccessKey, sessionToken, ...(Number.isFinite(expires) && { expiresAt: expires }) }
}

// Profiles of ~/.aws/credentials and ~/.aws/config: https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
import { createHash } from 'node:crypto'
import { AppError } from '../../errors.ts'
import { asNumber, asObject, asText, parseObject } from '../json.ts'
import { assumeRole, assumeWithToken, domainOf, regionOf } from './aws-sts.ts'
import type { AwsCredentials } from './sigv4.ts'
import type { World } from './world.ts'

type Profile = Readonly<Record<string, string>>
type Sections = ReadonlyMap<string, Profile>

/** Keys of the source that a profile names as its `credential_source`; undefined for a name that is none. */
type FromPlace = (name: string) => Promise<AwsCredentials | undefined> | undefined

/**
 * The profile that `AWS_PROFILE` names, or `default`: its keys, the role that it assumes, or the role that its SSO sign-in grants.
 * Undefined when there is no such profile and none was asked for.
 */
export async function fromProfile(world: World, place: FromPlace): Promise<AwsCredentials | undefined> {
  const { env, readFile } = world
  const home = env['HOME'] ?? env['USERPROFILE']
  const read = async (path: string | undefined) => (path ? await readFile(path).catch(() => '') : '')
  const inHome = (name: string) => home && `${home}/.aws/${name}`
  const files = [
    sectionsOf(await read(env['AWS_CONFIG_FILE'] ?? inHome('config'))),
    sectionsOf(await read(env['AWS_SHARED_CREDENTIALS_FILE'] ?? inHome('credentials'))),
  ]
  const asked = env['AWS_PROFILE'] ?? env['AWS_DEFAULT_PROFILE']
  const profiles: Sections = new Map(
    files
      .flatMap((file) => [...file.keys()])
      .map((name) => [name, Object.assign({}, ...files.map((file) => file.get(name)))]),
  )
  return new Profiles(world, place, profiles, home).credentials(asked ?? 'default', asked !== undefined)
}

/** `[profile work]` and `[work]` are the profile `work`; `[sso-session x]` keeps its whole name. */
function sectionsOf(text: string): Sections {
  const sections = new Map<string, Record<string, string>>()
  let values: Record<string, string> | undefined
  for (const line of text.split('\n')) {
    const [, name] = /^\s*\[\s*(?:profile\s+)?([^\]]+?)\s*\]/.exec(line) ?? []
    if (name !== undefined) {
      values = sections.get(name) ?? {}
      sections.set(name, values)
    }
    const [, key, value] = /^(\w+)\s*=\s*(.*?)(?:\s+[#;].*)?\s*$/.exec(line) ?? []
    if (values && key && value) values[key] = value
  }
  return sections
}

class Profiles {
  readonly #world: World
  readonly #place: FromPlace
  readonly #profiles: Sections
  readonly #home: string | undefined

  constructor(world: World, place: FromPlace, profiles: Sections, home: string | undefined) {
    this.#world = world
    this.#place = place
    this.#profiles = profiles
    this.#home = home
  }

  async credentials(name: string, asked: boolean, seen: readonly string[] = []): Promise<AwsCredentials | undefined> {
    const profile = this.#profiles.get(name)
    if (!profile) {
      if (!asked) return undefined
      const known = [...this.#profiles.keys()].filter((each) => !each.startsWith('sso-session ')).join(', ') || 'none'
      throw unusable(name, `there is no such profile (there are: ${known})`)
    }
    // A role whose source is the profile itself is assumed with the keys beside it.
    if (profile['role_arn'] && seen.at(-1) !== name) return this.#role(name, profile, [...seen, name])
    const { aws_access_key_id: accessKeyId, aws_secret_access_key: secretAccessKey, aws_session_token: token } = profile
    if (accessKeyId && secretAccessKey) return { accessKeyId, secretAccessKey, ...(token && { sessionToken: token }) }
    if (profile['sso_session'] || profile['sso_start_url']) return this.#signedIn(name, profile)
    if (profile['credential_process'])
      throw unusable(name, 'credential_process is not run: give the gateway keys, a role or an SSO sign-in instead')
    if (asked) throw unusable(name, 'it has neither keys, nor role_arn, nor an SSO sign-in')
    return undefined
  }

  async #role(name: string, profile: Profile, seen: readonly string[]): Promise<AwsCredentials> {
    const { role_arn: role = '', source_profile: source, credential_source: place } = profile
    const assumed = {
      role,
      session: profile['role_session_name'],
      region: profile['region'] ?? regionOf(this.#world.env),
      externalId: profile['external_id'],
      durationSeconds: profile['duration_seconds'],
    }
    const file = profile['web_identity_token_file']
    if (file) return assumeWithToken(this.#world, { ...assumed, file })
    if (profile['mfa_serial']) throw unusable(name, 'mfa_serial asks for a code, and nobody is there to type it')
    if (source !== undefined && seen.slice(0, -1).includes(source))
      throw unusable(name, `source_profile goes round in a circle: ${[...seen, source].join(' → ')}`)
    const by =
      source !== undefined
        ? await this.credentials(source, true, seen)
        : place !== undefined
          ? await this.#place(place)
          : undefined
    if (!by) {
      const why = place
        ? `credential_source ${place} gave no credentials (it can be Environment, EcsContainer or Ec2InstanceMetadata)`
        : 'role_arn needs source_profile, credential_source or web_identity_token_file beside it'
      throw unusable(name, why)
    }
    return assumeRole(this.#world, assumed, by)
  }

  /** The sign-in itself is the work of "aws sso login", which leaves a token in a file. */
  async #signedIn(name: string, profile: Profile): Promise<AwsCredentials> {
    const session = profile['sso_session']
    const sso = session === undefined ? profile : { ...profile, ...this.#profiles.get(`sso-session ${session}`) }
    const { sso_region: region, sso_start_url: start, sso_account_id: account, sso_role_name: role } = sso
    if (!region || !start || !account || !role)
      throw unusable(name, 'the SSO sign-in needs sso_region, sso_start_url, sso_account_id and sso_role_name')
    const file = `${this.#home}/.aws/sso/cache/${createHash('sha1')
      .update(session ?? start)
      .digest('hex')}.json`
    const kept = parseObject(await this.#world.readFile(file).catch(() => ''))
    const token = asText(kept?.['accessToken'])
    const login = `run "aws sso login --profile ${name}"`
    if (!token) throw unusable(name, `nobody is signed in: ${login}`)
    if (!(Date.parse(asText(kept?.['expiresAt']) ?? '') > this.#world.now()))
      throw unusable(name, `the sign-in has expired: ${login}`)
    const query = new URLSearchParams({ role_name: role, account_id: account })
    const response = await this.#world.fetch(`https://portal.sso.${domainOf(region)}/federation/credentials?${query}`, {
      headers: { 'x-amz-sso_bearer_token': token },
      signal: AbortSignal.timeout(10_000),
    })
    const given = asObject(parseObject(await response.text())?.['roleCredentials'])
    const [accessKeyId, secretAccessKey] = [asText(given?.['accessKeyId']), asText(given?.['secretAccessKey'])]
    if (!response.ok || !accessKeyId || !secretAccessKey)
      throw unusable(
        name,
        `the SSO portal gave no credentials (${response.status}): ${login}, or ask for ${role} in ${account}`,
      )
    const [sessionToken, expiresAt] = [asText(given?.['sessionToken']), asNumber(given?.['expiration'])]
    return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }), ...(expiresAt && { expiresAt }) }
  }
}

function unusable(profile: string, why: string): AppError {
  return new AppError('provider_unavailable', `the AWS profile ${profile} cannot be used: ${why}`)
}

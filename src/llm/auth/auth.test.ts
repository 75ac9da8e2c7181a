import { Sha256 } from '@aws-crypto/sha256-js'
import { SignatureV4 } from '@smithy/signature-v4'
import { describe, expect, it } from 'bun:test'
import { asyncProperty, array, assert, constantFrom, dictionary, string } from 'fast-check'
import { createVerify, generateKeyPairSync } from 'node:crypto'
import { createAuthorizer, isDynamic } from './authorize.ts'
import { createAwsChain } from './aws-credentials.ts'
import { assertionOf, createGoogleTokens } from './google-token.ts'
import { signRequest } from './sigv4.ts'
import type { World } from './world.ts'

const NOW = Date.parse('2026-11-23T12:00:00Z')
const KEYS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }

type Answer = { status?: number; body: unknown }
function world(
  env: Record<string, string>,
  answers: Record<string, Answer | (() => Answer)> = {},
  files: Record<string, string> = {},
) {
  const asked: { url: string; init: RequestInit | undefined }[] = []
  const clock = { now: NOW }
  const made: World = {
    env,
    now: () => clock.now,
    readFile: async (path) => files[path] ?? Promise.reject(new Error(`no ${path}`)),
    fetch: async (url, init) => {
      asked.push({ url, init })
      const found = answers[url]
      if (!found) throw new Error('unreachable')
      const { status = 200, body } = typeof found === 'function' ? found() : found
      return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status })
    },
  }
  return { world: made, asked, clock }
}

describe('signatures', () => {
  it('equals the vector of the signing suite', () => {
    const scope = { region: 'us-east-1', service: 'service', nowMs: Date.parse('2015-08-30T12:36:00Z') }
    const signed = signRequest({ method: 'GET', host: 'example.amazonaws.com', path: '/', body: '' }, KEYS, scope)
    expect(signed['authorization']).toBe(
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
    )
  })

  it('equals what the SDK signs, whatever the path, query, headers and body', async () => {
    const signer = new SignatureV4({
      credentials: { ...KEYS, sessionToken: 'token' },
      region: 'eu-central-1',
      service: 'bedrock',
      sha256: Sha256,
      applyChecksum: false,
    })
    const steps = array(constantFrom('model', 'anthropic.claude-v2%3A1', 'arn%3Aaws%3Abedrock%2Fx', 'a b', 'ü'), {
      minLength: 1,
      maxLength: 4,
    })
    const values = dictionary(constantFrom('a', 'b', 'API-Version', 'x y'), string(), { maxKeys: 3 })
    await assert(
      asyncProperty(steps, values, string(), async (parts, query, body) => {
        const path = `/${parts.map((part) => encodeURI(part).replaceAll('%25', '%')).join('/')}`
        const host = 'bedrock-runtime.eu-central-1.amazonaws.com'
        const headers = { 'content-type': 'application/json' }
        const request = {
          method: 'POST',
          protocol: 'https:',
          hostname: host,
          path,
          query,
          headers: { ...headers, host },
          body,
        }
        const theirs = await signer.sign(request as never, { signingDate: new Date(NOW) })
        const ours = signRequest(
          { method: 'POST', host, path, query: new URLSearchParams(query).toString(), headers, body },
          { ...KEYS, sessionToken: 'token' },
          { region: 'eu-central-1', service: 'bedrock', nowMs: NOW },
        )
        expect(ours['authorization']).toBe(
          (theirs as unknown as { headers: Record<string, string> }).headers['authorization'],
        )
      }),
      { numRuns: 60 },
    )
  })
})

const TASK = { AccessKeyId: 'ASIA1', SecretAccessKey: 's', Token: 't', Expiration: '2026-11-23T13:00:00Z' }
const ROLE_URL = 'http://169.254.169.254/latest/meta-data/iam/security-credentials/'

describe('the AWS chain', () => {
  it.each([
    ['the environment', { AWS_ACCESS_KEY_ID: 'AKIA1', AWS_SECRET_ACCESS_KEY: 's' }, {}, {}, { accessKeyId: 'AKIA1' }],
    [
      'the ECS task role',
      { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials/abc' },
      { 'http://169.254.170.2/v2/credentials/abc': { body: TASK } },
      {},
      { accessKeyId: 'ASIA1', sessionToken: 't', expiresAt: NOW + 3_600_000 },
    ],
    [
      'the pod identity, with its token',
      {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://169.254.170.23/v1/credentials',
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/token',
      },
      { 'http://169.254.170.23/v1/credentials': { body: TASK } },
      { '/token': 'abc\n' },
      { accessKeyId: 'ASIA1' },
    ],
    [
      'a web identity',
      { AWS_WEB_IDENTITY_TOKEN_FILE: '/jwt', AWS_ROLE_ARN: 'arn:aws:iam::1:role/x', AWS_REGION: 'eu-west-1' },
      {
        'https://sts.eu-west-1.amazonaws.com/': {
          body: '<R><Credentials><AccessKeyId>ASIA2</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2026-11-23T13:00:00Z</Expiration></Credentials></R>',
        },
      },
      { '/jwt': 'ey' },
      { accessKeyId: 'ASIA2', expiresAt: NOW + 3_600_000 },
    ],
    [
      'a profile',
      { HOME: '/home/a', AWS_PROFILE: 'work' },
      {},
      {
        '/home/a/.aws/credentials':
          '[default]\naws_access_key_id = no\n[work]\naws_access_key_id = AKIA3\naws_secret_access_key = s\n',
      },
      { accessKeyId: 'AKIA3' },
    ],
    [
      'the instance',
      {},
      {
        'http://169.254.169.254/latest/api/token': { body: 'tok' },
        [ROLE_URL]: { body: 'role' },
        [`${ROLE_URL}role`]: { body: TASK },
      },
      {},
      { accessKeyId: 'ASIA1' },
    ],
  ])('reads %s', async (_, env, answers, files, found) => {
    const { world: given } = world(
      env as unknown as Record<string, string>,
      answers as unknown as Record<string, Answer>,
      files as unknown as Record<string, string>,
    )
    expect(await createAwsChain(given)()).toMatchObject(found)
  })

  const CONFIG = `
[default]
region = eu-west-1
[profile keys]
aws_access_key_id = AKIAKEYS   # written by hand
aws_secret_access_key = s
[profile role]
role_arn = arn:aws:iam::1:role/x
source_profile = keys
external_id = harbour
region = eu-central-1
[profile itself]
role_arn = arn:aws:iam::1:role/y
source_profile = itself
aws_access_key_id = AKIASELF
aws_secret_access_key = s
[profile task]
role_arn = arn:aws:iam::1:role/z
credential_source = EcsContainer
[profile nowhere]
role_arn = arn:aws:iam::1:role/z
credential_source = Moon
[profile a]
role_arn = arn:aws:iam::1:role/a
source_profile = b
[profile b]
role_arn = arn:aws:iam::1:role/b
source_profile = a
[profile mfa]
role_arn = arn:aws:iam::1:role/x
source_profile = keys
mfa_serial = arn:aws:iam::1:mfa/me
[profile alone]
role_arn = arn:aws:iam::1:role/x
[profile process]
credential_process = /bin/keys
[profile empty]
region = eu-west-1
[profile sso]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = Bedrock
[profile old]
sso_start_url = https://old.example/start
sso_region = eu-west-1
sso_account_id = 1
sso_role_name = R
[sso-session corp]
sso_region = eu-west-1
sso_start_url = https://corp.example/start
`
  const cache = (name: string, expiresAt: string) => ({
    [`/h/.aws/sso/cache/${new Bun.CryptoHasher('sha1').update(name).digest('hex')}.json`]: JSON.stringify({
      accessToken: 'sso-token',
      expiresAt,
    }),
  })
  const inProfile = (profile: string, env: Record<string, string> = {}) => {
    const expiration = { Expiration: '2026-11-23T13:00:00Z' }
    const credentials = { AccessKeyId: 'ASIAROLE', SecretAccessKey: 's', SessionToken: 't', ...expiration }
    const assumed = { body: { AssumeRoleResponse: { AssumeRoleResult: { Credentials: credentials } } } }
    return world(
      { HOME: '/h', AWS_PROFILE: profile, AWS_EC2_METADATA_DISABLED: 'true', ...env },
      {
        'https://sts.eu-central-1.amazonaws.com/': assumed,
        'https://sts.amazonaws.com/': assumed,
        'http://169.254.170.2/c': { body: TASK },
        'https://portal.sso.eu-west-1.amazonaws.com/federation/credentials?role_name=Bedrock&account_id=111122223333': {
          body: {
            roleCredentials: { accessKeyId: 'ASIASSO', secretAccessKey: 's', sessionToken: 't', expiration: NOW + 9e5 },
          },
        },
      },
      {
        '/h/.aws/config': CONFIG,
        ...cache('corp', '2026-11-23T18:00:00Z'),
        ...cache('https://old.example/start', '2026-11-23T11:00:00Z'),
      },
    )
  }
  it.each([
    ['keys', {}, { accessKeyId: 'AKIAKEYS' }, undefined],
    [
      'role',
      {},
      { accessKeyId: 'ASIAROLE', sessionToken: 't', expiresAt: NOW + 3_600_000 },
      'AKIAKEYS/20261123/eu-central-1/sts',
    ],
    ['itself', {}, { accessKeyId: 'ASIAROLE' }, 'AKIASELF/20261123/us-east-1/sts'],
    [
      'task',
      { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/c' },
      { accessKeyId: 'ASIAROLE' },
      'ASIA1/20261123/us-east-1/sts',
    ],
    ['sso', {}, { accessKeyId: 'ASIASSO', expiresAt: NOW + 9e5 }, undefined],
  ])('takes the profile %s', async (profile, env, found, signedBy) => {
    const { world: given, asked } = inProfile(profile, env as Record<string, string>)
    expect(await createAwsChain(given)()).toMatchObject(found)
    const { body, headers } = (asked.at(-1)?.init ?? {}) as { body?: string; headers?: Record<string, string> }
    if (signedBy) expect(headers?.['authorization']).toContain(`Credential=${signedBy}`)
    if (profile === 'role') expect(new URLSearchParams(body).get('ExternalId')).toBe('harbour')
    if (profile === 'sso') expect(headers?.['x-amz-sso_bearer_token']).toBe('sso-token')
  })

  it.each([
    ['gone', 'there is no such profile (there are: default, keys, role,'],
    ['nowhere', 'credential_source Moon gave no credentials'],
    ['a', 'source_profile goes round in a circle: a → b → a'],
    ['mfa', 'mfa_serial asks for a code'],
    ['alone', 'role_arn needs source_profile, credential_source or web_identity_token_file'],
    ['process', 'credential_process is not run'],
    ['empty', 'it has neither keys, nor role_arn, nor an SSO sign-in'],
    ['old', 'the sign-in has expired: run "aws sso login --profile old"'],
  ])('says why the profile %s cannot be used', async (profile, why) => {
    const failure = Promise.resolve(createAwsChain(inProfile(profile).world)())
    expect(String(await failure.catch((error: unknown) => error))).toContain(why)
  })

  it('passes over a default profile that has no keys, when nobody asked for it', async () => {
    const { world: given } = inProfile('', { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/c' })
    const { AWS_PROFILE: _, ...env } = given.env
    expect(await createAwsChain({ ...given, env })()).toMatchObject({ accessKeyId: 'ASIA1' })
  })

  it('says what is missing, and trusts no foreign endpoint', async () => {
    const failure = (env: Record<string, string>) =>
      Promise.resolve(createAwsChain(world(env).world)()).catch((error: unknown) => String(error))
    expect(await failure({})).toContain('taskRoleArn')
    expect(await failure({ AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://evil.example/c' })).toContain('plain http')
  })

  it('renews before the end, once for all who ask, and keeps the last while renewing fails', async () => {
    let round = 0
    let broken = false
    const {
      world: given,
      asked,
      clock,
    } = world(
      { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/c' },
      {
        'http://169.254.170.2/c': () =>
          broken
            ? { status: 500, body: '' }
            : {
                body: {
                  ...TASK,
                  AccessKeyId: `ASIA${++round}`,
                  Expiration: new Date(clock.now + 3_600_000).toISOString(),
                },
              },
      },
    )
    const chain = createAwsChain(given)
    const both = await Promise.all([chain(), chain()])
    expect(both.map(({ accessKeyId }) => accessKeyId)).toEqual(['ASIA1', 'ASIA1'])
    expect(asked).toHaveLength(1)
    clock.now += 3_400_000
    broken = true
    expect((await chain()).accessKeyId).toBe('ASIA1')
    await Bun.sleep(0)
    broken = false
    expect((await chain()).accessKeyId).toBe('ASIA1')
    await Bun.sleep(0)
    expect((await chain()).accessKeyId).toBe('ASIA2')
  })
})

describe('Google tokens', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  const account = {
    type: 'service_account',
    client_email: 'a@p.iam.gserviceaccount.com',
    private_key: privateKey,
    private_key_id: 'k1',
  }

  it('signs an assertion that the public key verifies', () => {
    const [head = '', claims = '', signature = ''] = assertionOf(account, NOW).split('.')
    expect(JSON.parse(Buffer.from(head, 'base64url').toString())).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'k1' })
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
      iss: account.client_email,
      exp: NOW / 1000 + 3600,
    })
    expect(createVerify('RSA-SHA256').update(`${head}.${claims}`).verify(publicKey, signature, 'base64url')).toBe(true)
  })

  it('passes a token on, buys one for an account, and keeps it', async () => {
    const { world: given, asked } = world(
      {},
      { 'https://oauth2.googleapis.com/token': { body: { access_token: 'ya29.x', expires_in: 3600 } } },
    )
    const tokens = createGoogleTokens(given)
    expect(tokens('ya29.mine')).toBe('ya29.mine')
    expect(await tokens(JSON.stringify(account))).toBe('ya29.x')
    expect(tokens(JSON.stringify(account))).toBe('ya29.x')
    expect(asked).toHaveLength(1)
  })

  it('says why there is none', async () => {
    const refused = world(
      {},
      {
        'https://oauth2.googleapis.com/token': {
          status: 400,
          body: { error: 'invalid_grant', error_description: 'Invalid JWT' },
        },
      },
    )
    const why = (given: World, secret?: string) =>
      Promise.resolve(createGoogleTokens(given)(secret)).catch((error: unknown) => String(error))
    expect(await why(refused.world, JSON.stringify(account))).toContain('Invalid JWT')
    expect(await why(world({}).world)).toContain('GOOGLE_APPLICATION_CREDENTIALS')
  })
})

describe('proofs', () => {
  const request = {
    method: 'POST',
    host: 'bedrock-runtime.eu-west-1.amazonaws.com',
    path: '/model/x/converse',
    body: '{}',
  }
  const { prove } = createAuthorizer(world({ AWS_ACCESS_KEY_ID: 'AKIA1', AWS_SECRET_ACCESS_KEY: 's' }).world)

  it.each([
    [{ scheme: 'bearer' }, { headers: { authorization: 'Bearer k' } }],
    [{ scheme: 'header', name: 'X-Api-Key' }, { headers: { 'x-api-key': 'k' } }],
    [{ scheme: 'header', name: 'authorization', prefix: 'Token ' }, { headers: { authorization: 'Token k' } }],
    [
      { scheme: 'query', name: 'key' },
      { headers: {}, query: 'key=k' },
    ],
    [{ scheme: 'sigv4', service: 'bedrock' }, { headers: { authorization: 'Bearer k' } }],
    [{ scheme: 'none' }, { headers: { authorization: 'Bearer k' } }],
  ] as const)('%j', (auth, proof) => {
    expect(prove(auth, 'k', request)).toEqual(proof as never)
  })

  it('buys a token for an application once, renews it, and never sends the application itself', async () => {
    const auth = {
      scheme: 'header',
      name: 'api-key',
      exchange: { url: 'https://login.example/{tenant_id}/token', scope: 'models' },
    } as const
    const application = JSON.stringify({ tenant_id: 'harbour', client_id: 'id', client_secret: 'canary' })
    let bought = 0
    const sold = () => ({ body: { access_token: `t${++bought}`, expires_in: 3600 } })
    const { world: given, asked, clock } = world({}, { 'https://login.example/harbour/token': sold })
    const { prove } = createAuthorizer(given)
    expect([isDynamic(auth, application), isDynamic(auth, 'plain-key')]).toEqual([true, false])
    expect(prove(auth, 'plain-key', request)).toEqual({ headers: { 'api-key': 'plain-key' } })
    const both = await Promise.all([prove(auth, application, request), prove(auth, application, request)])
    expect(both).toEqual([{ headers: { authorization: 'Bearer t1' } }, { headers: { authorization: 'Bearer t1' } }])
    expect(asked).toHaveLength(1)
    expect(Object.fromEntries(new URLSearchParams(asked[0]?.init?.body as string))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'id',
      client_secret: 'canary',
      scope: 'models',
    })
    clock.now += 3_590_000
    expect(await prove(auth, application, request)).toEqual({ headers: { authorization: 'Bearer t2' } })
  })

  it.each([
    ['{"client_id":"a"}', {}, 'has no tenant_id'],
    ['{"tenant_id":"a","client_id":"b"}', {}, 'has no client_secret'],
    ['{"tenant_id":"a","client_id":"b","client_secret":"canary"}', {}, 'login.example does not answer'],
    [
      '{"tenant_id":"a","client_id":"b","client_secret":"canary"}',
      { status: 401, body: { error: 'invalid_client', error_description: 'AADSTS7000215: wrong secret.\r\nTrace' } },
      'login.example refused the application (401): AADSTS7000215: wrong secret.',
    ],
  ])('says why there is no token: %s', async (application, answer, why) => {
    const answers = 'status' in answer ? { 'https://login.example/a/token': answer as Answer } : {}
    const exchange = { url: 'https://login.example/{tenant_id}/token', scope: 'models' }
    const { prove } = createAuthorizer(world({}, answers).world)
    const failure = await Promise.resolve(prove({ scheme: 'header', name: 'k', exchange }, application, request)).catch(
      String,
    )
    expect(failure).toContain(why)
    expect(failure).not.toContain('canary')
  })

  it('signs for the region in the host when there is no secret', async () => {
    const auth = { scheme: 'sigv4', service: 'bedrock' } as const
    const { headers } = await prove(auth, undefined, request)
    expect(headers['authorization']).toContain('/20261123/eu-west-1/bedrock/aws4_request')
    expect(isDynamic(auth, undefined)).toBe(true)
    expect(isDynamic(auth, 'k')).toBe(false)
    expect(() => prove(auth, undefined, { ...request, host: 'example.com' })).toThrow('names no AWS region')
    const elsewhere = await prove(auth, undefined, { ...request, host: '127.0.0.1:9' }, 'us-west-2')
    expect(elsewhere.headers['authorization']).toContain('/us-west-2/bedrock/')
  })
})

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

import { AppError } from '../../errors.ts'
import type { Auth } from '../provider.ts'
import { createAwsChain } from './aws-credentials.ts'
import { createClientTokens } from './client-token.ts'
import { createGoogleTokens } from './google-token.ts'
import { signRequest, type Signable } from './sigv4.ts'
import type { World } from './world.ts'

/** What a request carries so that the vendor knows who calls. */
export type Proof = { readonly headers: Readonly<Record<string, string>>; readonly query?: string }

export type Authorizer = {
  /**
   * The proof for one request. A promise only when something has to be fetched first: keys and tokens that are held answer at once.
   * Rejects with `provider_unavailable` when there is nothing to prove it with. `region` is for hosts that do not name it.
   */
  readonly prove: (auth: Auth, secret: string | undefined, request: Signable, region?: string) => Proof | Promise<Proof>
}

/** Whether the proof depends on the request or changes with time; otherwise it is the secret itself, and can be made once and kept. */
export function isDynamic(auth: Auth, secret: string | undefined): boolean {
  switch (auth.scheme) {
    case 'sigv4':
      return !secret
    case 'google':
      return !secret || isJson(secret)
    case 'header':
      return auth.exchange !== undefined && secret !== undefined && isJson(secret)
    default:
      return false
  }
}

const isJson = (secret: string) => secret.trimStart().startsWith('{')

export function createAuthorizer(world: World): Authorizer {
  const credentialsOf = createAwsChain(world)
  const tokenFor = createGoogleTokens(world)
  const boughtWith = createClientTokens(world)
  return {
    prove(auth, secret, request, region) {
      if (auth.scheme === 'sigv4' && !secret) {
        const { service } = auth
        const scope = { region: region ?? regionIn(request.host, service), service, nowMs: world.now() }
        const credentials = credentialsOf()
        if (!(credentials instanceof Promise)) return { headers: signRequest(request, credentials, scope) }
        return credentials.then((found) => ({ headers: signRequest(request, found, scope) }))
      }
      if (auth.scheme === 'header' && auth.exchange && secret && isDynamic(auth, secret)) {
        const token = boughtWith(auth.exchange, secret)
        return token instanceof Promise ? token.then(bearer) : bearer(token)
      }
      if (auth.scheme === 'google') {
        const token = tokenFor(secret)
        return token instanceof Promise ? token.then(bearer) : bearer(token)
      }
      return staticProof(auth, secret)
    },
  }
}

/** The proof of schemes that only repeat the secret. */
export function staticProof(auth: Auth, secret: string | undefined): Proof {
  if (!secret) return { headers: {} }
  switch (auth.scheme) {
    case 'header':
      return { headers: { [auth.name.toLowerCase()]: `${auth.prefix ?? ''}${secret}` } }
    case 'query':
      return { headers: {}, query: `${auth.name}=${encodeURIComponent(secret)}` }
    default:
      return bearer(secret)
  }
}

const bearer = (secret: string): Proof => ({ headers: { authorization: `Bearer ${secret}` } })

/** The region stands in the host: `bedrock-runtime.us-east-1.amazonaws.com`, also in endpoints of a VPC. */
function regionIn(host: string, service: string): string {
  const region = /\b([a-z]{2,3}(?:-[a-z]+)+-\d)\b/.exec(host)?.[1]
  if (!region)
    throw new AppError(
      'invalid_configuration',
      `${host} names no AWS region to sign for (${service}): use an address that does`,
      {
        field: 'base_url',
      },
    )
  return region
}

// Google access tokens from a service account, a signed-in user, or the machine: https://google.aip.dev/auth
import { createSign } from 'node:crypto'
import { AppError } from '../../errors.ts'
import { asNumber, asText, parseObject } from '../json.ts'
import type { JsonObject } from '../spec.ts'
import { Renewed, type World } from './world.ts'

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform'
const TOKEN_URL = 'https://oauth2.googleapis.com/token'
const MACHINE_URL = 'http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token'

/** Sources of tokens, one for each secret: a secret may be a token itself, or the JSON of a service account. */
export function createGoogleTokens(world: World): (secret: string | undefined) => string | Promise<string> {
  const known = new Map<string, Renewed<string>>()
  return (secret) => {
    const text = secret?.trim()
    if (text && !text.startsWith('{')) return text
    const name = text ?? ''
    let held = known.get(name)
    if (!held) {
      held = new Renewed(world.now, () => buy(world, text))
      if (known.size >= 100) known.clear()
      known.set(name, held)
    }
    return held.get()
  }
}

type Bought = { readonly value: string; readonly expiresAt: number }

async function buy(world: World, given: string | undefined): Promise<Bought> {
  const text = given ?? (await defaultCredentials(world))
  if (text === undefined)
    return ask(
      world,
      MACHINE_URL,
      { headers: { 'metadata-flavor': 'Google' } },
      'the machine has no Google service account: set GOOGLE_APPLICATION_CREDENTIALS, or api_key to the JSON of a service account',
    )
  const file = parseObject(text)
  switch (file?.['type']) {
    case 'service_account':
      return exchange(world, {
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: assertionOf(file, world.now()),
      })
    case 'authorized_user':
      return exchange(world, {
        grant_type: 'refresh_token',
        client_id: asText(file['client_id']) ?? '',
        client_secret: asText(file['client_secret']) ?? '',
        refresh_token: asText(file['refresh_token']) ?? '',
      })
    default:
      throw new AppError(
        'provider_unavailable',
        'the Google credentials are neither a service account nor a signed-in user',
      )
  }
}

/** The file that Google's own libraries read, if there is one. */
async function defaultCredentials({ env, readFile }: World): Promise<string | undefined> {
  const named = env['GOOGLE_APPLICATION_CREDENTIALS']
  if (named) return readFile(named)
  const home = env['HOME']
  if (!home) return undefined
  return readFile(`${home}/.config/gcloud/application_default_credentials.json`).catch(() => undefined)
}

/** A JWT, signed with the account's key and good for an hour. */
export function assertionOf(account: JsonObject, nowMs: number): string {
  const issuer = asText(account['client_email'])
  const key = asText(account['private_key'])
  if (!issuer || !key)
    throw new AppError('provider_unavailable', 'the Google service account has no client_email or no private_key')
  const now = Math.floor(nowMs / 1000)
  const id = asText(account['private_key_id'])
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${part({ alg: 'RS256', typ: 'JWT', ...(id && { kid: id }) })}.${part({
    iss: issuer,
    scope: SCOPE,
    aud: TOKEN_URL,
    iat: now,
    exp: now + 3600,
  })}`
  return `${text}.${createSign('RSA-SHA256').update(text).sign(key).toString('base64url')}`
}

const exchange = (world: World, form: Readonly<Record<string, string>>): Promise<Bought> =>
  ask(
    world,
    TOKEN_URL,
    {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    },
    'Google refused the credentials',
  )

async function ask({ fetch, now }: World, url: string, init: RequestInit, problem: string): Promise<Bought> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(10_000) }).catch(() => undefined)
  const answer = response && parseObject(await response.text())
  const token = asText(answer?.['access_token'])
  if (!response?.ok || !token) {
    const why = asText(answer?.['error_description']) ?? asText(answer?.['error'])
    throw new AppError('provider_unavailable', why ? `${problem}: ${why}` : problem)
  }
  return { value: token, expiresAt: now() + (asNumber(answer?.['expires_in']) ?? 3600) * 1000 }
}

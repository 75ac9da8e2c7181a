// Tokens that an application buys with its own credentials: https://datatracker.ietf.org/doc/html/rfc6749#section-4.4
import { AppError } from '../../errors.ts'
import { asNumber, asText, parseObject } from '../json.ts'
import type { TokenExchange } from '../provider.ts'
import { Renewed, type World } from './world.ts'

/** Sources of tokens, one for each application; a token is bought once for all who ask, and again before it ends. */
export function createClientTokens(
  world: World,
): (exchange: TokenExchange, secret: string) => string | Promise<string> {
  const known = new Map<string, Renewed<string>>()
  return (exchange, secret) => {
    const name = `${exchange.scope}\n${secret}`
    let held = known.get(name)
    if (!held) {
      held = new Renewed(world.now, () => buy(world, exchange, secret))
      if (known.size >= 100) known.clear()
      known.set(name, held)
    }
    return held.get()
  }
}

async function buy({ fetch, now }: World, { url, scope }: TokenExchange, secret: string) {
  const application = parseObject(secret)
  const field = (name: string) => {
    const value = asText(application?.[name])
    if (!value) throw unavailable(`the JSON of the application has no ${name}`)
    return value
  }
  const address = url.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(field(name)))
  const form = {
    grant_type: 'client_credentials',
    client_id: field('client_id'),
    client_secret: field('client_secret'),
    scope,
  }
  const { host } = new URL(address)
  const response = await fetch(address, {
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
    // Whoever is redirected to must not learn the application's secret.
    redirect: 'manual',
    signal: AbortSignal.timeout(10_000),
  }).catch(() => undefined)
  if (!response) throw unavailable(`${host} does not answer`)
  const answer = parseObject(await response.text())
  const token = asText(answer?.['access_token'])
  if (!response.ok || !token) {
    const why = asText(answer?.['error_description'])?.split('\n')[0] ?? asText(answer?.['error'])
    throw unavailable(`${host} refused the application (${response.status})${why ? `: ${why}` : ''}`)
  }
  return { value: token, expiresAt: now() + (asNumber(answer?.['expires_in']) ?? 3600) * 1000 }
}

const unavailable = (message: string) => new AppError('provider_unavailable', message)

// From a provider's data and an account's settings to the addresses that calls go to.
import { AppError } from '../errors.ts'
import type { Auth, Provider, Surface, Variable } from './provider.ts'
import type { ProtocolId } from './spec.ts'
import type { Quirks } from './target.ts'

/** What one account sets: an address of its own, values of the placeholders. */
export type AddressSettings = {
  readonly baseUrl?: string | undefined
  readonly variables?: Readonly<Record<string, string>> | undefined
}

/** One reachable wire format of a provider: placeholders filled, nothing left to inherit. */
export type Place = {
  readonly protocol: ProtocolId
  /** Without a final slash and without the query. */
  readonly baseUrl: string
  /** Query that every call carries (`api-version=…`), without the question mark; mostly empty. */
  readonly query: string
  readonly auth: Auth
  readonly quirks: Quirks
}

/** Where each chat format of the provider is spoken, the preferred one first. Throws `invalid_configuration` naming what is missing. */
export function placesOf(provider: Provider, settings: AddressSettings = {}): Place[] {
  return provider.chat
    .filter((surface: Surface) => !(settings.baseUrl && surface.baseUrl))
    .map((surface: Surface) => {
      const { baseUrl, query } = split(fill(provider, surface.baseUrl ?? baseOf(provider, settings), settings))
      return {
        protocol: surface.protocol,
        baseUrl: baseUrl + (surface.path ?? ''),
        query,
        auth: surface.auth ?? provider.auth,
        quirks: surface.quirks ?? provider.quirks,
      }
    })
}

/** The provider's own address, for what it does beside chat. */
export function homeOf(provider: Provider, settings: AddressSettings = {}): Omit<Place, 'protocol'> {
  const { baseUrl, query } = split(fill(provider, baseOf(provider, settings), settings))
  return { baseUrl, query, auth: provider.auth, quirks: provider.quirks }
}

/** A place's base URL, a path below it (which may hold `{model}`) and further query, as one URL. */
export function urlAt(place: Pick<Place, 'baseUrl' | 'query'>, path: string, model = '', query = ''): string {
  const [bare = '', own = ''] = path.replaceAll('{model}', encodeURIComponent(model)).split('?')
  const whole = [place.query, own, query].filter(Boolean).join('&')
  return `${place.baseUrl}${bare}${whole ? `?${whole}` : ''}`
}

function baseOf(provider: Provider, settings: AddressSettings): string {
  const base = settings.baseUrl ?? provider.baseUrl
  if (base === '{base_url}')
    throw new AppError('invalid_configuration', `a provider of type ${provider.id} needs base_url`, {
      field: 'base_url',
    })
  return base
}

function split(address: string): { baseUrl: string; query: string } {
  const at = address.indexOf('?')
  const baseUrl = (at < 0 ? address : address.slice(0, at)).replace(/\/+$/, '')
  return { baseUrl, query: at < 0 ? '' : address.slice(at + 1) }
}

function fill(provider: Provider, template: string, settings: AddressSettings): string {
  let filled = template
  for (let pass = 0; pass < 3 && filled.includes('{'); pass++)
    filled = filled.replaceAll(/\{(\w+)\}([^/{?]*)/g, (_, name: string, rest: string) => {
      const value = bare(valueOf(provider, name, settings))
      // A person who gives the whole address where its first word is meant is understood.
      return rest && value.endsWith(rest) ? value : value + rest
    })
  return filled
}

function valueOf(provider: Provider, name: string, settings: AddressSettings): string {
  const variable: Variable | undefined = provider.variables[name]
  const given = settings.variables?.[name]
  if (given) return given
  const { when } = variable ?? {}
  if (when && valueOf(provider, when.variable, settings) === when.is) return when.value
  if (variable?.default !== undefined) return variable.default
  throw new AppError(
    'invalid_configuration',
    `a provider of type ${provider.id} needs the variable "${name}"${variable ? ` (${variable.about})` : ''}: set it under variables`,
    { field: `variables.${name}` },
  )
}

const bare = (value: string): string => value.replace(/^https?:\/\//, '').replace(/\/.*$/, '')

import { AppError } from '../errors.ts'

/** Where connections go: connections are pooled by `key`. */
export type Origin = {
  readonly key: string
  readonly hostname: string
  readonly port: number
  readonly tls: boolean
  /** Value of the Host header. */
  readonly host: string
  /** Path of the base URL without a trailing slash; may be empty. */
  readonly basePath: string
}

/** Reads a provider's base URL. Throws `invalid_configuration` naming it. */
export function parseOrigin(baseUrl: string): Origin {
  let url: URL
  try {
    url = new URL(baseUrl)
  } catch {
    throw new AppError('invalid_configuration', `base_url "${baseUrl}" is not a URL: write https://host/path`)
  }
  if (url.protocol === 'demo:') return { key: 'demo:', hostname: '', port: 0, tls: false, host: '', basePath: '' }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new AppError('invalid_configuration', `base_url "${baseUrl}": only http and https can be called`)
  }
  if (url.username || url.password) {
    throw new AppError('invalid_configuration', 'base_url holds a user name or password: put it in api_key instead')
  }
  const tls = url.protocol === 'https:'
  const port = url.port ? Number(url.port) : tls ? 443 : 80
  const hostname = url.hostname.replace(/^\[|\]$/g, '')
  return {
    key: `${tls ? 'https' : 'http'}://${url.hostname}:${port}`,
    hostname,
    port,
    tls,
    host: url.host,
    basePath: url.pathname.replace(/\/+$/, ''),
  }
}

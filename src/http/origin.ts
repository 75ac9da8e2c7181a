import { BlockList, isIP, isIPv6 } from 'node:net'
import { AppError } from '../errors.ts'

/** How a request reached the server, as far as it can be believed. */
export type Arrival = {
  readonly address: string | null
  /** `https://host:port` as the browser sees it. */
  readonly origin: string
  readonly secure: boolean
}

export type OriginRules = {
  /** The address the server listens on. */
  readonly host: string
  readonly publicUrl: string | null
  readonly trustedProxies: readonly string[]
}

/** Reads where a request came from. `x-forwarded-…` counts only from a trusted proxy. */
export function arrivalReader(rules: OriginRules): (request: Request, peer: string | null) => Arrival {
  const proxies = proxyList(rules.trustedProxies)
  return (request, peer) => {
    const trusted = peer !== null && proxies.check(peer, isIPv6(peer) ? 'ipv6' : 'ipv4')
    const forwarded = trusted ? request.headers.get('x-forwarded-for')?.split(',') : undefined
    const last = forwarded
      ?.map((each) => each.trim())
      .findLast((each) => isIP(each) && !proxies.check(each, isIPv6(each) ? 'ipv6' : 'ipv4'))
    const url = new URL(request.url)
    const protocol = (trusted && request.headers.get('x-forwarded-proto')) || url.protocol.slice(0, -1)
    const origin = `${protocol}://${request.headers.get('host') ?? url.host}`
    const isPublic = rules.publicUrl !== null && new URL(rules.publicUrl).host === request.headers.get('host')
    return {
      address: last ?? peer,
      origin,
      secure: protocol === 'https' || (isPublic && (rules.publicUrl ?? '').startsWith('https:')),
    }
  }
}

const LOOPBACK_LISTENER = /^(127\.|localhost$|::1$|\[::1\]$)/
const LOOPBACK_NAME = /^(localhost|[\w-]+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i

/**
 * Refuses a Host that does not mean this server while it listens on loopback only: a page of another site that has its name lead here
 * (DNS rebinding) would else be the same origin as the console.
 */
export function checkHost(request: Request, rules: OriginRules): void {
  if (!LOOPBACK_LISTENER.test(rules.host)) return
  const host = request.headers.get('host') ?? ''
  const known = rules.publicUrl !== null && new URL(rules.publicUrl).host === host
  if (known || LOOPBACK_NAME.test(host)) return
  throw new AppError(
    'forbidden',
    'This server listens on this machine only and is not known under that Host. Set PUBLIC_URL to the address people use.',
  )
}

/** Refuses requests that another site makes a browser send. Programs send neither header. */
export function checkSameSite(request: Request, arrival: Arrival, rules: OriginRules): void {
  const site = request.headers.get('sec-fetch-site')
  const origin = request.headers.get('origin')
  const own =
    origin === null ||
    origin === arrival.origin ||
    origin === rules.publicUrl ||
    origin.replace(/^https?/, '') === arrival.origin.replace(/^https?/, '')
  if ((site === null || site === 'same-origin' || site === 'none') && own) return
  throw new AppError('forbidden', 'This request was started by another site.')
}

function proxyList(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits] = network.split('/')
    const family = isIP(address)
    if (family === 0 || (bits !== undefined && !(Number(bits) <= (family === 4 ? 32 : 128)))) {
      throw new AppError(
        'invalid_configuration',
        `TRUSTED_PROXIES: "${network}" is no address or network; write 10.0.0.0/8.`,
        { field: 'TRUSTED_PROXIES' },
      )
    }
    list.addSubnet(address, Number(bits ?? (family === 4 ? 32 : 128)), family === 4 ? 'ipv4' : 'ipv6')
  }
  return list
}

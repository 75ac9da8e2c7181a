import { isDynamic } from '../llm/auth/authorize.ts'
import type { Inbound } from './downstream/inbound.ts'
import type { ServedEndpoint, SnapshotCredential, SnapshotKey, SnapshotProvider } from '../snapshot/snapshot.ts'
import type { Outgoing } from './send.ts'
import type { UpstreamRequest } from './upstream/exchange.ts'
import { tenantOf } from './kept/tenant.ts'

/** Headers of the client that mean something to the vendor when both speak the same format. */
const FORWARDED = [
  'openai-organization',
  'openai-project',
  'anthropic-beta',
  'anthropic-version',
  'idempotency-key',
  'traceparent',
  'tracestate',
]

type Prefix = {
  readonly path: string
  readonly credential: string | undefined
  readonly contentType: string
  readonly text: string
}

/** The prefixes of each place, the youngest ones: asking makes no string. */
const prefixes = new WeakMap<ServedEndpoint, Prefix[]>()

/** Where a request goes. */
export type Address = {
  readonly provider: SnapshotProvider
  readonly credential: SnapshotCredential | undefined
  readonly outgoing: Outgoing
}

/** The request target: path and query, with the credential where the vendor wants it in the query. */
export function targetOf({ outgoing: { served, path }, credential }: Address): string {
  const { auth, origin } = served
  const own = auth.scheme === 'query' && credential ? `${auth.name}=${encodeURIComponent(credential.secret)}` : ''
  const query = [served.query, own].filter(Boolean).join('&')
  return `${origin.basePath}${path}${query ? `${path.includes('?') ? '&' : '?'}${query}` : ''}`
}

const MOST_PREFIXES = 16

/** Request line and headers up to the value of content-length: the same for every call to this place with this credential. */
function prefixOf(address: Address): string {
  const { credential, outgoing } = address
  const { served, path, contentType } = outgoing
  let known = prefixes.get(served)
  if (!known) prefixes.set(served, (known = []))
  const id = credential?.id
  for (const prefix of known)
    if (prefix.path === path && prefix.credential === id && prefix.contentType === contentType) return prefix.text
  const text = headBeforeLength(address)
  // Paths may hold model names, which callers choose: the list must not grow with them.
  if (known.length === MOST_PREFIXES) known.shift()
  known.push({ path, credential: id, contentType, text })
  return text
}

function headBeforeLength(address: Address): string {
  return `${headOf(address)}content-type: ${address.outgoing.contentType}\r\ncontent-length: `
}

/** Request line and headers that say nothing of a body. */
function headOf(address: Address): string {
  const { provider, credential, outgoing } = address
  const { served, method = 'POST' } = outgoing
  const { auth, origin } = served
  const secret = isDynamic(auth, credential?.secret) ? undefined : credential?.secret
  return (
    `${method} ${targetOf(address)} HTTP/1.1\r\nhost: ${origin.host}\r\n${credentialLine(served, secret)}` +
    `${provider.headerLines}accept-encoding: identity\r\nuser-agent: portreeve\r\n`
  )
}

function credentialLine({ auth }: ServedEndpoint, secret: string | undefined): string {
  if (secret === undefined || auth.scheme === 'query') return ''
  if (auth.scheme === 'header') return `${auth.name.toLowerCase()}: ${auth.prefix ?? ''}${secret}\r\n`
  return `authorization: Bearer ${secret}\r\n`
}

/** One upstream request. `lines` are further header lines of this one call. */
export function requestTo(address: Address, lines: string): UpstreamRequest {
  const { method = 'POST', body } = address.outgoing
  const tellsLength = method === 'POST'
  // An address with a method holds an id, or a boundary in its type: it is one of its own each time, and not worth keeping.
  const head =
    address.outgoing.method === undefined
      ? prefixOf(address)
      : tellsLength
        ? headBeforeLength(address)
        : headOf(address)
  return { head, tellsLength, lines, body, method }
}

/** Header lines of the client's own that go on to a vendor of the same format. */
export function forwardedLines(request: Pick<Inbound, 'header'>, key: SnapshotKey): string {
  let lines = ''
  for (const name of FORWARDED) {
    const value = request.header(name)
    if (value === undefined || !/^[\t\x20-\x7e]*$/.test(value)) continue
    lines += `${name}: ${name === 'idempotency-key' ? ownKey(value, key) : value}\r\n`
  }
  return lines
}

/** To the vendor all tenants are one: the same word of two of them must not be answered with one answer. */
function ownKey(value: string, key: SnapshotKey): string {
  return Bun.SHA256.hash(JSON.stringify([tenantOf(key), value]), 'hex')
}

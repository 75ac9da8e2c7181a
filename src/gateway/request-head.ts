import type { ServedEndpoint, SnapshotCredential, SnapshotProvider } from '../snapshot/snapshot.ts'

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

const prefixes = new WeakMap<SnapshotProvider, Map<string, string>>()

/** Request line and headers up to the value of content-length: the same for every call to this place with this credential. */
function prefixOf(
  provider: SnapshotProvider,
  path: string,
  credential: SnapshotCredential | undefined,
  type: string,
): string {
  let known = prefixes.get(provider)
  if (!known) prefixes.set(provider, (known = new Map()))
  const key = `${path}\n${credential?.id ?? ''}\n${type}`
  const found = known.get(key)
  if (found !== undefined) return found
  const { auth, origin } = provider
  const query =
    auth.kind === 'query' && credential
      ? `${path.includes('?') ? '&' : '?'}${auth.name}=${encodeURIComponent(credential.secret)}`
      : ''
  const prefix =
    `POST ${origin.basePath}${path}${query} HTTP/1.1\r\nhost: ${origin.host}\r\n` +
    (auth.kind === 'header' && credential ? `${auth.name}: ${auth.prefix}${credential.secret}\r\n` : '') +
    `${provider.headerLines}accept-encoding: identity\r\nuser-agent: portreeve\r\ncontent-type: ${type}\r\ncontent-length: `
  // Paths may hold model names, which callers choose: the table must not grow with them.
  if (known.size < 1000) known.set(key, prefix)
  return prefix
}

export type HeadParts = {
  readonly provider: SnapshotProvider
  readonly served: ServedEndpoint
  /** Replaces the served path, where the model is part of it. */
  readonly path?: string
  readonly credential: SnapshotCredential | undefined
  readonly contentType?: string
  readonly length: number
  /** Further header lines of this one call. */
  readonly lines?: string
}

/** The head of one upstream request, ended by its blank line. */
export function requestHead(parts: HeadParts): string {
  const prefix = prefixOf(
    parts.provider,
    parts.path ?? parts.served.path,
    parts.credential,
    parts.contentType ?? 'application/json',
  )
  return `${prefix}${parts.length}\r\n${parts.lines ?? ''}\r\n`
}

/** Header lines of the client's own that go on to a vendor of the same format. */
export function forwardedLines(headers: Headers): string {
  let lines = ''
  for (const name of FORWARDED) {
    const value = headers.get(name)
    if (value !== null && /^[\t\x20-\x7e]*$/.test(value)) lines += `${name}: ${value}\r\n`
  }
  return lines
}

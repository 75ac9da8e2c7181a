// AWS Signature Version 4: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
import { createHash, createHmac } from 'node:crypto'

export type AwsCredentials = {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  /** Milliseconds since 1970; absent for keys that do not expire. */
  readonly expiresAt?: number
}

export type Signable = {
  readonly method: string
  readonly host: string
  /** As it is sent: already percent-encoded once. */
  readonly path: string
  /** As it is sent, without the question mark. */
  readonly query?: string
  /** Further headers to sign, names in lower case. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body: Uint8Array | string
}

export type SigningScope = { readonly region: string; readonly service: string; readonly nowMs: number }

/** The headers that sign the request: `authorization`, `x-amz-date` and, for temporary keys, `x-amz-security-token`. */
export function signRequest(
  request: Signable,
  credentials: AwsCredentials,
  scope: SigningScope,
): Record<string, string> {
  const stamp = new Date(scope.nowMs).toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
  const day = stamp.slice(0, 8)
  const added: Record<string, string> = {
    'x-amz-date': stamp,
    ...(credentials.sessionToken && { 'x-amz-security-token': credentials.sessionToken }),
  }
  const headers = Object.entries({ ...request.headers, ...added, host: request.host })
    .map(([name, value]) => [name.toLowerCase(), value.trim().replaceAll(/\s+/g, ' ')] as const)
    .sort(([left], [right]) => (left < right ? -1 : 1))
  const names = headers.map(([name]) => name).join(';')
  const canonical = [
    request.method,
    canonicalPath(request.path),
    canonicalQuery(request.query ?? ''),
    ...headers.map(([name, value]) => `${name}:${value}`),
    '',
    names,
    sha256(request.body),
  ].join('\n')
  const place = `${day}/${scope.region}/${scope.service}/aws4_request`
  const text = ['AWS4-HMAC-SHA256', stamp, place, sha256(canonical)].join('\n')
  const signature = hmac(signingKey(credentials.secretAccessKey, day, scope), text).toString('hex')
  return {
    ...added,
    authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${place}, SignedHeaders=${names}, Signature=${signature}`,
  }
}

/** All services but S3 want the path encoded a second time: `%3A` is signed as `%253A`. */
function canonicalPath(path: string): string {
  const steps: string[] = []
  for (const step of path.split('/')) {
    if (step === '..') steps.pop()
    else if (step && step !== '.') steps.push(encode(step))
  }
  return `/${steps.join('/')}${steps.length && path.endsWith('/') ? '/' : ''}`
}

function canonicalQuery(query: string): string {
  if (!query) return ''
  return [...new URLSearchParams(query)]
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([leftName, left], [rightName, right]) =>
      leftName === rightName ? (left < right ? -1 : 1) : leftName < rightName ? -1 : 1,
    )
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

const encode = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)

const sha256 = (data: Uint8Array | string): string => createHash('sha256').update(data).digest('hex')
const hmac = (key: Buffer | string, data: string): Buffer => createHmac('sha256', key).update(data).digest()

/** The key of a day is the same for every request of that day. */
const keys = new Map<string, Buffer>()

function signingKey(secret: string, day: string, { region, service }: SigningScope): Buffer {
  const name = sha256([secret, day, region, service].join('\n'))
  const known = keys.get(name)
  if (known) return known
  const made = [day, region, service, 'aws4_request'].reduce<Buffer | string>(
    (key, part) => hmac(key, part),
    `AWS4${secret}`,
  ) as Buffer
  if (keys.size >= 100) keys.clear()
  keys.set(name, made)
  return made
}

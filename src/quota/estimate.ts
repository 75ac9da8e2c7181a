/** Bytes of English JSON for one token; only limits on tokens use it, and they are corrected when the call ends. */
const BYTES_PER_TOKEN = 4
/** Assumed where neither the caller nor the catalogue names a maximum of output tokens. */
const UNKNOWN_OUTPUT_TOKENS = 4_096
/** What an image or a document page may count as, where its bytes say nothing. */
const MEDIA_TOKENS = 8_192
/** Bodies up to this size are not looked into: every token has at least one byte. */
const SMALL_BODY_BYTES = 65_536

/** Bytes of a file of sound for one token: vendors count ten a second, and speech takes no less than 5 kbit/s. */
const FILE_BYTES_PER_TOKEN = 64

/** What a request says of its answer: the maximum of output tokens, and how many answers there will be. */
export type AskedOutput = { readonly maxOutputTokens: number | undefined; readonly n: number }

/** What a call will probably count as against limits on tokens. */
export function estimateTokens(bodyBytes: number, asked: AskedOutput | undefined): number {
  return Math.ceil(bodyBytes / BYTES_PER_TOKEN) + (asked?.maxOutputTokens ?? 0) * (asked?.n ?? 1)
}

/** What the files of a form count as, by their size alone. */
export function estimateFileTokens(fileBytes: number): number {
  return Math.ceil(fileBytes / FILE_BYTES_PER_TOKEN)
}

/**
 * At most this many input tokens: one for each byte of a small body. In a large one long runs of base64 count as media, by piece.
 */
export function boundInputTokens(body: string | number): number {
  if (typeof body === 'number') return body
  if (body.length <= SMALL_BODY_BYTES) return Buffer.byteLength(body)
  let media = 0
  let mediaBytes = 0
  for (const match of body.matchAll(/[A-Za-z0-9+/_-]{4096,}={0,2}/g)) {
    media++
    mediaBytes += match[0].length
  }
  return Buffer.byteLength(body) - mediaBytes + media * MEDIA_TOKENS
}

/** What a call can cost at most. `perOutputToken` may be a fraction of a micro-dollar. */
export type CostBound = {
  readonly inputMicros: number
  readonly perOutputToken: number
  /** As the caller asked; absent when the caller left it open. */
  readonly askedOutputTokens?: number
  /** The model's own limit, where it is known. */
  readonly modelOutputTokens?: number
}

/** Output tokens that a call must be expected to make. */
export function boundOutputTokens(cost: CostBound, assumed?: number): number {
  const limit = cost.modelOutputTokens ?? Infinity
  if (cost.askedOutputTokens !== undefined) return Math.min(cost.askedOutputTokens, limit)
  if (assumed !== undefined) return Math.min(assumed, limit)
  return limit === Infinity ? UNKNOWN_OUTPUT_TOKENS : limit
}

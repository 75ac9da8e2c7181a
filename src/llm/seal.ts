// Carries one vendor's opaque proof of thinking through another vendor's field for the same thing, and back byte for byte.
import { asObject, asText } from './json.ts'
import type { JsonObject, Part, ProtocolId, ReasoningPart, StreamPart } from './spec.ts'

type Seal = Pick<ReasoningPart, 'signature' | 'redacted' | 'origin' | 'itemId' | 'summary' | 'provesCall'>

/** Base64 of `{"portreeve":`, which no vendor's own proof starts with. */
const MARK = Buffer.from('{"portreeve":').toString('base64').slice(0, 16)

/** Claude's proofs are good on each of its platforms. */
const FAMILY: Partial<Record<ProtocolId, ProtocolId>> = {
  'bedrock-converse': 'anthropic-messages',
}

/** Whether a proof of this origin means something to a vendor of that format; unknown origins are believed. */
export function isReadable(origin: ProtocolId | undefined, protocol: ProtocolId): boolean {
  return origin === undefined || (FAMILY[origin] ?? origin) === (FAMILY[protocol] ?? protocol)
}

/** The proof as one base64 string that says where it is from. */
export function wrapSeal(seal: Seal): string {
  const content: JsonObject = { portreeve: 1 }
  if (seal.origin !== undefined) content['origin'] = seal.origin
  if (seal.signature !== undefined) content['signature'] = seal.signature
  if (seal.redacted !== undefined) content['redacted'] = seal.redacted
  if (seal.itemId !== undefined) content['item'] = seal.itemId
  if (seal.summary !== undefined) content['summary'] = seal.summary
  if (seal.provesCall !== undefined) content['call'] = seal.provesCall
  return Buffer.from(JSON.stringify(content)).toString('base64')
}

/** What `wrapSeal` wrapped; undefined for a vendor's own proof. */
export function unwrapSeal(text: string): Seal | undefined {
  if (!text.startsWith(MARK)) return undefined
  try {
    const content = asObject(JSON.parse(Buffer.from(text, 'base64').toString()))
    if (content === undefined) return undefined
    const [signature, redacted, item] = [
      asText(content['signature']),
      asText(content['redacted']),
      asText(content['item']),
    ]
    const origin = asText(content['origin']) as ProtocolId | undefined
    return {
      ...(origin === undefined ? {} : { origin }),
      ...(signature === undefined ? {} : { signature }),
      ...(redacted === undefined ? {} : { redacted }),
      // Anybody can write such a text: an id without its proof would be looked up at the vendor.
      ...(item === undefined || !redacted ? {} : { itemId: item }),
      ...(content['summary'] === true ? { summary: true } : {}),
      ...(content['call'] === true ? { provesCall: true } : {}),
    }
  } catch {
    return undefined
  }
}

/** Lets the proof of a tool call ride on the unproven thought before it, for clients whose thoughts come back more surely than their calls. */
export function lendProofs(parts: readonly Part[]): readonly Part[] {
  return parts.map((part, index) => {
    const next = parts[index + 1]
    if (part.type !== 'reasoning' || part.signature !== undefined || part.redacted !== undefined) return part
    return next?.type === 'tool-call' && next.signature !== undefined ? { ...part, ...proofOf(next.signature) } : part
  })
}

const proofOf = (signature: string) => ({ signature, origin: 'gemini' as const, provesCall: true })

/** The same for a stream: an unproven thought ends only when it is known what follows. */
export function createProofLender(): (part: StreamPart) => readonly StreamPart[] {
  let waiting: Extract<StreamPart, { type: 'reasoning-end' }> | undefined
  return (part) => {
    const held = waiting
    waiting = undefined
    if (part.type === 'reasoning-end' && part.signature === undefined && part.redacted === undefined) {
      waiting = part
      return held === undefined ? [] : [held]
    }
    if (held === undefined) return [part]
    return part.type === 'tool-call-start' && part.signature !== undefined
      ? [{ ...held, ...proofOf(part.signature) }, part]
      : [held, part]
  }
}

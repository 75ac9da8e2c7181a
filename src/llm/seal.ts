// Carries one vendor's opaque proof of thinking through another vendor's field for the same thing, and back byte for byte.
import { asObject, asText } from './json.ts'
import type { JsonObject, ProtocolId, ReasoningPart } from './spec.ts'

type Seal = Pick<ReasoningPart, 'signature' | 'redacted' | 'origin' | 'itemId' | 'summary'>

/** Base64 of `{"portreeve":`, which no vendor's own proof starts with. */
const MARK = Buffer.from('{"portreeve":').toString('base64').slice(0, 16)

/** Claude's proofs are good on each of its platforms. */
const FAMILY: Partial<Record<ProtocolId, ProtocolId>> = {
  'bedrock-converse': 'anthropic-messages',
  'azure-openai': 'openai-responses',
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
      ...(item === undefined ? {} : { itemId: item }),
      ...(content['summary'] === true ? { summary: true } : {}),
    }
  } catch {
    return undefined
  }
}

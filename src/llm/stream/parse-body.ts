import { utf8 } from '../../lib/bytes.ts'
import type { Json } from '../spec.ts'
import { brokenString } from './json-scan.ts'

const BYTE_ORDER_MARK = 0xfeff

/** The JSON between two offsets of a request's body. Throws `invalid_json` naming the position: the scan leaves long strings unread. */
export function parseBody(body: Uint8Array, from = 0, to = body.length): Json {
  const text = utf8(body, from, to)
  try {
    return JSON.parse(text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text) as Json
  } catch {
    throw brokenString(body)
  }
}

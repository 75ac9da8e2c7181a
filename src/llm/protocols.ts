import type { Protocol } from './protocol.ts'
import type { ProtocolId } from './spec.ts'

/** The wire formats by id. */
const PROTOCOLS: Partial<Record<ProtocolId, Protocol>> = {}

/** The wire format of that id. Throws when the program knows none: a fault of the program, not of a caller. */
export function protocolOf(id: ProtocolId): Protocol {
  const protocol = PROTOCOLS[id]
  if (!protocol) throw new Error(`no protocol ${id}`)
  return protocol
}

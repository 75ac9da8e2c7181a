import { askForRest, isContinuable, markPrefix } from '../../llm/prefix.ts'
import type { StreamDecoder, VendorSide } from '../../llm/protocol.ts'
import type { SnapshotTarget } from '../../snapshot/snapshot.ts'
import type { Call } from '../call.ts'
import type { CompiledAlias } from '../route/alias.ts'
import { decode, outgoingOf, targetFacts, vendorOf, type Incoming } from '../plan.ts'
import type { Outgoing } from '../send.ts'
import { placeOfPrefix } from './prefix-place.ts'

/** How one target is asked for the rest of an answer. */
export type RestPlan = {
  readonly outgoing: Outgoing
  readonly vendor: VendorSide
  readonly dropped: readonly string[]
  /** What its answer may begin with once more. */
  readonly turn: string
  readonly decoder: () => StreamDecoder
}

/** Undefined when the target cannot go on from such a beginning, or the answer is none that another could end. */
export function planRest(
  call: Call,
  incoming: Incoming,
  target: SnapshotTarget,
  alias: CompiledAlias | undefined,
  said: { readonly text: string; readonly tokens: number },
): RestPlan | undefined {
  const asked = decode(call, incoming)
  if (!isContinuable(asked)) return undefined
  const { request, turn } = askForRest(asked, said.text, said.tokens)
  const place = placeOfPrefix(target, alias, call.route.dialect)
  const fresh = target.provider.chat.find(({ protocol }) => protocol === call.route.dialect) ?? target.provider.chat[0]
  // Where nothing was said there is nothing to go on from: anybody can answer.
  const served = turn === '' ? fresh : place?.served
  if (!served) return undefined
  const vendor = vendorOf(served)
  const encoded = vendor.encodeRequest(request, targetFacts(target, served))
  const marked = turn !== '' && place ? markPrefix(encoded, place.rule) : encoded
  return {
    outgoing: outgoingOf(marked, served),
    vendor,
    dropped: marked.dropped.map(({ parameter }) => parameter),
    turn: place?.rule.echoes ? turn : '',
    decoder: () => vendor.createStreamDecoder(marked.context),
  }
}

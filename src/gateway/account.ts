import type { TapReport } from '../llm/protocol.ts'
import type { Usage } from '../llm/spec.ts'
import { NOT_BELIEVED, UNBELIEVED } from '../llm/usage.ts'
import type { Call } from './call.ts'
import type { Reservation } from '../quota/budget.ts'
import { estimateFileTokens } from '../quota/estimate.ts'
import type { Gateway } from './gateway.ts'
import { NO_USAGE } from './traffic.ts'

/** Bytes of a request for one token, where the vendor did not get to count them. */
const BYTES_PER_TOKEN = 4

const ESTIMATED = ', tokens estimated'

/** Takes over what was learned of the answer, and prices it. `bytes` is the size of an answer that was no stream. */
export function learn(call: Call, report: TapReport, bytes = 0): void {
  if (report.finish) call.finish = report.finish
  if (report.usage === UNBELIEVED) return learnUncounted(call, report.estimatedOutput || answerTokens(call, bytes))
  if (report.usage) call.usage = report.usage
  const told = call.usage ? call.usage.output + call.usage.reasoning : 0
  const estimated = report.estimatedOutput > told
  if (estimated) {
    // The answer was cut before the vendor told: what was produced is charged.
    const known = call.usage ?? askedTokens(call)
    call.usage = { ...known, output: report.estimatedOutput - known.reasoning }
  }
  price(call)
  if (estimated && call.priceSource !== null) call.priceSource += ESTIMATED
}

/** The vendor's counts cannot be believed: the call is charged for what went there and what came back. */
function learnUncounted(call: Call, output: number): void {
  call.usage = { ...askedTokens(call), output }
  price(call)
  if (call.priceSource !== null) call.priceSource += `${ESTIMATED}: ${NOT_BELIEVED}`
}

function askedTokens({ bytesIn, fileBytes, continued }: Call): Usage {
  const texts = Math.ceil((bytesIn - fileBytes + continued) / BYTES_PER_TOKEN)
  return { ...NO_USAGE, inputUncached: texts + estimateFileTokens(fileBytes) }
}

/** About how many tokens a whole answer of this size holds; what is larger than any answer may be holds pictures or other numbers. */
function answerTokens({ route: { endpoint }, scan, outputCap, target }: Call, bytes: number): number {
  if (endpoint !== 'chat' && endpoint !== 'completions') return 0
  const most = Math.min(
    scan?.maxOutputTokens ?? Infinity,
    outputCap ?? Infinity,
    target?.provider.capabilities(target.model).maxOutputTokens ?? Infinity,
  )
  return Math.min(Math.ceil(bytes / BYTES_PER_TOKEN), most * (scan?.n ?? 1))
}

function price(call: Call): void {
  const { target, usage } = call
  if (!target || !usage) return
  const cost = target.provider.cost(target.model, usage, call.startedAt)
  call.costMicros = cost.micros
  call.priceSource = cost.source
}

/** All tokens of the call, as limits count them. */
export function tokensOf({ usage }: Call): number {
  if (!usage) return 0
  const { inputUncached, cacheRead, cacheWrite5m, cacheWrite1h, output, reasoning } = usage
  return inputUncached + cacheRead + cacheWrite5m + cacheWrite1h + output + reasoning
}

/** Gives the cache the whole answer, if it is to be kept. */
export function keepAnswer(call: Call, contentType: string): void {
  if (!call.capture || !call.target || call.status !== 200 || call.errorCode !== null) return
  const { target, finish } = call
  const head = { contentType, provider: target.provider.id, model: target.model, finish: finish?.unified ?? null }
  call.capture.commit(head, Date.now())
}

const DONE = Promise.resolve()

/** What goes on in the background will cost something: its money stays reserved until that is known. */
function settleReservation(gateway: Gateway, { left, costMicros }: Call, reservation: Reservation, now: number): void {
  const id = left?.due && left.ids[0]
  if (id === undefined || costMicros) reservation.settle(now, costMicros ?? 0)
  else gateway.traffic.origins.hold(id, reservation)
}

/** Writes the call's one record; resolves when it is durable. Later calls do nothing. */
export function record(gateway: Gateway, call: Call): Promise<void> {
  if (call.recorded) return DONE
  call.recorded = true
  gateway.inFlight--
  call.capture?.discard(call.errorCode === 'client_closed')
  if (call.admission ?? call.reservation) {
    const now = Date.now()
    call.admission?.settle(now, tokensOf(call))
    if (call.reservation) settleReservation(gateway, call, call.reservation, now)
  }
  return gateway.record(call.toRecord(), call.left)
}

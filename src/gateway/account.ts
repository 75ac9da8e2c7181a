import type { TapReport } from '../llm/protocol.ts'
import type { Call } from './call.ts'
import type { Reservation } from '../quota/budget.ts'
import type { Gateway } from './gateway.ts'
import { NO_USAGE } from './traffic.ts'

/** Bytes of a request for one token, where the vendor did not get to count them. */
const BYTES_PER_TOKEN = 4

/** Takes over what was learned of the answer, and prices it. */
export function learn(call: Call, report: TapReport): void {
  if (report.usage) call.usage = report.usage
  if (report.finish) call.finish = report.finish
  const told = call.usage ? call.usage.output + call.usage.reasoning : 0
  const estimated = report.estimatedOutput > told
  if (estimated) {
    // The answer was cut before the vendor told: what was produced is charged.
    const known = call.usage ?? {
      ...NO_USAGE,
      inputUncached: Math.ceil((call.bytesIn + call.continued) / BYTES_PER_TOKEN),
    }
    call.usage = { ...known, output: report.estimatedOutput - known.reasoning }
  }
  price(call)
  if (estimated && call.priceSource !== null) call.priceSource += ', tokens estimated'
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

import type { TapReport } from '../llm/protocol.ts'
import type { Call } from './call.ts'
import type { Gateway } from './gateway.ts'

/** Takes over what was learned of the answer, and prices it. */
export function learn(call: Call, report: TapReport): void {
  if (report.usage) call.usage = report.usage
  if (report.finish) call.finish = report.finish
  price(call)
}

function price(call: Call): void {
  const { target, usage } = call
  if (!target || !usage) return
  const cost = target.provider.cost(target.model, usage, call.startedAt)
  call.costMicros = cost.micros
  call.priceSource = cost.source
}

const DONE = Promise.resolve()

/** Writes the call's one record; resolves when it is durable. Later calls do nothing. */
export function record(gateway: Gateway, call: Call): Promise<void> {
  if (call.recorded) return DONE
  call.recorded = true
  gateway.inFlight--
  return gateway.record(call.toRecord())
}

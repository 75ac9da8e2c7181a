import type { CallRecord, TokenUsage } from '../../contract/call.ts'
import type { Due } from '../../contract/origin.ts'
import type { TapReport } from '../../llm/protocol.ts'
import type { Usage } from '../../llm/spec.ts'
import { NOT_BELIEVED, UNBELIEVED } from '../../llm/usage.ts'
import { tokenUsage, type Call } from '../call.ts'
import type { Gateway } from '../gateway.ts'

/** What is still to be charged for a call whose vendor goes on working in the background; undefined when all is known. */
export function dueOf(call: Call, report: TapReport): Due | undefined {
  if (!call.scan?.background || (report.complete && report.usage)) return undefined
  const { key, usage } = call
  return {
    call: call.id,
    started_at: call.startedAt,
    key_id: key?.id ?? null,
    key_name: key?.name ?? null,
    team: key?.team ?? null,
    application: key?.application ?? null,
    end_user: call.endUserOnRecord,
    model_asked: call.modelAsked,
    usage: usage ? tokenUsage(usage) : null,
    cost_micros: call.costMicros ?? 0,
  }
}

/**
 * Charges a response of the background to the key that asked for it, when its end is first seen. The charge is a record of its own, whose id
 * and time follow from those of the call: seen twice, by two processes, it is stored once.
 */
export function chargeDue(gateway: Gateway, seenBy: Call, id: string, usage: Usage): void {
  const { origins } = gateway.traffic
  const due = origins.dueFor(id)
  if (!due) return
  // Nodes that share no database agree through what they share.
  if (!origins.shared) return charge(gateway, seenBy, id, due, usage)
  origins.shared
    .claim(id)
    .catch(() => true)
    .then((first) => first && charge(gateway, seenBy, id, due, usage))
    .catch((error: unknown) => gateway.report(error, seenBy.id))
}

function charge(gateway: Gateway, { target, snapshot }: Call, id: string, due: Due, usage: Usage): void {
  const { origins } = gateway.traffic
  const origin = origins.find(id)
  if (!origin || !target) return
  const now = Date.now()
  const isCounted = usage !== UNBELIEVED
  const cost = isCounted
    ? target.provider.cost(target.model, usage, now)
    : { micros: null, source: `not charged: ${NOT_BELIEVED}` }
  const micros = cost.micros === null ? null : Math.max(0, cost.micros - due.cost_micros)
  const held = origins.release(id)
  const made = { ...origin, ids: [id], settled: true as const }
  origins.remember(made)
  const { key_name, application, team, model_asked: model } = due
  if (held) held.settle(now, micros ?? 0)
  else if (micros !== null && key_name !== null)
    gateway.traffic
      .for(snapshot)
      .budgets.charge({ key: key_name, application, team, model, end_user: due.end_user, provider: null }, micros, now)
  const record: CallRecord = {
    ...recordFor(due),
    provider: target.provider.id,
    model_served: target.model,
    usage: isCounted ? beyond(tokenUsage(usage), due.usage) : null,
    cost_micros: micros,
    price_source: cost.source,
  }
  gateway.record(record, made).catch((error: unknown) => gateway.report(error, record.id))
}

/** Id and time are the same whoever writes it: the store knows a call by both. */
function recordFor({ call, usage, cost_micros, ...caller }: Due): CallRecord {
  return {
    ...caller,
    id: `${call}_end`,
    endpoint: 'responses.background',
    dialect: 'openai-responses',
    stream: false,
    provider: null,
    model_served: null,
    status: 200,
    error_code: null,
    finish_reason: null,
    usage,
    cost_micros,
    price_source: null,
    first_byte_ms: null,
    total_ms: 0,
    overhead_ms: null,
    attempts: [],
    bytes_in: 0,
    bytes_out: 0,
    dropped: [],
    cache: null,
    guards: null,
  }
}

/** What comes on top of what was charged before. */
function beyond(usage: TokenUsage, before: TokenUsage | null): TokenUsage {
  if (!before) return usage
  const names = Object.keys(usage) as (keyof TokenUsage)[]
  return Object.fromEntries(names.map((name) => [name, Math.max(0, usage[name] - before[name])])) as TokenUsage
}

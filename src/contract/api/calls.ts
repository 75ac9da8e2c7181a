import { z } from 'zod'
import { CallRecord } from '../call.ts'
import { Paging, pageOf } from '../listing.ts'
import { route } from '../route.ts'
import { Micros, Timestamp } from '../shared.ts'
import { IdParam } from './shared.ts'

/** A call as people see it: the record, with its start as a timestamp. */
export const Call = z.object({ ...CallRecord.shape, started_at: Timestamp })
export type Call = z.infer<typeof Call>

/** How a call ended: `error` is every one of the next four. */
export const Outcome = z.enum(['ok', 'error', 'client-error', 'rate-limited', 'server-error', 'cancelled'])
export type Outcome = z.infer<typeof Outcome>

/** Which calls: the console keeps these in its address. */
export const CallFilter = z.object({
  from: Timestamp.optional(),
  to: Timestamp.optional(),
  outcome: Outcome.optional(),
  status: z.coerce.number<number>().int().min(100).max(599).optional(),
  error_code: z.string().max(100).optional(),
  key_id: z.string().max(100).optional(),
  team: z.string().max(100).optional(),
  application: z.string().max(100).optional(),
  end_user: z.string().max(300).optional(),
  provider: z.string().max(100).optional(),
  /** The model served. */
  model: z.string().max(200).optional(),
  /** The model or alias asked for. */
  model_asked: z.string().max(200).optional(),
  endpoint: z.string().max(100).optional(),
  stream: z.stringbool().optional(),
  /** Only calls that took at least so long. */
  min_ms: z.coerce.number<number>().min(0).optional(),
  /** Only calls that cost at least so much. */
  min_cost_micros: z.coerce.number<number>().int().min(0).optional(),
})
export type CallFilter = z.infer<typeof CallFilter>

/** Why a call failed, in words. */
export const Explanation = z.object({
  /** Whose turn it is to act. */
  blame: z.enum(['client', 'limit', 'gateway', 'provider']),
  what: z.string(),
  remedy: z.string(),
})
export type Explanation = z.infer<typeof Explanation>

/** One bar of a call's picture; milliseconds since the call began. */
export const Span = z.object({
  kind: z.enum(['gateway', 'attempt', 'first-byte', 'stream']),
  label: z.string(),
  start_ms: z.number(),
  duration_ms: z.number(),
  failed: z.boolean(),
})
export type Span = z.infer<typeof Span>

export const CostLine = z.object({
  /** A class of `usage`. */
  kind: z.string(),
  tokens: z.int(),
  /** Micro-dollars for a million tokens; null where no price is known any more. */
  price_micros: z.number().nullable(),
  cost_micros: Micros.nullable(),
})
export type CostLine = z.infer<typeof CostLine>

export const CallDetail = Call.extend({
  explanation: Explanation.nullable(),
  timeline: z.array(Span),
  /** By token class, at the prices known now: `matches` says whether they still add up to the recorded cost. */
  cost: z.object({ lines: z.array(CostLine), matches: z.boolean() }),
  /** The request as a `curl` line without its prompt, which is not kept. */
  curl: z.string(),
})
export type CallDetail = z.infer<typeof CallDetail>

export const listCalls = route({
  method: 'GET',
  path: '/calls',
  action: 'calls:List',
  summary: 'List calls, newest first',
  query: Paging.extend(CallFilter.shape),
  result: pageOf(Call),
})

export const exportCalls = route({
  method: 'GET',
  path: '/calls.csv',
  action: 'calls:List',
  summary: 'Download every call of a filter as CSV, newest first',
  query: CallFilter,
  produces: 'csv',
})

export const tailCalls = route({
  method: 'GET',
  path: '/calls/tail',
  action: 'calls:List',
  summary: 'Follow calls as they end: a server-sent event `call` for each',
  query: CallFilter.omit({ from: true, to: true }),
  result: Call,
  produces: 'events',
})

export const getCall = route({
  method: 'GET',
  path: '/calls/{id}',
  action: 'calls:Read',
  summary: 'Read one call with its timeline, its cost by token class, and why it failed',
  params: IdParam,
  result: CallDetail,
})

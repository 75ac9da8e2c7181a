import type { Call, CallDetail, CallFilter, Span } from '../contract/api/calls.ts'
import type { CallRecord } from '../contract/call.ts'
import type { Page } from '../contract/listing.ts'
import { AppError } from '../errors.ts'
import { readCursor, writeCursor } from '../lib/cursor.ts'
import { callsIn } from '../store/call.ts'
import type { CallQuery } from '../store/call-search.ts'
import { outcomeOf } from '../store/outcome.ts'
import type { Context } from './context.ts'
import { costOf } from './call-cost.ts'
import { explainCall } from './explanation.ts'
import { timestamp } from './time.ts'

const EXPORT_PAGE = 1_000

export async function listCalls(
  { store }: Context,
  query: CallFilter & { readonly limit: number; readonly after?: string | undefined },
): Promise<Page<Call>> {
  const [startedAt, id] = readCursor(query.after, ['number', 'string']) ?? []
  const after = startedAt === undefined ? undefined : { startedAt: Number(startedAt), id: String(id) }
  const records = await callsIn(store.db).list(toQuery(query), { limit: query.limit + 1, after })
  const data = records.slice(0, query.limit)
  const last = data.at(-1)
  const more = records.length > query.limit
  return {
    object: 'list',
    data: data.map(toCall),
    has_more: more,
    next_cursor: more && last ? writeCursor(last.started_at, last.id) : null,
  }
}

/** Every call of a filter, newest first, a page at a time: what an export streams. */
export async function* everyCall({ store }: Context, filter: CallFilter): AsyncGenerator<Call[]> {
  const query = toQuery(filter)
  for (let after: { startedAt: number; id: string } | undefined; ;) {
    const records = await callsIn(store.db).list(query, { limit: EXPORT_PAGE, after })
    const last = records.at(-1)
    if (last) yield records.map(toCall)
    if (!last || records.length < EXPORT_PAGE) return
    after = { startedAt: last.started_at, id: last.id }
  }
}

export async function getCall(context: Context, id: string): Promise<CallDetail> {
  const record = await callsIn(context.store.db).get(id)
  if (!record)
    throw new AppError(
      'not_found',
      `There is no record of a call ${id}: it is older than the records that are kept, still running, or never was.`,
    )
  return {
    ...toCall(record),
    explanation: explainCall(record),
    timeline: timelineOf(record),
    cost: costLines(context, record),
    curl: curlOf(record, context.config.publicUrl ?? context.runtime.address?.() ?? 'http://127.0.0.1:8080'),
  }
}

/** Follows calls as they are recorded. Returns what ends it. */
export function followCalls({ tail }: Context, filter: CallFilter, listener: (call: Call) => void): () => void {
  return tail.subscribe((record) => {
    if (isOf(record, filter)) listener(toCall(record))
  })
}

function toCall(record: CallRecord): Call {
  return { ...record, started_at: timestamp(record.started_at) }
}

function toQuery({ from, to, ...rest }: CallFilter): CallQuery {
  return {
    ...rest,
    from: from === undefined ? undefined : Date.parse(from),
    to: to === undefined ? undefined : Date.parse(to),
  }
}

const EQUAL = [
  'status',
  'error_code',
  'key_id',
  'team',
  'application',
  'end_user',
  'provider',
  'model_asked',
  'endpoint',
  'stream',
] as const

/** The filter of the store, for one record in memory. */
export function isOf(record: CallRecord, filter: CallFilter): boolean {
  const outcome = outcomeOf(record)
  return (
    EQUAL.every((name) => filter[name] === undefined || record[name] === filter[name]) &&
    (filter.outcome === undefined || (filter.outcome === 'error' ? outcome !== 'ok' : outcome === filter.outcome)) &&
    (filter.model === undefined || record.model_served === filter.model) &&
    (filter.min_ms === undefined || record.total_ms >= filter.min_ms) &&
    (filter.min_cost_micros === undefined || (record.cost_micros ?? -1) >= filter.min_cost_micros)
  )
}

/** The picture of a call: waiting in the gateway, each attempt, the wait for its first byte, the stream. */
export function timelineOf(record: CallRecord): Span[] {
  const spans: Span[] = []
  const first = record.attempts[0]
  const before = first ? first.started_ms : record.total_ms
  spans.push({
    kind: 'gateway',
    label: 'gateway',
    start_ms: 0,
    duration_ms: before,
    failed: !first && record.status >= 400,
  })
  for (const [index, attempt] of record.attempts.entries()) {
    const last = index === record.attempts.length - 1
    const failed = attempt.error_code !== null || (attempt.status ?? 0) >= 400
    const label = `${attempt.provider}/${attempt.model}${attempt.continues ? ', going on with the stream' : ''}`
    spans.push({ kind: 'attempt', label, start_ms: attempt.started_ms, duration_ms: attempt.duration_ms, failed })
    if (!last || record.first_byte_ms === null || record.first_byte_ms < attempt.started_ms) continue
    spans.push({
      kind: 'first-byte',
      label: 'to the first byte',
      start_ms: attempt.started_ms,
      duration_ms: record.first_byte_ms - attempt.started_ms,
      failed: false,
    })
    const rest = Math.max(0, record.total_ms - record.first_byte_ms)
    if (rest > 0)
      spans.push({
        kind: 'stream',
        label: record.stream ? 'stream' : 'body',
        start_ms: record.first_byte_ms,
        duration_ms: rest,
        failed,
      })
  }
  return spans
}

function costLines(context: Context, record: CallRecord): CallDetail['cost'] {
  const { lines, total } = costOf(context, record)
  return { lines, matches: total !== null && total === record.cost_micros }
}

/** The request again; prompts are not kept, so the line has room for one. */
function curlOf(record: CallRecord, address: string): string {
  const paths: Readonly<Record<string, string>> = { 'chat.completions': 'chat/completions' }
  const path = paths[record.endpoint] ?? record.endpoint.replaceAll('.', '/')
  const body: Record<string, unknown> = { model: record.model_asked ?? 'MODEL' }
  if (record.endpoint === 'embeddings' || record.endpoint === 'responses') body['input'] = '…'
  else if (record.endpoint === 'completions') body['prompt'] = '…'
  else body['messages'] = [{ role: 'user', content: '…' }]
  if (record.endpoint === 'messages') body['max_tokens'] = 1024
  if (record.stream) body['stream'] = true
  const json = JSON.stringify(body).replaceAll("'", String.raw`'\''`)
  return `curl ${address}/v1/${path} -H "Authorization: Bearer $PORTREEVE_KEY" -H "Content-Type: application/json" -d '${json}'`
}

import type { Attempt, CallRecord, TokenUsage } from '../contract/call.ts'
import type { Made, SpooledCall } from '../contract/origin.ts'
import { seqOf, startedAtOf } from './call-seq.ts'
import { outcomeOf } from './outcome.ts'

/**
 * What many calls have in common. A busy hour has millions of calls and a few kinds of them: a kind is stored once, and a call's row
 * says its number.
 */
export type CallKind = {
  readonly key_id: string | null
  readonly key_name: string | null
  readonly team: string | null
  readonly application: string | null
  readonly endpoint: string
  readonly dialect: string
  readonly stream: number
  readonly model_asked: string | null
  readonly provider: string | null
  readonly model_served: string | null
  readonly status: number
  /** The contract's `Outcome`, except `error`. */
  readonly outcome: string
  readonly error_code: string | null
  readonly finish_reason: string | null
  readonly price_source: string | null
  readonly cache: string | null
  /** The credential of the only attempt, where that attempt says nothing else that the kind does not say. */
  readonly attempt_key: string | null
}

export const KIND_COLUMNS = [
  'key_id',
  'key_name',
  'team',
  'application',
  'endpoint',
  'dialect',
  'stream',
  'model_asked',
  'provider',
  'model_served',
  'status',
  'outcome',
  'error_code',
  'finish_reason',
  'price_source',
  'cache',
  'attempt_key',
] as const satisfies readonly (keyof CallKind)[]

/**
 * What is a call's own, in the order of `ROW_COLUMNS`. Times are whole microseconds. `seq` orders calls by time (`call-seq.ts`). Tokens
 * are null where no usage is known. `attempt_at_us` is null where there was no attempt or `more` tells of them. `more` is JSON of what
 * few calls have: `More`.
 */
export type CallRow = [
  kind: number,
  seq: number,
  total_us: number,
  cost_micros: number | null,
  id: string,
  end_user: string | null,
  first_byte_us: number | null,
  overhead_us: number | null,
  input_tokens: number | null,
  output_tokens: number | null,
  cache_read_tokens: number | null,
  bytes_in: number,
  bytes_out: number,
  attempt_at_us: number | null,
  attempt_us: number | null,
  more: string | null,
]

export const ROW_COLUMNS = [
  'kind',
  'seq',
  'total_us',
  'cost_micros',
  'id',
  'end_user',
  'first_byte_us',
  'overhead_us',
  'input_tokens',
  'output_tokens',
  'cache_read_tokens',
  'bytes_in',
  'bytes_out',
  'attempt_at_us',
  'attempt_us',
  'more',
] as const

/** Places in a `CallRow`. */
export const AT = {
  kind: 0,
  seq: 1,
  total: 2,
  cost: 3,
  id: 4,
  endUser: 5,
  firstByte: 6,
  overhead: 7,
  input: 8,
  output: 9,
  cacheRead: 10,
  bytesIn: 11,
  bytesOut: 12,
  attemptAt: 13,
  attempt: 14,
  more: 15,
} as const

/** A call as it is stored, with what it left at its vendor. Calls of one kind may share its object. */
export type StoredCall = { readonly kind: CallKind; readonly row: CallRow; readonly made?: Made | undefined }

/** What few calls have. Usage holds only classes that have a column of their own nowhere and are not 0. */
export type More = {
  readonly usage?: Partial<TokenUsage>
  readonly attempts?: readonly Attempt[]
  readonly dropped?: readonly string[]
  readonly guards?: Readonly<Record<string, number>>
}

/** The attempt that the columns of kind and row tell of, so that `more` need not. */
export function plainAttempt(record: CallRecord): Attempt | undefined {
  const { attempts } = record
  const [only] = attempts
  return only !== undefined &&
    attempts.length === 1 &&
    only.provider === record.provider &&
    only.model === record.model_served &&
    only.status === record.status &&
    only.error_code === record.error_code &&
    only.continues === undefined
    ? only
    : undefined
}

/** Clients choose some of these texts, and PostgreSQL takes no NUL in one. */
export function storable<T>(value: T): T | string {
  return typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '') : value
}

export function kindOf(record: CallRecord, attempt: Attempt | undefined): CallKind {
  return {
    key_id: record.key_id,
    key_name: record.key_name,
    team: record.team,
    application: record.application,
    endpoint: record.endpoint,
    dialect: record.dialect,
    stream: record.stream ? 1 : 0,
    model_asked: storable(record.model_asked),
    provider: record.provider,
    model_served: storable(record.model_served),
    status: record.status,
    outcome: outcomeOf(record),
    error_code: record.error_code,
    finish_reason: record.finish_reason,
    price_source: record.price_source,
    cache: record.cache,
    attempt_key: attempt?.key ?? null,
  }
}

/** Takes a record apart. */
export function splitCall(record: SpooledCall): StoredCall {
  const attempt = plainAttempt(record)
  const more = moreOf(record, attempt)
  const seq = seqOf(record.started_at, record.id)
  return {
    kind: kindOf(record, attempt),
    row: rowOf(record, 0, seq, attempt, more === undefined ? null : JSON.stringify(more)),
    made: record.made,
  }
}

/** Puts a call that was not added after all back to the place in the order that it began with. */
export function takeOwnPlace({ row }: StoredCall): void {
  row[AT.seq] = seqOf(startedAtOf(row[AT.seq]), row[AT.id])
}

/** A record's row. `kind`, `seq` and `more` are for the caller to say. */
export function rowOf(
  record: CallRecord,
  kind: number,
  seq: number,
  attempt: Attempt | undefined,
  more: string | null,
): CallRow {
  const { usage } = record
  return [
    kind,
    seq,
    Math.round(record.total_ms * 1000),
    record.cost_micros,
    record.id,
    storable(record.end_user),
    micros(record.first_byte_ms),
    micros(record.overhead_ms),
    usage ? usage.input : null,
    usage ? usage.output : null,
    usage ? usage.cache_read : null,
    record.bytes_in,
    record.bytes_out,
    attempt ? Math.round(attempt.started_ms * 1000) : null,
    attempt ? Math.round(attempt.duration_ms * 1000) : null,
    more,
  ]
}

/** What neither kind nor row can say; undefined for most calls. */
export function moreOf(record: CallRecord, attempt: Attempt | undefined): More | undefined {
  const { usage, attempts, dropped, guards } = record
  const rare =
    usage !== null &&
    (usage.cache_write_5m !== 0 ||
      usage.cache_write_1h !== 0 ||
      usage.reasoning !== 0 ||
      usage.audio_input !== 0 ||
      usage.audio_output !== 0 ||
      usage.image_input !== 0)
  const told = attempt !== undefined || attempts.length === 0
  if (!rare && told && dropped.length === 0 && guards === null) return undefined
  return {
    ...(rare && { usage: rareUsage(usage) }),
    ...(!told && { attempts }),
    ...(dropped.length > 0 && { dropped }),
    ...(guards && { guards }),
  }
}

/** The row of what a query of `ROW_COLUMNS` brought. */
export function rowFrom(columns: { readonly [K in (typeof ROW_COLUMNS)[number]]: unknown }): CallRow {
  return ROW_COLUMNS.map((name) => columns[name]) as CallRow
}

/** The record that was taken apart. */
export function joinCall({ kind, row }: StoredCall): CallRecord {
  const text = row[AT.more]
  const more = text === null ? NOTHING : (JSON.parse(text) as More)
  const input = row[AT.input]
  const at = row[AT.attemptAt]
  const plain =
    at === null
      ? []
      : [
          {
            provider: kind.provider ?? '',
            model: kind.model_served ?? '',
            key: kind.attempt_key,
            status: kind.status,
            error_code: kind.error_code,
            started_ms: at / 1000,
            duration_ms: (row[AT.attempt] ?? 0) / 1000,
          },
        ]
  return {
    id: row[AT.id],
    started_at: startedAtOf(row[AT.seq]),
    key_id: kind.key_id,
    key_name: kind.key_name,
    team: kind.team,
    application: kind.application,
    end_user: row[AT.endUser],
    endpoint: kind.endpoint,
    dialect: kind.dialect,
    stream: kind.stream === 1,
    model_asked: kind.model_asked,
    provider: kind.provider,
    model_served: kind.model_served,
    status: kind.status,
    error_code: kind.error_code,
    finish_reason: kind.finish_reason,
    usage: input === null ? null : usageOf(input, row, more),
    cost_micros: row[AT.cost],
    price_source: kind.price_source,
    first_byte_ms: millis(row[AT.firstByte]),
    total_ms: row[AT.total] / 1000,
    overhead_ms: millis(row[AT.overhead]),
    attempts: more.attempts ? [...more.attempts] : plain,
    bytes_in: row[AT.bytesIn],
    bytes_out: row[AT.bytesOut],
    dropped: more.dropped ? [...more.dropped] : [],
    cache: kind.cache,
    guards: more.guards ? { ...more.guards } : null,
  }
}

const NOTHING: More = {}

function usageOf(input: number, row: CallRow, { usage = {} }: More): TokenUsage {
  return {
    input,
    cache_read: row[AT.cacheRead] ?? 0,
    cache_write_5m: usage.cache_write_5m ?? 0,
    cache_write_1h: usage.cache_write_1h ?? 0,
    output: row[AT.output] ?? 0,
    reasoning: usage.reasoning ?? 0,
    audio_input: usage.audio_input ?? 0,
    audio_output: usage.audio_output ?? 0,
    image_input: usage.image_input ?? 0,
  }
}

const RARE = ['cache_write_5m', 'cache_write_1h', 'reasoning', 'audio_input', 'audio_output', 'image_input'] as const

function rareUsage(usage: TokenUsage): Partial<TokenUsage> {
  return Object.fromEntries(RARE.filter((name) => usage[name] !== 0).map((name) => [name, usage[name]]))
}

function micros(milliseconds: number | null): number | null {
  return milliseconds === null ? null : Math.round(milliseconds * 1000)
}

function millis(microseconds: number | null): number | null {
  return microseconds === null ? null : microseconds / 1000
}

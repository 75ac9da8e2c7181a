import type { Generated, Kysely, Transaction } from 'kysely'
import type { CallKind } from './call-parts.ts'

/** Text ids, integer milliseconds for time, integer micro-dollars for money, JSON in text: the same on both databases. */
export type Schema = {
  api_key: ApiKeyTable
  resource: ResourceTable
  person: PersonTable
  session: SessionTable
  invitation: InvitationTable
  management_token: ManagementTokenTable
  audit_event: AuditEventTable
  idempotent_answer: IdempotentAnswerTable
  state: StateTable
  call_kind: CallKindTable
  call_row: CallRowTable
  rollup: RollupTable
  ledger_entry: LedgerEntryTable
  ledger_head: LedgerHeadTable
  origin: OriginTable
}

/** A connection or a transaction: repositories take either. */
export type Db = Kysely<Schema> | Transaction<Schema>

export type ApiKeyTable = {
  id: string
  name: string
  /** Hex SHA-256 of the secret. */
  hash: string
  /** The hash before the last rotation, good until `previous_until`. */
  previous_hash: string | null
  previous_until: number | null
  hint: string
  team: string | null
  /** What the key may do: JSON of the contract's `Key` without name and secret. */
  body: string
  expires_at: number | null
  revoked_at: number | null
  last_used_at: number | null
  created_by: string | null
  created_at: number
  updated_at: number
  version: number
}

/** Providers, aliases, prices, limits …: everything that is configuration and is read whole. */
export type ResourceTable = {
  kind: string
  id: string
  /** JSON of the contract's schema, without secrets. */
  body: string
  /** Sealed JSON of the secrets by their place in the body. */
  secrets: string | null
  created_at: number
  updated_at: number
  version: number
}

/** What calls of one party on one day cost together; only ever added to. */
export type LedgerEntryTable = {
  sequence: number
  day: number
  key_name: string | null
  application: string | null
  team: string | null
  model_asked: string | null
  calls: number
  amount_micros: number
  hash: string
}

/** One row: where the ledger ends. */
export type LedgerHeadTable = { id: string; sequence: number; hash: string }

/** What one call left at a vendor: the contract's `Made`. `sequence` rises in the order in which entries became visible. */
export type OriginTable = {
  sequence: number
  at: number
  tenant: string
  provider: string
  model: string
  credential: string | null
  /** JSON list. */
  ids: string
  /** JSON of the contract's `Due`. */
  due: string | null
  settled: number
}

export type PersonTable = {
  id: string
  email: string
  name: string
  role: string
  /** Argon2id; null until the person has chosen a password. */
  password_hash: string | null
  created_at: number
  updated_at: number
  last_seen_at: number | null
  version: number
}

export type SessionTable = {
  id: string
  person_id: string
  /** Hex SHA-256 of the cookie. */
  hash: string
  csrf_token: string
  created_at: number
  last_seen_at: number
  expires_at: number
  address: string | null
  browser: string | null
}

export type InvitationTable = {
  /** Hex SHA-256 of the token in the link. */
  hash: string
  purpose: string
  person_id: string | null
  role: string
  created_at: number
  expires_at: number
  used_at: number | null
}

export type ManagementTokenTable = {
  id: string
  name: string
  role: string
  hash: string
  hint: string
  created_by: string | null
  created_at: number
  expires_at: number | null
  last_used_at: number | null
}

export type AuditEventTable = {
  id: string
  at: number
  actor: string
  actor_id: string | null
  action: string
  target: string | null
  changes: string | null
  address: string | null
  request_id: string | null
}

/** The answer kept for an `Idempotency-Key`. `status` is null while the first request still runs. */
export type IdempotentAnswerTable = {
  /** Hex SHA-256 over caller and key. */
  hash: string
  request_hash: string
  status: number | null
  headers: string | null
  body: string | null
  created_at: number
}

export type StateTable = { name: string; value: string }

/** What calls have in common (`call-parts.ts`), told apart by the digest of it all. `recorded_on` is the day on which it was last used. */
export type CallKindTable = CallKind & { id: Generated<number>; digest: string; recorded_on: number }

/** One row for each call. People read both tables as the view `call`: the columns of the contract's `CallRecord`. */
export type CallRowTable = {
  kind: number
  seq: number
  total_us: number
  cost_micros: number | null
  id: string
  end_user: string | null
  first_byte_us: number | null
  overhead_us: number | null
  input_tokens: number | null
  output_tokens: number | null
  cache_read_tokens: number | null
  bytes_in: number
  bytes_out: number
  attempt_at_us: number | null
  attempt_us: number | null
  more: string | null
}

/**
 * Sums of calls over a minute, an hour or a day. `facet` says which dimensions are filled: `all` none, `model` provider and model,
 * `cross` these and the key; dimensions not filled are ''. `l0`… and `f0`… count calls by latency bin (`histogram.ts`), not in `cross`.
 */
export type RollupTable = RollupDimensions & { [K in RollupSum]: number } & { [K in LatencyBin]: number }

export type RollupDimensions = {
  grain: string
  starts_at: number
  facet: string
  provider: string
  model: string
  key_id: string
}

export const ROLLUP_SUMS = [
  'calls',
  'ok',
  'client_errors',
  'rate_limited',
  'server_errors',
  'cancelled',
  'streams',
  'input_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'output_tokens',
  'reasoning_tokens',
  'cost_micros',
  'unpriced_calls',
  'cache_hits',
  'total_ms',
  'bytes_in',
  'bytes_out',
] as const
export type RollupSum = (typeof ROLLUP_SUMS)[number]

/** How many bins each latency histogram has. */
export const BINS = 40
export type LatencyBin = `l${number}` | `f${number}`

import type { CallRecord, TokenUsage } from './call.ts'

/** Where a vendor keeps something that later calls may name by its id, and whose it is. */
export type Origin = {
  /** Team and application, or the key that has neither. */
  readonly tenant: string
  readonly provider: string
  readonly model: string
  /** The provider's credential that was used; null where there is none. */
  readonly credential: string | null
}

/** A call whose vendor goes on working after it answered: what is still to be charged, and to whom. */
export type Due = {
  /** Id of the call's record. */
  readonly call: string
  /** When the call began. */
  readonly started_at: number
  readonly key_id: string | null
  readonly key_name: string | null
  readonly team: string | null
  readonly application: string | null
  readonly end_user: string | null
  readonly model_asked: string | null
  /** What its own record has charged. */
  readonly usage: TokenUsage | null
  readonly cost_micros: number
}

/** What one call left at a vendor: the ids by which it is named. */
export type Made = Origin & {
  readonly ids: readonly string[]
  /** The first id is of a response that is still to be charged. */
  readonly due?: Due
  /** The first id is of a response that has been charged now. */
  readonly settled?: true
}

/** A call's record on its way into the store, with what the call left. */
export type SpooledCall = CallRecord & { readonly made?: Made | undefined }

import type { Attempt, CallRecord } from '../contract/call.ts'
import type { FinishReason, Usage } from '../llm/spec.ts'
import type { RequestScan } from '../llm/stream/splice.ts'
import type { Route } from '../snapshot/endpoint.ts'
import type { Snapshot, SnapshotKey, SnapshotTarget } from '../snapshot/snapshot.ts'
import type { Admission, LimitState } from '../quota/limits.ts'
import type { Reservation } from '../quota/budget.ts'
import type { Made } from '../contract/origin.ts'
import type { MadeIds } from '../llm/stream/made-ids.ts'
import type { CallState } from './kept/state.ts'
import type { CachedAnswer } from './cache/answer-store.ts'
import type { Capture } from './cache/answers.ts'
import type { GuardRun } from './guard/run.ts'
import { newId } from '../lib/id.ts'

/** One call on its way through the gateway: filled in step by step, turned into its record once. */
export class Call {
  readonly id: string = newId('call')
  /** On the clock of `performance.now()`. */
  readonly started: number = performance.now()
  readonly startedAt: number = Date.now()
  readonly route: Route
  readonly snapshot: Snapshot
  key: SnapshotKey | undefined
  scan: RequestScan | undefined
  modelAsked: string | null = null
  stream = false
  endUser: string | null = null
  /** Tells a gateway behind this one how many stand before it. */
  hopLine = FIRST_HOP
  /** Who answered, or was tried last. */
  target: SnapshotTarget | undefined
  readonly attempts: Attempt[] = []
  dropped: readonly string[] = NONE
  usage: Usage | undefined
  finish: FinishReason | undefined
  costMicros: number | null = null
  priceSource: string | null = null
  status = 0
  errorCode: string | null = null
  /** Milliseconds since the start; null until a byte of an answer came. */
  firstByteMs: number | null = null
  /** Milliseconds during which the call waited for upstreams. */
  upstreamMs = 0
  bytesIn = 0
  /** Bytes of `bytesIn` that are files of a form. */
  fileBytes = 0
  bytesOut = 0
  recorded = false
  /** What the call holds of its limits and budgets until it is recorded. */
  admission: Admission | undefined
  reservation: Reservation | undefined
  /** The limit that refused the call. */
  limitStates: readonly LimitState[] | undefined
  /** The maximum of output tokens that the call's budgets can pay for, where the caller named none. */
  outputCap: number | undefined
  /** `hit`, `miss`, `shared`; null when no cache was asked. */
  cache: string | null = null
  /** Another target may go on with the stream, should this one die. */
  continuable = false
  /** Characters that targets before the one that answers have said. */
  continued = 0
  /** Takes the answer down for the cache. */
  capture: Capture | undefined
  /** Content type of the stream that is sent. */
  streamType = ''
  servedFromCache: CachedAnswer | undefined
  /** Where ids of things that vendors keep let the call go; undefined when it names none. */
  state: CallState | undefined
  /** Collects such ids from the answer. */
  made: MadeIds | undefined
  /** What the answer left at its vendor; goes with the record. */
  left: Made | undefined
  /** The guards at work on this call. */
  guard: GuardRun | undefined

  constructor(route: Route, snapshot: Snapshot) {
    this.route = route
    this.snapshot = snapshot
  }

  /** Milliseconds since the call began. */
  elapsed(): number {
    return performance.now() - this.started
  }

  /** The end user, without what a guard found in the name. */
  get endUserOnRecord(): string | null {
    return this.endUser === null || !this.guard ? this.endUser : this.guard.cover(this.endUser)
  }

  toRecord(): CallRecord {
    const total = this.elapsed()
    return {
      id: this.id,
      started_at: this.startedAt,
      key_id: this.key?.id ?? null,
      key_name: this.key?.name ?? null,
      team: this.key?.team ?? null,
      application: this.key?.application ?? null,
      end_user: this.endUserOnRecord,
      endpoint: this.route.recordedAs,
      dialect: this.route.dialect,
      stream: this.stream,
      model_asked: this.modelAsked,
      provider: this.servedFromCache?.provider ?? this.target?.provider.id ?? null,
      model_served: this.servedFromCache?.model ?? this.target?.model ?? null,
      status: this.status,
      error_code: this.errorCode,
      finish_reason: this.servedFromCache?.finish ?? this.finish?.unified ?? null,
      usage: this.usage ? tokenUsage(this.usage) : null,
      cost_micros: this.costMicros,
      price_source: this.priceSource,
      first_byte_ms: this.firstByteMs === null ? null : round(this.firstByteMs),
      total_ms: round(total),
      overhead_ms: round(Math.max(0, total - this.upstreamMs)),
      attempts: this.attempts,
      bytes_in: this.bytesIn,
      bytes_out: this.bytesOut,
      dropped: this.dropped as string[],
      cache: this.cache,
      guards: this.guard?.counts ?? null,
    }
  }
}

const NONE: readonly string[] = []
const FIRST_HOP = 'x-portreeve-hops: 1\r\n'

/** Microseconds are enough. */
function round(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000
}

/** The record's classes are disjoint: audio and images are taken out of the text they are counted in. */
export function tokenUsage(usage: Usage): NonNullable<CallRecord['usage']> {
  return {
    input: Math.max(0, usage.inputUncached - usage.audioIn - usage.imageIn),
    cache_read: usage.cacheRead,
    cache_write_5m: usage.cacheWrite5m,
    cache_write_1h: usage.cacheWrite1h,
    output: Math.max(0, usage.output - usage.audioOut),
    reasoning: usage.reasoning,
    audio_input: usage.audioIn,
    audio_output: usage.audioOut,
    image_input: usage.imageIn,
  }
}

// The lines of a segment. An object says what the calls of one kind have in common, `{"kind":0,"says":{…}}`, and comes before the first of
// them. An array holds the calls of one write, so that they are there together or not at all: each a `CallRow` with the number of its
// kind in this segment, `started_at` in the place of `seq`, and `more` as it is, followed by what the call left at its vendor, if anything.
// Earlier versions wrote each call as an object, its record; these lines are still read.
import type { CallRecord } from '../contract/call.ts'
import { noRest } from '../lib/rests.ts'
import type { Made, SpooledCall } from '../contract/origin.ts'
import {
  AT,
  type CallKind,
  type CallRow,
  kindOf,
  type More,
  moreOf,
  plainAttempt,
  rowOf,
  splitCall,
  type StoredCall,
} from '../store/call-parts.ts'
import { seqOf } from '../store/call-seq.ts'

/** Kinds of one key that are told apart by looking at each; what comes after these is written with every call. */
const LOOKED_AT = 32
const COLUMNS = AT.more + 1

type Numbered = { readonly number: number; readonly kind: CallKind }

/** Makes the lines of one segment. */
export class LineWriter {
  #known = new Map<string | null, Numbered[]>()
  #last: Numbered | undefined
  #next = 0
  #kinds = ''
  #rows: unknown[] = []

  add(record: SpooledCall): void {
    const attempt = plainAttempt(record)
    const key = attempt === undefined ? null : attempt.key
    let found = this.#last
    if (!found || !isOfKind(record, key, found.kind)) {
      found = this.#find(record, key) ?? this.#begin(kindOf(record, attempt))
      this.#last = found
    }
    const row: unknown[] = rowOf(record, found.number, record.started_at, attempt, null)
    const more: More | undefined = moreOf(record, attempt)
    if (more !== undefined) row[AT.more] = more
    if (record.made !== undefined) row.push(record.made)
    this.#rows.push(row)
  }

  /** The lines of what was added since the last time, without the end of the last one. */
  take(): string {
    const rows = JSON.stringify(this.#rows)
    const lines = this.#kinds === '' ? rows : this.#kinds + rows
    this.#kinds = ''
    this.#rows = []
    return lines
  }

  /** Call when a new segment begins. */
  reset(): void {
    this.#known = new Map()
    this.#last = undefined
    this.#next = 0
  }

  #find(record: CallRecord, attemptKey: string | null): Numbered | undefined {
    return this.#known.get(record.key_id)?.find(({ kind }) => isOfKind(record, attemptKey, kind))
  }

  #begin(kind: CallKind): Numbered {
    const numbered = { number: this.#next++, kind }
    this.#kinds += `${JSON.stringify({ kind: numbered.number, says: kind })}\n`
    const group = this.#known.get(kind.key_id)
    if (!group) this.#known.set(kind.key_id, [numbered])
    else if (group.length < LOOKED_AT) group.push(numbered)
    return numbered
  }
}

function isOfKind(record: CallRecord, attemptKey: string | null, kind: CallKind): boolean {
  return (
    kind.status === record.status &&
    kind.stream === (record.stream ? 1 : 0) &&
    kind.endpoint === record.endpoint &&
    kind.provider === record.provider &&
    kind.model_served === record.model_served &&
    kind.model_asked === record.model_asked &&
    kind.error_code === record.error_code &&
    kind.finish_reason === record.finish_reason &&
    kind.cache === record.cache &&
    kind.attempt_key === attemptKey &&
    kind.price_source === record.price_source &&
    kind.key_id === record.key_id &&
    kind.key_name === record.key_name &&
    kind.team === record.team &&
    kind.application === record.application &&
    kind.dialect === record.dialect
  )
}

/**
 * The calls of a segment. What follows the last line feed was torn off by a kill and belongs to a call that never completed. `rest` is called
 * between lines.
 */
export function callsOf(text: string, rest: () => void = noRest): { calls: StoredCall[]; broken: string[] } {
  const calls: StoredCall[] = []
  const broken: string[] = []
  const kinds = new Map<number, CallKind>()
  for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
    if (line === '') continue
    rest()
    try {
      const value: unknown = JSON.parse(line)
      if (Array.isArray(value)) {
        for (const each of value as unknown[]) {
          const call = callFrom(each, kinds)
          if (call) calls.push(call)
          else broken.push(JSON.stringify([each]))
        }
      } else if (isKind(value)) kinds.set(value.kind, value.says)
      else if (isRecord(value)) calls.push(splitCall(value))
      else broken.push(line)
    } catch {
      broken.push(line)
    }
  }
  return { calls, broken }
}

function callFrom(value: unknown, kinds: ReadonlyMap<number, CallKind>): StoredCall | undefined {
  if (!Array.isArray(value) || value.length < COLUMNS || value.length > COLUMNS + 1) return undefined
  const kind = kinds.get(value[AT.kind] as number)
  const startedAt: unknown = value[AT.seq]
  const id: unknown = value[AT.id]
  if (!kind || typeof startedAt !== 'number' || typeof id !== 'string') return undefined
  value[AT.seq] = seqOf(startedAt, id)
  if (value[AT.more] !== null) value[AT.more] = JSON.stringify(value[AT.more])
  const made = value.length > COLUMNS ? (value.pop() as Made) : undefined
  return { kind, row: value as CallRow, made }
}

function isKind(value: unknown): value is { kind: number; says: CallKind } {
  return typeof value === 'object' && value !== null && 'says' in value && 'kind' in value
}

function isRecord(value: unknown): value is SpooledCall {
  return (
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    typeof value.id === 'string' &&
    'started_at' in value
  )
}

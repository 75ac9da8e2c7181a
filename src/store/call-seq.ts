// The order of calls as one whole number: milliseconds since 2020, then 4,096 places for the calls of one millisecond. It is the row's
// key, so that calls are appended in the order in which they are listed, and one b-tree serves both.

/** 2020-01-01 in UTC. The order holds until 2089. */
export const SEQ_EPOCH = 1_577_836_800_000
export const SEQ_PLACES = 4_096

/** The first number at or after a time; times out of the order's reach come before or after every call. */
export function seqFrom(time: number): number {
  const seq = (Math.ceil(time) - SEQ_EPOCH) * SEQ_PLACES
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, seq))
}

/**
 * The number a call is given unless another one has it. The place is the end of the counter in `newId`, so that the calls of a process
 * keep their order; for other ids it is any.
 */
export function seqOf(startedAt: number, id: string): number {
  const place = (hexAt(id, 20) * 16 + hexAt(id, 21)) * 16 + hexAt(id, 22)
  return (startedAt - SEQ_EPOCH) * SEQ_PLACES + place
}

/** The number to try after this one is found taken by another call: the next of the same millisecond. */
export function seqAfter(seq: number): number {
  return (seq + 1) % SEQ_PLACES === 0 ? seq + 1 - SEQ_PLACES : seq + 1
}

export function startedAtOf(seq: number): number {
  return Math.floor(seq / SEQ_PLACES) + SEQ_EPOCH
}

/** The earliest time at which a call with this id may have begun; undefined for an id that `newId` did not make. */
export function timeOfId(id: string): number | undefined {
  const time = /^call_([0-9a-f]{12})[0-9a-f]{18}$/.exec(id)?.[1]
  return time === undefined ? undefined : Number.parseInt(time, 16)
}

/** Any character that is no digit counts as 0 and a missing one as 1: as the databases' own search in a text has it (`004-call-kinds.ts`). */
function hexAt(id: string, place: number): number {
  const code = id.charCodeAt(place)
  if (code >= 48 && code <= 57) return code - 48
  if (code >= 97 && code <= 102) return code - 87
  return Number.isNaN(code) ? 1 : 0
}

import { callKindsIn } from '../store/call-kind.ts'
import { callsIn } from '../store/call.ts'
import { idempotentAnswersIn } from '../store/idempotent-answer.ts'
import { originsIn } from '../store/origin.ts'
import { sessionsIn } from '../store/person.ts'
import { rollupsIn } from '../store/rollup.ts'
import type { Context } from './context.ts'

const DAY = 86_400_000
const CHUNK = 1_000
/** Vendors keep responses for a month; conversations, which they keep longer, are written anew with each use. */
const ORIGINS_DAYS = 90

/** Removes what is older than it is kept: single calls, fine sums, ended sessions. In small steps, so that nothing waits long. */
export async function cleanUp({ store, clock, config }: Pick<Context, 'store' | 'clock' | 'config'>): Promise<number> {
  const now = clock()
  const { db } = store
  let removed = 0
  for (let step = CHUNK; step === CHUNK;) {
    step = await callsIn(db).deleteBefore(now - config.retentionDays * DAY, CHUNK)
    removed += step
  }
  for (let step = CHUNK; step === CHUNK;) step = await originsIn(db).deleteBefore(now - ORIGINS_DAYS * DAY, CHUNK)
  await callKindsIn(db).deleteUnused(now)
  await rollupsIn(db).deleteBefore('minute', now - 3 * DAY)
  await rollupsIn(db).deleteBefore('hour', now - 100 * DAY)
  await sessionsIn(db).deleteExpired(now)
  await idempotentAnswersIn(db).deleteBefore(now - DAY)
  return removed
}

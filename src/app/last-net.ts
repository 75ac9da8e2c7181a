import { AppError } from '../errors.ts'
import { newId } from '../lib/id.ts'
import type { Log } from './log.ts'

/** The same mistake is logged once in this time: a timer could make it a thousand times a second, and so could a log that cannot be written. */
const QUIET_MS = 1_000
/** Places of mistakes that are remembered. */
const MOST_PLACES = 100
const SHOWN_FRAMES = 4

/** What may throw past everybody: the process, or what a test gives. */
type Target = {
  on(event: 'uncaughtException' | 'unhandledRejection', listener: (error: unknown) => void): unknown
  off(event: 'uncaughtException' | 'unhandledRejection', listener: (error: unknown) => void): unknown
}

/**
 * The last net under everything that is called by nobody who could catch: what falls into it is logged with an id, and the process goes on,
 * for thousands of calls run in it. Readiness stays as it is: the same mistake would take every node away at once. Of a message that is not
 * ours nothing is logged, for it may quote what a client or a vendor sent. Gives the function that takes the net away.
 */
export function spreadLastNet(
  log: Log,
  target: Target = process,
  now: () => number = () => performance.now(),
): () => void {
  const places = new Map<string, { loggedAt: number; since: number }>()
  const caught = (error: unknown) => {
    try {
      const what = describeMistake(error)
      const place = places.get(what)
      if (place && now() - place.loggedAt < QUIET_MS) return void place.since++
      if (places.size >= MOST_PLACES) places.clear()
      places.set(what, { loggedAt: now(), since: 0 })
      const more = place && place.since > 0 ? { repeated: place.since } : {}
      log('error', `a mistake that nobody caught, the process goes on: ${what}`, { error_id: newId('err'), ...more })
    } catch {
      // Whoever cannot even log must not try again because of it.
    }
  }
  target.on('uncaughtException', caught)
  target.on('unhandledRejection', caught)
  return () => {
    target.off('uncaughtException', caught)
    target.off('unhandledRejection', caught)
  }
}

/** Kind, code and place; the message only where we wrote it. */
function describeMistake(error: unknown): string {
  if (!(error instanceof Error)) return `a ${typeof error} was thrown`
  const { code } = error as { code?: unknown }
  const said = error instanceof AppError ? `: ${error.message}` : typeof code === 'string' ? ` ${code}` : ''
  const frames = (error.stack ?? '').split('\n').filter((line) => line.trim().startsWith('at '))
  return [`${error.name}${said}`, ...frames.slice(0, SHOWN_FRAMES).map((line) => line.trim())].join(' ')
}

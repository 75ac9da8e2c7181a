import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { StoredCall } from '../store/call-parts.ts'
import { callsOf } from './line.ts'

/** Names of the segments that are closed, the oldest first. */
export function closedSegments(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.ndjson'))
    .toSorted()
}

/** The calls whose records wait in the spool, as after a kill: nothing else tells of them yet. */
export function spooledCalls(folder: string): StoredCall[] {
  return closedSegments(folder).flatMap((name) => callsOf(readFileSync(join(folder, name), 'utf8')).calls)
}

// Threads that keep house stand back behind the one that serves calls, where cores are few.
import { readdirSync, readFileSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'

const LEAST_PRIORITY = 19

/** Lowers the priority of the calling thread by `steps` (0–19). Linux knows one for each thread; elsewhere the whole process would stand back. */
export function standBack(steps: number): void {
  if (process.platform !== 'linux') return
  lower(0, steps)
}

/** Threads of the runtime that give memory back to the system: nobody waits for them, and one turn of theirs can last 3 ms. */
const HOUSEKEEPERS = new Set(['mi-scavenger'])

/** Lets the runtime's own housekeeping run only while no call wants the core, or nearly so. */
export function standBackHousekeeping(): void {
  if (process.platform !== 'linux') return
  for (const thread of threads()) if (HOUSEKEEPERS.has(thread.name)) lower(thread.id, LEAST_PRIORITY)
}

function threads(): { readonly id: number; readonly name: string }[] {
  try {
    return readdirSync('/proc/self/task').map((id) => ({
      id: Number(id),
      name: readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim(),
    }))
  } catch {
    // No such view of the process here, or a thread that has just ended.
    return []
  }
}

/** `0` is the calling thread. */
function lower(thread: number, steps: number): void {
  try {
    setPriority(thread, Math.min(LEAST_PRIORITY, getPriority(thread) + steps))
  } catch {
    // Not allowed here: the work is done all the same.
  }
}

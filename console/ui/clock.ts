import { useSyncExternalStore } from 'react'

let now = Date.now()
const watchers = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

function watch(tell: () => void): () => void {
  watchers.add(tell)
  timer ??= setInterval(() => {
    now = Date.now()
    for (const each of watchers) each()
  }, 20_000)
  return () => {
    watchers.delete(tell)
    if (watchers.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

/** The time, told again every 20 seconds: one clock for all relative times on a page. */
export const useNow = (): number => useSyncExternalStore(watch, () => now)

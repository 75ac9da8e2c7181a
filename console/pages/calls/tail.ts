import { useEffect, useRef, useState } from 'react'
import { type Call, tailCalls } from '../../../src/contract/api/calls.ts'
import { addressOf } from '../../../src/contract/client.ts'
import { queries, sessionQuery } from '../../api.ts'

export type TailState = 'off' | 'connecting' | 'live'

/** Most calls kept on the page while it follows. */
const KEPT = 300

/**
 * Follows calls as they end. What arrives within one tenth of a second is shown at once, so that a busy gateway does not freeze the
 * page. `calls` is newest first.
 */
export function useTail(on: boolean, filter: Readonly<Record<string, unknown>>): { calls: readonly Call[]; state: TailState } {
  const [calls, setCalls] = useState<readonly Call[]>([])
  const [state, setState] = useState<TailState>('off')
  const waiting = useRef<Call[]>([])
  const { from: _, to: __, ...query } = filter
  const address = addressOf(tailCalls, { query })
  useEffect(() => {
    setCalls([])
    waiting.current = []
    if (!on) {
      setState('off')
      return
    }
    setState('connecting')
    const source = new EventSource(address)
    source.addEventListener('call', (event) => waiting.current.push(JSON.parse((event as MessageEvent<string>).data) as Call))
    source.addEventListener('open', () => setState('live'))
    source.addEventListener('error', () => {
      setState('connecting')
      if (source.readyState === EventSource.CLOSED) void queries.invalidateQueries({ queryKey: sessionQuery.queryKey })
    })
    const show = setInterval(() => {
      if (waiting.current.length === 0) return
      const arrived = waiting.current.reverse()
      waiting.current = []
      setCalls((before) => [...arrived, ...before].slice(0, KEPT))
    }, 100)
    return () => {
      source.close()
      clearInterval(show)
    }
  }, [on, address])
  return { calls, state }
}

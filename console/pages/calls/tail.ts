import { useEffect, useState } from 'react'
import { type Call, tailCalls } from '../../../src/contract/api/calls.ts'
import { addressOf } from '../../../src/contract/client.ts'
import { queries, sessionQuery } from '../../api.ts'

type Tail = { readonly address: string | null; readonly live: boolean; readonly calls: readonly Call[] }

/** Most calls kept on the page while it follows. */
const KEPT = 300

/**
 * Follows calls as they end. What arrives within one tenth of a second is shown at once, so that a busy gateway does not freeze the
 * page. `calls` is newest first.
 */
export function useTail(
  on: boolean,
  filter: Readonly<Record<string, unknown>>,
): { calls: readonly Call[]; state: 'off' | 'connecting' | 'live' } {
  const [tail, setTail] = useState<Tail>({ address: null, live: false, calls: [] })
  const { from: _from, to: _to, ...query } = filter
  const address = on ? addressOf(tailCalls, { query }) : null
  useEffect(() => {
    if (address === null) return
    let waiting: Call[] = []
    const set = (change: (before: Tail) => Partial<Tail>) =>
      setTail((last) => {
        const before = last.address === address ? last : { address, live: false, calls: [] }
        return { ...before, ...change(before) }
      })
    const source = new EventSource(address)
    source.addEventListener('call', (event) => waiting.push(JSON.parse((event as MessageEvent<string>).data) as Call))
    source.addEventListener('open', () => set(() => ({ live: true })))
    source.addEventListener('error', () => {
      set(() => ({ live: false }))
      if (source.readyState === EventSource.CLOSED) void queries.invalidateQueries({ queryKey: sessionQuery.queryKey })
    })
    const show = setInterval(() => {
      if (waiting.length === 0) return
      const arrived = waiting.reverse()
      waiting = []
      set(({ calls }) => ({ calls: [...arrived, ...calls].slice(0, KEPT) }))
    }, 100)
    return () => {
      source.close()
      clearInterval(show)
    }
  }, [address])
  if (address === null) return { calls: [], state: 'off' }
  return tail.address === address
    ? { calls: tail.calls, state: tail.live ? 'live' : 'connecting' }
    : { calls: [], state: 'connecting' }
}

import { nginx, portkey, portreeve } from '../contenders.ts'
import { probe, reportOf, startStreams, streamOrders } from '../load.ts'
import { rssMiB, treeOf } from '../machine.ts'
import { defineScenario } from '../scenario.ts'
import { requestBody } from '../upstreams.ts'

const STREAMS = 1000

export const openStreams = defineScenario({
  id: 'open-streams',
  title: `${STREAMS} streams open at once, one chunk a second each`,
  contenders: [nginx, portreeve(), portkey],
  columns: [
    { id: 'idleMiB', title: 'RSS before', unit: 'MiB' },
    { id: 'rssMiB', title: 'RSS, all open', unit: 'MiB' },
    { id: 'failed', title: 'failed', unit: '' },
  ],
  rounds: 1,
  async measure(running) {
    await probe(running.paced, requestBody(running.paced.model('paced-3-1'), true))
    const idleMiB = rssMiB(treeOf(running.pid))
    const orders = { connections: STREAMS, seconds: 60, spreadMs: 2000, hold: true }
    const load = startStreams(streamOrders(running.paced, 600, 1000, orders))
    const reader = load.stdout.getReader()
    const decoder = new TextDecoder()
    let output = ''
    let rss = 0
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      output += decoder.decode(value)
      if (rss || !output.startsWith('open\n')) continue
      rss = rssMiB(treeOf(running.pid))
      await load.stdin.end()
    }
    return { idleMiB, rssMiB: rss, failed: reportOf(output).failed }
  },
  goals: [
    {
      says: `RSS with ${STREAMS} streams open`,
      value: (median) => median('portreeve', 'rssMiB'),
      unit: ' MiB',
      atMost: 150,
    },
  ],
})

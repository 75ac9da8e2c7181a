import { nginx, portkey, portreeve } from '../contenders.ts'
import { measurePlain } from '../load.ts'
import { defineScenario } from '../scenario.ts'
import { PLAIN_COLUMNS } from './plain.ts'

export const latency = defineScenario({
  id: 'latency',
  title: 'One call at a time: what the gateway adds',
  contenders: [nginx, portreeve(), portkey],
  columns: PLAIN_COLUMNS,
  rounds: 3,
  measure: (running, bench) => measurePlain(running, { ...bench, seconds: Math.max(1, bench.seconds - 1) }, 1),
  goals: [
    {
      says: 'p99 of a lone call, added to nginx’s',
      value: (median) => median('portreeve', 'p99Ms') - median('nginx', 'p99Ms'),
      unit: ' ms',
      atMost: 1,
    },
  ],
})

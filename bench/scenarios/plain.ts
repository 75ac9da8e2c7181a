import { nginx, portkey, portreeve } from '../contenders.ts'
import { measurePlain } from '../load.ts'
import { defineScenario, type Column } from '../scenario.ts'

export const PLAIN_COLUMNS: readonly Column[] = [
  { id: 'cpuMicros', title: 'CPU/request', unit: 'µs', digits: 1 },
  { id: 'perSecond', title: 'requests/s', unit: '' },
  { id: 'p50Ms', title: 'p50', unit: 'ms', digits: 2 },
  { id: 'p99Ms', title: 'p99', unit: 'ms', digits: 2 },
  { id: 'rssMiB', title: 'RSS', unit: 'MiB' },
  { id: 'othersPercent', title: 'core lost to others', unit: '%' },
]

export const plain = defineScenario({
  id: 'plain',
  title: 'Plain JSON call: 300 bytes in, 700 bytes out, 64 connections, one core',
  contenders: [nginx, portreeve(), portkey],
  columns: PLAIN_COLUMNS,
  rounds: 3,
  measure: (running, bench) => measurePlain(running, bench, 64),
  goals: [
    {
      says: 'CPU a request, over nginx',
      value: (median) => median('portreeve', 'cpuMicros') / median('nginx', 'cpuMicros'),
      unit: '×',
      atMost: 3,
    },
    {
      says: 'throughput on one core, over Portkey',
      value: (median) => median('portreeve', 'perSecond') / median('portkey', 'perSecond'),
      unit: '×',
      atLeast: 12,
    },
  ],
})

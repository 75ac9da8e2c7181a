import { portreeve } from '../contenders.ts'
import { measurePlain } from '../load.ts'
import { cpuMicros, treeOf } from '../machine.ts'
import { defineScenario } from '../scenario.ts'
import { PLAIN_COLUMNS } from './plain.ts'

const WORKERS = 2

export const workers = defineScenario({
  id: 'workers',
  title: `${WORKERS} gateway processes against one, on the same core`,
  contenders: [
    portreeve('one', '--workers 1'),
    portreeve('two', '--workers 2', { args: ['--workers', String(WORKERS)] }),
  ],
  columns: [...PLAIN_COLUMNS, { id: 'leastShare', title: 'least loaded worker', unit: '%' }],
  rounds: 3,
  async measure(running, bench) {
    const children = treeOf(running.pid).slice(1)
    const before = children.map((pid) => cpuMicros([pid]))
    const metrics = await measurePlain(running, bench, 64)
    const used = children.map((pid, index) => cpuMicros([pid]) - before[index]!).sort((a, b) => b - a)
    const shares = used.slice(0, WORKERS)
    const total = shares.reduce((sum, share) => sum + share, 0)
    return { ...metrics, leastShare: shares.length ? (Math.min(...shares) / total) * 100 : 100 }
  },
  goals: [
    {
      says: 'CPU a request with two workers, over one',
      value: (median) => median('two', 'cpuMicros') / median('one', 'cpuMicros'),
      unit: '×',
      atMost: 1.15,
    },
    {
      says: 'share of the less loaded of two workers',
      value: (median) => median('two', 'leastShare'),
      unit: ' %',
      atLeast: 25,
    },
  ],
})

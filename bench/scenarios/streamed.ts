import { nginx, portkey, portreeve } from '../contenders.ts'
import { probe, reportOf, startStreams, streamOrders, warmUpSeconds } from '../load.ts'
import { coreBusyMicros, cpuMicros, rssMiB, treeOf } from '../machine.ts'
import { defineScenario, type Column, type Metrics, type Running } from '../scenario.ts'
import { requestBody, type Bench } from '../upstreams.ts'

const CHUNKS = 64
const EVERY_MS = 20
const CONNECTIONS = 100

export const STREAM_COLUMNS: readonly Column[] = [
  { id: 'cpuMicros', title: 'CPU/stream', unit: 'µs' },
  { id: 'perSecond', title: 'streams/s', unit: '', digits: 1 },
  { id: 'firstP50Ms', title: 'first byte p50', unit: 'ms', digits: 2 },
  { id: 'firstP99Ms', title: 'first byte p99', unit: 'ms', digits: 2 },
  { id: 'lateP99Ms', title: 'end late p99', unit: 'ms', digits: 1 },
  { id: 'rssMiB', title: 'RSS', unit: 'MiB' },
  { id: 'othersPercent', title: 'core lost to others', unit: '%' },
]

/** Paced streams on a hundred connections; every stream that was begun is read to its end. */
export async function measureStreams(running: Running, bench: Bench): Promise<Metrics> {
  const target = running.paced
  const text = await probe(target, requestBody(target.model('paced-3-1'), true))
  if (!text.includes('[DONE]')) throw new Error(`the stream of ${target.url} has no end: ${text.slice(-300)}`)
  const seconds = warmUpSeconds(running)
  // Faster than what is measured: an engine compiles what it has done often enough.
  const warm = startStreams(streamOrders(target, 16, 2, { connections: 48, seconds, spreadMs: 50 }))
  await warm.exited
  const nominalMs = CHUNKS * EVERY_MS
  const pids = treeOf(running.pid)
  const before = cpuMicros(pids)
  const busyBefore = coreBusyMicros()
  const started = performance.now()
  const load = startStreams(
    streamOrders(target, CHUNKS, EVERY_MS, { connections: CONNECTIONS, seconds: bench.seconds, spreadMs: nominalMs }),
  )
  const report = reportOf(await new Response(load.stdout).text())
  const elapsed = performance.now() - started
  const used = cpuMicros(pids) - before
  const busy = coreBusyMicros() - busyBefore
  if (report.failed > 0) throw new Error(`${report.failed} streams of ${target.url} did not end well`)
  return {
    cpuMicros: used / report.streams,
    perSecond: (report.streams / elapsed) * 1000,
    firstP50Ms: report.firstByteMs.p50,
    firstP99Ms: report.firstByteMs.p99,
    lateP99Ms: report.totalMs.p99 - nominalMs,
    rssMiB: rssMiB(pids),
    othersPercent: Math.max(0, ((busy - used) / (elapsed * 1000)) * 100),
  }
}

export const streamed = defineScenario({
  id: 'streamed',
  title: `Paced stream: ${CHUNKS} chunks, ${EVERY_MS} ms apart, ${CONNECTIONS} connections, one core`,
  contenders: [nginx, portreeve(), portkey],
  columns: STREAM_COLUMNS,
  rounds: 3,
  measure: (running, bench) => measureStreams(running, bench),
  goals: [
    {
      says: 'CPU a stream, over nginx',
      value: (median) => median('portreeve', 'cpuMicros') / median('nginx', 'cpuMicros'),
      unit: '×',
      atMost: 1.6,
    },
  ],
})

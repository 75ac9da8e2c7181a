import { portreeve } from '../contenders.ts'
import { startOpenLoad, wrk } from '../load.ts'
import { coreBusyMicros, cpuMicros, treeOf } from '../machine.ts'
import type { OpenReport, Slice } from '../open-load.ts'
import { SLICE_MS } from '../open-load.ts'
import { defineScenario, type Metrics, type Running } from '../scenario.ts'
import type { Bench } from '../upstreams.ts'

/** Of no use to its client after this. */
const DEADLINE_MS = 2_000
const CALLERS = 4
/** About as much as an agent sends: such calls are work for the gateway, and little for load and vendor. */
const PROMPT = 'The harbour opens at dawn, and the portreeve counts what comes in. '.repeat(700)
/** Time for the refusals to set in, and for what they let in before to end. */
const SETTLE_MS = 2_000
const OVERLOAD_SECONDS = 8
const AFTER_SECONDS = 6

const PRIORITIES = ['low', 'normal', 'high'] as const
const keyOf = (priority: string) => `prk-bench-${priority.padEnd(32, '0')}`

/** Each prompt is searched for personal data. */
const GUARDS = `guards:
  - { name: personal, kind: personal_data, on: [input], action: mask }
`

const KEYS = PRIORITIES.map(
  (priority) => `  - { name: ${priority}, secret: "${keyOf(priority)}", priority: ${priority}, models: ["*"] }\n`,
).join('')

type Phase = { readonly rate: number; readonly seconds: number }

const targetOf = (running: Running) => running.translated!.plain

function bodyFor(running: Running): string {
  const messages = [{ role: 'user', content: PROMPT }]
  return JSON.stringify({ model: targetOf(running).model('claude-haiku-4-5'), max_tokens: 128, messages })
}

async function load(running: Running, phases: readonly Phase[]): Promise<OpenReport> {
  const { url, headers } = targetOf(running)
  const callers = PRIORITIES.map((name) => ({ name, headers: { ...headers, authorization: `Bearer ${keyOf(name)}` } }))
  const { port, pathname } = new URL(url)
  return await startOpenLoad({
    port: Number(port),
    path: pathname,
    callers,
    body: bodyFor(running),
    phases,
    deadlineMs: DEADLINE_MS,
  })
}

const sum = (slices: readonly Slice[], of: (slice: Slice) => number) =>
  slices.reduce((total, slice) => total + of(slice), 0)

async function measure(running: Running, bench: Bench): Promise<Metrics> {
  // The capacity is what it answers when callers wait for their answers.
  await wrk(bench, targetOf(running), bodyFor(running), CALLERS, 2)
  const pids = treeOf(running.pid)
  const [before, busyBefore] = [cpuMicros(pids), coreBusyMicros()]
  const { perSecond: capacity, failed } = await wrk(bench, targetOf(running), bodyFor(running), CALLERS, bench.seconds)
  if (failed > 0) throw new Error(`${failed} calls were not answered with 200`)
  const others = coreBusyMicros() - busyBefore - (cpuMicros(pids) - before)
  const report = await load(running, [
    { rate: Math.round(capacity * 3), seconds: OVERLOAD_SECONDS },
    { rate: Math.round(capacity / 2), seconds: AFTER_SECONDS },
  ])
  const [during = [], after = []] = report.phases
  const settled = during.slice(SETTLE_MS / SLICE_MS)
  const good = sum(settled, (slice) => slice.good) / ((settled.length * SLICE_MS) / 1_000)
  const bad = after.findLastIndex((slice) => slice.good < slice.offered)
  const share = (name: string) => sum(settled, ({ by }) => by[name] ?? 0) / (sum(settled, ({ offered }) => offered) / 3)
  return {
    capacity,
    goodput: good,
    goodputPercent: (good / capacity) * 100,
    recoveryMs: (bad + 1) * SLICE_MS,
    lowPercent: share('low') * 100,
    normalPercent: share('normal') * 100,
    highPercent: share('high') * 100,
    p99Ms: report.totalMs[0]!.p99,
    behindMs: report.behindMs,
    othersPercent: Math.max(0, (others / (bench.seconds * 1e6)) * 100),
  }
}

export const overload = defineScenario({
  id: 'overload',
  title:
    'Three times the capacity in calls of 46 KB, translated and searched for personal data, callers of three priorities; then half of it; one core',
  contenders: [portreeve('portreeve', 'Portreeve', { keys: KEYS, configuration: GUARDS })],
  columns: [
    { id: 'capacity', title: 'capacity', unit: '/s' },
    { id: 'goodput', title: 'goodput at 3×', unit: '/s' },
    { id: 'goodputPercent', title: 'of capacity', unit: '%' },
    { id: 'recoveryMs', title: 'back to normal', unit: 'ms' },
    { id: 'lowPercent', title: 'low answered', unit: '%' },
    { id: 'normalPercent', title: 'normal answered', unit: '%' },
    { id: 'highPercent', title: 'high answered', unit: '%' },
    { id: 'p99Ms', title: 'p99 of good', unit: 'ms' },
    { id: 'behindMs', title: 'load behind', unit: 'ms' },
    { id: 'othersPercent', title: 'core lost to others', unit: '%' },
  ],
  rounds: 1,
  measure,
  goals: [
    {
      says: 'goodput at three times the capacity',
      value: (median) => median('portreeve', 'goodputPercent'),
      unit: '% of the capacity',
      atLeast: 90,
    },
    {
      says: 'back to normal after it',
      value: (median) => median('portreeve', 'recoveryMs') / 1_000,
      unit: 's',
      atMost: 5,
    },
  ],
})

// `bun bench/soak.ts [--seconds 600] [--rate N]`: one gateway under half its load for a long time, with clients that leave and vendors that
// fail. Prints memory, descriptors and what is still held, and exits with 1 when something grows or leaks.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CORES, pinned } from './machine.ts'
import { SoakClient, type Ended } from './soak-client.ts'
import { KEY, SoakGateway } from './soak-gateway.ts'
import type { Probe } from './soak-probe.ts'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '600' }, rate: { type: 'string' } },
})
const seconds = Number(values.seconds)
/** Shorter runs only try the soak out: they judge no growth. */
const LONG_SECONDS = 300
const MEASURE_SECONDS = 15
/** So many records fill the caches of the database, 16 MiB for each connection: before that memory grows with every call. */
const FILLING_CALLS = 150_000
const FILLING_SECONDS = 120
/** Calls at a time while the capacity is measured. */
const PARALLEL = 48
/** Caches fill and code is compiled first; growth means something only after that. */
const SETTLE_SECONDS = seconds >= LONG_SECONDS ? 120 : seconds * 0.4
/** Memory is collected in waves: of each window only the lowest value counts. */
const WINDOW_SECONDS = Math.min(30, (seconds - SETTLE_SECONDS) / 6)
const REST_MS = 10_000
const MIN_LEFT = 0.09
const MAY_BE_UNREAD = 0.02
/** Objects of these classes belong to calls: when all is over none may live. A few may still be seen on the stack of whoever counts. */
const OF_CALLS = [
  'Call',
  'Inbound',
  'Upcall',
  'StreamRelay',
  'HoldBack',
  'TargetUse',
  'Reservation',
  'Admission',
  'Continuation',
  'Capture',
]
const MAY_LIVE = 4

if (CORES) Bun.spawnSync(['taskset', '-a', '-p', '-c', String(CORES.load), String(process.pid)])
const upstream = await startUpstream()
const gateway = await SoakGateway.start(upstream.origin)
const client = new SoakClient(gateway.port, KEY)
const descriptorsAtStart = gateway.descriptors

const counts = { answered: 0, failed: 0, left: 0 }
const failures = new Map<string, number>()
let next = 0

async function call(): Promise<void> {
  const { how, code }: Ended = await client.call(next++)
  counts[how]++
  if (how === 'failed') failures.set(code, (failures.get(code) ?? 0) + 1)
}

async function startUpstream() {
  const child = Bun.spawn(pinned('load', [process.execPath, join(import.meta.dir, 'soak-upstream.ts')]), {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'inherit',
  })
  process.on('exit', () => child.kill('SIGKILL'))
  const lines = readLines(child.stdout)
  const line = async () => String((await lines.next()).value)
  const origin = `http://127.0.0.1:${await line()}`
  type Seen = { requests: number; holding: number; left: number; heldTooLong: number; open: number }
  return {
    origin,
    async seen(): Promise<Seen> {
      void child.stdin.write('\n')
      await child.stdin.flush()
      return JSON.parse(await line()) as Seen
    },
    stop: () => child.kill(),
  }
}

async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let pending = ''
  const decoder = new TextDecoder()
  for await (const chunk of stream) {
    const lines = (pending + decoder.decode(chunk)).split('\n')
    pending = lines.pop() ?? ''
    yield* lines
  }
}

/** Calls a second that the gateway could take: as many as its core has time for; where all share one core, as many as get through. */
async function measureCapacity(): Promise<number> {
  const start = performance.now()
  const warm = start + (MEASURE_SECONDS * 1_000) / 3
  const goesOn = () => {
    const passed = (performance.now() - start) / 1_000
    return passed < MEASURE_SECONDS || (seconds >= LONG_SECONDS && next < FILLING_CALLS && passed < FILLING_SECONDS)
  }
  let [from, cpu, begun] = [0, 0, 0]
  const worker = async () => {
    while (goesOn()) {
      if (begun === 0 && performance.now() > warm) [from, cpu, begun] = [next, gateway.cpuMicros, performance.now()]
      await call()
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, worker))
  const calls = next - from
  return CORES ? (calls * 1e6) / (gateway.cpuMicros - cpu) : (calls * 1e3) / (performance.now() - begun)
}

type Sample = { readonly at: number; readonly rss: number; readonly descriptors: number }
const samples: Sample[] = []

async function load(rate: number): Promise<void> {
  const began = performance.now()
  const sampling = setInterval(
    () =>
      samples.push({ at: (performance.now() - began) / 1_000, rss: gateway.rssMiB, descriptors: gateway.descriptors }),
    1_000,
  )
  const running = new Set<Promise<void>>()
  for (let made = 0; performance.now() - began < seconds * 1_000;) {
    const due = Math.floor(((performance.now() - began) * rate) / 1_000)
    for (; made < due; made++) {
      const one: Promise<void> = call().finally(() => running.delete(one))
      running.add(one)
    }
    await Bun.sleep(5)
  }
  await Promise.all(running)
  clearInterval(sampling)
}

/** The lowest sample of each window behind the settling, by minute. */
function envelope(of: (sample: Sample) => number): [minute: number, lowest: number][] {
  const windows = new Map<number, [number, number]>()
  for (const sample of samples) {
    const window = Math.floor((sample.at - SETTLE_SECONDS) / WINDOW_SECONDS)
    const lowest = windows.get(window)
    // The last window is rarely whole.
    if (window < 0 || SETTLE_SECONDS + (window + 1) * WINDOW_SECONDS > seconds + 0.5) continue
    if (!lowest || of(sample) < lowest[1]) windows.set(window, [sample.at / 60, of(sample)])
  }
  return [...windows.values()]
}

/** Least squares. */
function slopeOf(points: readonly (readonly [number, number])[]): number {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length
  const over = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  return over / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
}

const mib = (bytes: number) => (bytes / 1_048_576).toFixed(1)
const shown = ({ heap, extra, native }: Probe) =>
  `heap ${mib(heap)}, outside it ${mib(extra)}, native ${mib(native)} MiB`

const capacity = await measureCapacity()
const rate = values.rate === undefined ? capacity / 2 : Number(values.rate)
console.log(
  `capacity ${capacity.toFixed(0)} calls a second${CORES ? '' : ' (one core for all)'}; load ${rate.toFixed(0)}`,
)
const before = await gateway.probe()
const madeBefore = next
const cpuBefore = gateway.cpuMicros
const loading = performance.now()
const since = Date.now()
Object.assign(counts, { answered: 0, failed: 0, left: 0 })
failures.clear()
await load(rate)
const loadSeconds = (performance.now() - loading) / 1_000
const made = next - madeBefore
const share = (gateway.cpuMicros - cpuBefore) / (loadSeconds * 1e6)
client.close()
let held = await gateway.held()
const resting = performance.now()
while ((held.slots > 0 || held.reserved > 0) && performance.now() - resting < REST_MS) {
  await Bun.sleep(50)
  held = await gateway.held()
}
const restMs = performance.now() - resting
// The last mirrors end with their vendor's time.
for (let waited = 0; (await upstream.seen()).holding > 0 && waited < REST_MS; waited += 100) await Bun.sleep(100)
await Bun.sleep(1_000)
const seen = await upstream.seen()
const after = await gateway.probe()
const descriptorsAtRest = gateway.descriptors
const { code, cut, records } = await gateway.stop(since)
upstream.stop()

const onRecord = records.reduce((sum, { calls }) => sum + calls, 0)
const left = records.find(({ error_code }) => error_code === 'client_closed')?.calls ?? 0
/** A client that is gone at once may take its request with it. */
const unread = Math.ceil(counts.left * MAY_BE_UNREAD)
const overloaded = failures.get('503 overloaded') ?? 0
const alive = OF_CALLS.flatMap((name) =>
  (after.counts[name] ?? 0) > MAY_LIVE ? [`${after.counts[name]} × ${name}`] : [],
)
const lowest = envelope(({ rss }) => rss)
const slope = slopeOf(lowest)
const allSettled = samples.filter(({ at }) => at >= SETTLE_SECONDS)
const plainSlope = slopeOf(allSettled.map(({ at, rss }) => [at / 60, rss] as const))
const descriptorSlope = slopeOf(envelope(({ descriptors }) => descriptors))
const descriptors = allSettled.map(({ descriptors }) => descriptors)
const percent = (part: number) => `${(part * 100).toFixed(1)} %`

console.log(
  `${made} calls in ${loadSeconds.toFixed(0)} s (${(made / loadSeconds).toFixed(0)} a second); the gateway used ${percent(share)} of a core`,
)
const how = [...failures].map(([why, count]) => `${count} × ${why}`).join(', ')
console.log(
  `${counts.answered} answered, ${counts.failed} failed${how && ` (${how})`}, ${counts.left} left by their clients`,
)
console.log(
  `on record: ${onRecord}; left ${left} (${percent(left / onRecord)}); the upstream saw ${seen.left} of ${seen.requests} requests left while it held their answer, ${seen.heldTooLong} held too long`,
)
console.log(
  `memory: lowest of each ${WINDOW_SECONDS.toFixed(0)} s: ${lowest.map(([, rss]) => rss.toFixed(0)).join(', ')} MiB: ${slope.toFixed(2)} MiB a minute (all samples: ${plainSlope.toFixed(2)})`,
)
console.log(`alive before: ${shown(before)}; after: ${shown(after)}`)
console.log(
  `descriptors: ${descriptorsAtStart} at the start, ${Math.min(...descriptors)} to ${Math.max(...descriptors)} under load (${descriptorSlope.toFixed(1)} a minute), ${descriptorsAtRest} at rest, of which ${seen.open} kept to the upstream`,
)
console.log(
  `still held: ${held.slots} slots, ${held.reserved} micro-dollars (asked for ${restMs.toFixed(0)} ms); objects of calls: ${alive.join(', ') || 'none'}; exit ${code}`,
)

const wrong = [
  seconds >= LONG_SECONDS && !(slope < 1) && 'memory grows',
  descriptorsAtRest > descriptorsAtStart + seen.open + 4 && 'descriptors leak',
  seconds >= LONG_SECONDS && descriptorSlope >= 5 && 'descriptors grow',
  held.slots > 0 && 'slots leak',
  held.reserved !== 0 && 'reservations leak',
  alive.length > 0 && 'calls live on',
  seen.holding > 0 && 'upstream calls live on',
  seen.heldTooLong > 0 && 'upstream calls outlive their clients',
  left / onRecord < MIN_LEFT && 'too few calls were left',
  onRecord > made && 'records are too many',
  made - onRecord > unread && 'records are missing',
  overloaded > made / 100 && 'the machine had no room for half the load',
  code !== 0 && 'the gateway did not end well',
  cut && 'calls were still in flight at the end',
  counts.answered === 0 && 'nothing was answered',
].filter(Boolean)
console.log(wrong.length > 0 ? `WRONG  ${wrong.join(', ')}` : 'right')
process.exit(wrong.length > 0 ? 1 : 0)

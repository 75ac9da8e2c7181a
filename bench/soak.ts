// `bun bench/soak.ts [--seconds 600] [--rate 200]`: one gateway under half its load for a long time, with clients that leave and vendors that fail. Prints
// memory, descriptors and what is still held, and exits with 1 when something grows or leaks.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { FakeVendor, type Script } from '../test/fake-vendor/vendor.ts'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '600' }, rate: { type: 'string', default: '200' } },
})
const [seconds, rate] = [Number(values.seconds), Number(values.rate)]
const SAMPLE_MS = Math.max(500, (seconds * 1_000) / 120)
/** Caches fill first; growth means something only after that. */
const SETTLED = 0.4
const SLOTS = 500
const KEY = `prk_live_${'s'.repeat(43)}`

const FAULTS: Script[] = [
  { fault: 'server-error' },
  { fault: 'rate-limited', retryAfter: '0' },
  { fault: 'reset-before-headers' },
  { fault: 'cut', after: 2 },
  { fault: 'error-in-200', after: 1 },
  { fault: 'slow-first-token', wait: 100 },
]

const vendor = new FakeVendor()
const folder = mkdtempSync(join(tmpdir(), 'portreeve-soak-'))
writeFileSync(
  join(folder, 'portreeve.yaml'),
  `keys: [{ name: soak, secret: "${KEY}" }]
providers:
  - { id: one, type: openai-compatible, base_url: "${vendor.origin}/v1" }
  - { id: two, type: openai-compatible, base_url: "${vendor.origin}/v1" }
aliases:
  - { name: soaked, targets: [{ provider: one, model: m }], fallbacks: [{ provider: two, model: m, continues_prefix: true }],
      continue_streams: true, retries: { backoff_ms: 5 }, mirror: { provider: two, model: m, percent: 5 } }
prices:
  - { provider: one, model: m, input: 150000, output: 600000 }
  - { provider: two, model: m, input: 150000, output: 600000 }
limits: [{ name: slots, in_flight: ${SLOTS} }, { name: users, per: [end_user], requests_per_minute: 100000 }]
budgets: [{ name: money, amount_micros: 900000000000 }]
`,
)
const main = join(import.meta.dir, '..', 'src', 'main.ts')
const child = Bun.spawn([process.execPath, main, 'start', '--port', '0', '--data', join(folder, 'data')], {
  cwd: folder,
  stdout: 'pipe',
  stderr: 'inherit',
})
process.on('exit', () => child.kill('SIGKILL'))
const url = await addressOf(child.stdout)

/** Reads the address from what the start prints. */
async function addressOf(output: ReadableStream<Uint8Array>): Promise<string> {
  let text = ''
  for await (const chunk of output) {
    text += new TextDecoder().decode(chunk)
    const found = /http:\/\/127\.0\.0\.1:\d+/.exec(text)
    if (found) return found[0]
  }
  throw new Error(`the gateway did not start: ${text}`)
}

let [done, failed, left] = [0, 0, 0]
const failures = new Map<string, number>()

async function call(index: number): Promise<void> {
  const controller = new AbortController()
  const leaves = index % 10 === 3
  if (leaves) setTimeout(() => controller.abort(), index % 40)
  try {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'soaked',
        stream: index % 2 === 0,
        user: `u${index % 5_000}`,
        max_tokens: 100,
        messages: [{ role: 'user', content: 'x'.repeat(200) }],
      }),
      signal: controller.signal,
    })
    const text = await response.text()
    if (response.ok) done++
    else {
      failed++
      const why = `${response.status} ${/"code":"(\w+)"/.exec(text)?.[1] ?? ''}`
      failures.set(why, (failures.get(why) ?? 0) + 1)
    }
  } catch {
    left++
  }
}

const samples: { at: number; rss: number; descriptors: number }[] = []
function sample(): void {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
  const rss = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
  samples.push({ at: performance.now() / 60_000, rss, descriptors: readdirSync(`/proc/${child.pid}/fd`).length })
}

const sampling = setInterval(sample, SAMPLE_MS)
const began = performance.now()
const running = new Set<Promise<void>>()
for (let index = 0; performance.now() - began < seconds * 1_000; index++) {
  if (index % 10 === 7) vendor.next(FAULTS[((index / 10) % FAULTS.length) | 0]!)
  const one = call(index).finally(() => running.delete(one))
  running.add(one)
  // What the vendor remembers is not the gateway's.
  if (index % 1_000 === 0) vendor.requests.length = 0
  const due = began + ((index + 1) * 1_000) / rate
  if (due > performance.now()) await Bun.sleep(due - performance.now())
}
await Promise.all(running)
clearInterval(sampling)
vendor.reset()
await Bun.sleep(500)
// Every slot must be free again: as many calls as there are slots find one.
const held = await Promise.all(
  Array.from({ length: SLOTS }, async () => {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}` },
      body: JSON.stringify({ model: 'soaked', max_tokens: 5, messages: [] }),
    })
    const text = await response.text()
    return response.status === 200 ? 'ok' : `${response.status} ${/"code":"(\w+)"/.exec(text)?.[1] ?? ''}`
  }),
)
/** What the running gateway itself says it still holds. */
async function heldBy(things: string, name: string, of: (used: Record<string, number>) => number): Promise<number> {
  const { address, token } = JSON.parse(readFileSync(join(folder, 'data', 'running.json'), 'utf8'))
  const response = await fetch(`${address}/api/v1/${things}`, { headers: { authorization: `Bearer ${token}` } })
  const { data } = (await response.json()) as { data: { name: string; used: Record<string, number>[] | null }[] }
  const used = data.find((thing) => thing.name === name)?.used
  if (!used) throw new Error(`${things} says nothing of the use of ${name}`)
  return used.reduce((sum, each) => sum + of(each), 0)
}
await Bun.sleep(500)
const slotsUsed = await heldBy('limits', 'slots', (used) => used['used'] ?? 0)
const reserved = await heldBy('budgets', 'money', (used) => used['reserved_micros'] ?? 0)
sample()
child.kill('SIGTERM')
const code = await child.exited
await vendor.stop()
rmSync(folder, { recursive: true, force: true })

const settled = samples.slice(Math.floor(samples.length * SETTLED), -1)
const slope = slopeOf(settled.map(({ at, rss }) => [at, rss]))
const descriptors = settled.map(({ descriptors }) => descriptors)
const refused = held.filter((how) => how !== 'ok').length
const idle = samples.at(-1)!.descriptors
if (refused > 0) console.log(`refused when all was over: ${[...new Set(held)].join(', ')}`)
const how = [...failures].map(([why, count]) => `${count} × ${why}`).join(', ')
console.log(`${done} answered, ${failed} failed${how && ` (${how})`}, ${left} left by their clients, in ${seconds} s`)
console.log(
  `memory ${settled[0]?.rss.toFixed(0)} to ${settled.at(-1)?.rss.toFixed(0)} MiB, ${slope.toFixed(2)} MiB a minute`,
)
console.log(
  `descriptors ${Math.min(...descriptors)} to ${Math.max(...descriptors)}; at rest ${idle}; slots still held: ${refused + slotsUsed}; money still reserved: ${reserved}; exit ${code}`,
)
const minutes = Array.from({ length: Math.ceil(seconds / 60) }, (_, minute) =>
  samples.find(({ at }) => at - samples[0]!.at >= minute)?.rss.toFixed(0),
)
console.log(`memory minute by minute: ${minutes.join(', ')} MiB`)
// Shorter runs only fill caches.
const wrong = [
  seconds >= 300 && slope >= 1 && 'memory grows',
  Math.max(...descriptors) > Math.min(...descriptors) + SLOTS && 'descriptors grow',
  refused + slotsUsed > 0 && 'slots leak',
  reserved !== 0 && 'reservations leak',
  code !== 0 && 'the gateway did not end well',
  done === 0 && 'nothing was answered',
].filter(Boolean)
console.log(wrong.length > 0 ? `WRONG  ${wrong.join(', ')}` : 'right')
process.exit(wrong.length > 0 ? 1 : 0)

/** Least squares. */
function slopeOf(points: readonly (readonly [number, number])[]): number {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length
  const over = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  return over / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
}

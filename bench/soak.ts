// `bun bench/soak.ts [--seconds 600] [--rate N]`: one gateway under half its load for a long time, with clients that leave and vendors that
// fail. Prints memory, descriptors and what is still held, and exits with 1 when something grows or leaks.
import { parseArgs } from 'node:util'
import { CORES } from './machine.ts'
import { SoakClient } from './soak-client.ts'
import { KEY, SoakGateway } from './soak-gateway.ts'
import { SoakLoad } from './soak-load.ts'
import { linesOf, wrongsOf } from './soak-report.ts'
import { SoakSamples } from './soak-samples.ts'
import { startVendor } from './soak-vendor.ts'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '600' }, rate: { type: 'string' } },
})
const seconds = Number(values.seconds)
/** Shorter runs only try the soak out: they fill no caches and judge no growth. */
const isLong = seconds >= 300
/** So many records fill the caches of the database, 16 MiB for each connection: before that memory grows with every call. */
const FILLING = isLong ? { calls: 150_000, seconds: 120 } : { calls: 20_000, seconds: 15 }
const SETTLE_SECONDS = isLong ? 120 : seconds * 0.4
const REST_MS = 10_000

if (CORES) Bun.spawnSync(['taskset', '-a', '-p', '-c', String(CORES.load), String(process.pid)])
const vendor = await startVendor()
const gateway = await SoakGateway.start(vendor.origin)
const client = new SoakClient(gateway.port, KEY)
const atStart = gateway.descriptors
const calls = new SoakLoad(client, gateway)
const samples = new SoakSamples(seconds, SETTLE_SECONDS)

await calls.fill(FILLING.calls, FILLING.seconds)
const rate = values.rate === undefined ? (await calls.capacity()) / 2 : Number(values.rate)
if (rate === 0) {
  console.log('WRONG  the machine is too busy to measure what the gateway can take')
  process.exit(1)
}
console.log(`load: ${rate.toFixed(0)} calls a second`)

const before = await gateway.probe()
const since = Date.now()
const stopSampling = samples.begin(gateway)
const load = await calls.at(rate, seconds)
stopSampling()
client.close()
let held = await gateway.held()
const resting = performance.now()
while ((held.slots > 0 || held.reserved > 0) && performance.now() - resting < REST_MS) {
  await Bun.sleep(50)
  held = await gateway.held()
}
const restMs = performance.now() - resting
// The last mirrors end with their vendor's time.
for (let waited = 0; (await vendor.seen()).holding > 0 && waited < REST_MS; waited += 100) await Bun.sleep(100)
await Bun.sleep(1_000)
const seen = await vendor.seen()
const after = await gateway.probe()
const descriptors = { ...samples.trend('descriptors'), atStart, atRest: gateway.descriptors }
const { code, cut, records } = await gateway.stop(since)
vendor.stop()

const memory = samples.trend('rss')
const { windowSeconds } = samples
const found = { load, records, seen, memory, windowSeconds, descriptors, before, after, held, restMs, code, cut }
console.log(linesOf(found).join('\n'))
const wrongs = wrongsOf(found, isLong)
console.log(wrongs.length > 0 ? `WRONG  ${wrongs.join(', ')}` : 'right')
process.exit(wrongs.length > 0 ? 1 : 0)

// The two load generators: wrk for plain calls, a raw-socket client of our own for streams.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { coreBusyMicros, cpuMicros, pinned, rssMiB, treeOf } from './machine.ts'
import type { Metrics, Running, Target } from './scenario.ts'
import type { OpenOrders, OpenReport } from './open-load.ts'
import type { StreamOrders, StreamReport } from './stream-load.ts'
import { requestBody, type Bench } from './upstreams.ts'

type WrkReport = {
  readonly requests: number
  readonly failed: number
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
}

/** Runs wrk once; latencies in milliseconds. A call that is not answered with 2xx is an error of the bench. */
export async function wrk(
  bench: Bench,
  target: Target,
  body: string,
  connections: number,
  seconds: number,
): Promise<WrkReport> {
  const script = join(bench.folder, `wrk-${connections}.lua`)
  const headers = Object.entries(target.headers).map(
    ([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`,
  )
  writeFileSync(
    script,
    `wrk.method = "POST"
wrk.body = [==[${body}]==]
${headers.join('\n')}
done = function(summary, latency)
  io.write(string.format('RESULT {"requests":%d,"failed":%d,"seconds":%f,"p50":%f,"p99":%f}\\n', summary.requests,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
`,
  )
  const child = Bun.spawn(
    pinned('load', ['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', script, target.url]),
    { stdout: 'pipe', stderr: 'pipe' },
  )
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  const line = /RESULT (.*)/.exec(out)?.[1]
  if (!line) throw new Error(`wrk gave no result: ${out}${err}`)
  const result = JSON.parse(line) as { requests: number; failed: number; seconds: number; p50: number; p99: number }
  return { ...result, perSecond: result.requests / result.seconds }
}

/** One answer of the target, read whole: shows that it works as it must before it is measured. */
export async function probe(target: Target, body: string, status = 200): Promise<string> {
  const response = await fetch(target.url, { method: 'POST', headers: target.headers, body, keepalive: false })
  const text = await response.text()
  if (response.status !== status) throw new Error(`${target.url} answered ${response.status}: ${text.slice(0, 400)}`)
  return text
}

const WARM = new Set<number>()

/**
 * Seconds of load that bring a gateway up to speed: long before its first round, shortly before the others. Gateways run for weeks, and the
 * engines of two of these compile their code by and by.
 */
export function warmUpSeconds({ pid }: Running): number {
  const seconds = WARM.has(pid) ? 1 : 15
  WARM.add(pid)
  return seconds
}

/** Plain calls for the bench's seconds, once warm: CPU a call, calls a second, latencies, memory. `status` is what each must get. */
export async function measurePlain(
  running: Running,
  bench: Bench,
  connections: number,
  status = 200,
): Promise<Metrics> {
  const target = running.plain
  const body = requestBody(target.model('gpt-4o-mini'))
  await probe(target, body, status)
  await wrk(bench, target, body, 64, warmUpSeconds(running))
  const pids = treeOf(running.pid)
  const busyBefore = coreBusyMicros()
  const before = cpuMicros(pids)
  const report = await wrk(bench, target, body, connections, bench.seconds)
  const used = cpuMicros(pids) - before
  const busy = coreBusyMicros() - busyBefore
  const failed = status === 200 ? report.failed : report.requests - report.failed
  if (failed > 0)
    throw new Error(`${failed} of ${report.requests} calls to ${target.url} were not answered with ${status}`)
  return {
    cpuMicros: used / report.requests,
    perSecond: report.perSecond,
    p50Ms: report.p50,
    p99Ms: report.p99,
    rssMiB: rssMiB(pids),
    othersPercent: Math.max(0, ((busy - used) / (bench.seconds * 1e6)) * 100),
  }
}

export function streamOrders(
  target: Target,
  chunks: number,
  everyMs: number,
  rest: Pick<StreamOrders, 'connections' | 'seconds' | 'spreadMs' | 'hold'>,
): StreamOrders {
  const url = new URL(target.url)
  return {
    port: Number(url.port),
    path: url.pathname,
    headers: target.headers,
    body: requestBody(target.model(`paced-${chunks}-${everyMs}`), true),
    ...rest,
  }
}

export function startStreams(orders: StreamOrders) {
  return Bun.spawn(
    pinned('load', [process.execPath, join(import.meta.dir, 'stream-load.ts'), JSON.stringify(orders)]),
    {
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'inherit',
    },
  )
}

/** Sends calls that come at their own pace, and tells what became of them. */
export async function startOpenLoad(orders: OpenOrders): Promise<OpenReport> {
  const command = [process.execPath, join(import.meta.dir, 'open-load.ts'), JSON.stringify(orders)]
  const child = Bun.spawn(pinned('load', command), { stdout: 'pipe', stderr: 'inherit' })
  return JSON.parse(await new Response(child.stdout).text()) as OpenReport
}

export function reportOf(output: string): StreamReport {
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as StreamReport
}

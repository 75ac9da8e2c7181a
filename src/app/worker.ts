import type { ServerOptions } from '../gateway/server.ts'
import { RedisAnswers } from '../gateway/cache/redis-answers.ts'
import { Origins } from '../gateway/kept/origins.ts'
import { RedisOrigins } from '../gateway/kept/redis-origins.ts'
import { TrafficState } from '../gateway/traffic.ts'
import { openWorkerBank } from '../quota/lease-ipc.ts'
import { compileSnapshot } from '../snapshot/compile.ts'
import { PEER_HEADER } from './control-server.ts'
import { createHolder } from './holder.ts'
import { spreadLastNet } from './last-net.ts'
import { openGatewayProcess, type GatewayProcess } from './gateway-process.ts'
import { LagWatch, processFigures } from './process-figures.ts'
import { AppError } from '../errors.ts'
import { createLog, describeError } from './log.ts'
import { WORKER_VARIABLE, type FromWorker, type ToWorker, type WorkerSpec } from './workers.ts'

const SWEEP_MS = 1_000

const tell = (message: FromWorker) => process.send?.(message)

/** The whole life of a gateway process beside others: it does what its parent says and ends with it. */
export function runWorker(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const holder = createHolder()
  const { promise: over, resolve: end } = Promise.withResolvers<void>()
  let running: GatewayProcess | undefined
  const leases = openWorkerBank(tell)
  const origins = new Origins()
  origins.ready = false
  origins.publish = (news) => tell({ type: 'origin', news })
  let traffic = new TrafficState(leases.bank, undefined, origins)
  const lag = new LagWatch()
  const sweep = setInterval(() => traffic.sweep(Date.now()), SWEEP_MS)

  const start = (spec: WorkerSpec) => {
    if (spec.redisUrl !== null) {
      const client = new Bun.RedisClient(spec.redisUrl)
      client.connect().catch(() => {})
      traffic = new TrafficState(leases.bank, new RedisAnswers(client), origins)
      origins.shared = new RedisOrigins(client)
    }
    origins.newsMs = spec.newsMs
    traffic.health.publish = (news) => tell({ type: 'health', news })
    const log = createLog(spec.logLevel, (text) => void process.stderr.write(text))
    running = openGatewayProcess({
      config: { maxBodyBytes: spec.maxBodyBytes, env },
      holder,
      spoolFolder: spec.spoolFolder,
      writer: `${process.pid}w${env[WORKER_VARIABLE] ?? ''}`,
      host: spec.host,
      port: spec.port,
      reusePort: true,
      ...(spec.controlSocket === null ? {} : { rest: passTo(spec.controlSocket) }),
      log,
      traffic,
    })
    spreadLastNet(log)
    tell({ type: 'listening', port: running.server.port })
  }

  process.on('message', (message: ToWorker) => {
    if (message.type === 'lease-grant' || message.type === 'lease-recall') return leases.receive(message)
    if (message.type === 'health') return traffic.health.apply(message.news)
    if (message.type === 'origin') return origins.apply(message.news)
    if (message.type === 'origins') {
      for (const made of message.made) origins.apply(made)
      if (message.ready) origins.ready = true
      return
    }
    if (message.type === 'figures') {
      tell({ type: 'figures', id: message.id, figures: processFigures(lag, running) })
      return
    }
    if (message.type === 'stop') {
      void running?.stop(message.graceMs).then((cut) => {
        clearInterval(sweep)
        lag.stop()
        leases.bank.close()
        tell({ type: 'stopped', cut })
        end()
      })
      return
    }
    try {
      holder.set(compileSnapshot(message.source))
      if (message.type === 'start') start(message.spec)
    } catch (error) {
      tell({ type: 'failed', message: error instanceof AppError ? error.message : describeError(error) })
    }
  })
  // A worker without a parent has nobody to record for.
  process.on('disconnect', end)
  // The parent drains its workers; a signal to the whole group must not end them before that.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
  return over
}

/** Management and console live in the parent: the request goes there over its socket, the answer comes back as it is. */
function passTo(unix: string): NonNullable<ServerOptions['rest']> {
  return (request, peer) => {
    const headers = new Headers(request.headers)
    headers.set(PEER_HEADER, peer)
    return fetch(request.url, {
      unix,
      method: request.method,
      headers,
      body: request.body,
      redirect: 'manual',
      decompress: false,
      signal: request.signal,
    })
  }
}

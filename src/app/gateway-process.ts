import { readFile } from 'node:fs/promises'
import type { Config } from '../config/config.ts'
import { AppError } from '../errors.ts'
import { createGateway } from '../gateway/create.ts'
import { openGatewayServer, type GatewayServer, type ServerOptions } from '../gateway/server.ts'
import type { TrafficState } from '../gateway/traffic.ts'
import { Spool } from '../record/spool.ts'
import type { SnapshotHolder } from './holder.ts'
import { describeError, type Log } from './log.ts'
import type { GatewayFigures } from './process-figures.ts'
import { takeShortSlices } from './short-slice.ts'
import { standBackHousekeeping } from './stand-back.ts'

/** A call that comes alone is seen soon; while calls keep coming, a segment holds those of a longer time, for each has its own cost. */
const LOOK_MS = 200
const APART_MS = 600

/** One data plane with its listener and its spool: the whole of a worker, a part of the only process. */
export type GatewayProcess = {
  readonly server: GatewayServer
  readonly figures: () => GatewayFigures
  /** Drains, then hands over the last records. Resolves to the number of calls that were cut. */
  readonly stop: (graceMs: number) => Promise<number>
}

export type GatewayProcessOptions = {
  readonly config: Pick<Config, 'maxBodyBytes' | 'env'>
  readonly holder: SnapshotHolder
  readonly spoolFolder: string
  /** Tells this process's segments from those of others. */
  readonly writer: string
  readonly host: string
  readonly port: number
  readonly reusePort: boolean
  readonly rest?: ServerOptions['rest']
  readonly log: Log
  readonly traffic: TrafficState
}

export function openGatewayProcess(options: GatewayProcessOptions): GatewayProcess {
  const { config, holder, log } = options
  const spool = new Spool(options.spoolFolder, options.writer, (refusal) => {
    gateway.load.halted = refusal
    if (refusal) log('error', refusal.message)
    else log('info', 'records of calls can be written again: calls are taken')
  })
  const gateway = createGateway({
    snapshot: holder.current,
    record: (record, made) => spool.append(made ? { ...record, made } : record),
    report: (error, id) =>
      log('error', describeError(rootOf(error)), { [id.startsWith('call_') ? 'request_id' : 'error_id']: id }),
    limits: { bodyBytes: config.maxBodyBytes },
    traffic: options.traffic,
    world: { env: config.env, readFile: (path) => readFile(path, 'utf8'), fetch, now: Date.now },
  })
  const server = openGatewayServer({
    host: options.host,
    port: options.port,
    reusePort: options.reusePort,
    gateway,
    notReady: () => spool.refusal?.message ?? (holder.known() ? undefined : 'no configuration yet'),
    ...(options.rest ? { rest: options.rest } : {}),
  })
  standBackHousekeeping()
  // Behind the first answer, which need not wait for it.
  const slices = setTimeout(takeShortSlices, LOOK_MS)
  let handedOver = Number.NEGATIVE_INFINITY
  const rotation = setInterval(() => {
    spool.recover()
    const now = performance.now()
    if (now - handedOver >= APART_MS && rotate(spool, log)) handedOver = now
  }, LOOK_MS)
  return {
    server,
    figures: () => ({
      inFlight: gateway.inFlight,
      connections: server.connections(),
      upstream: gateway.pool.active,
    }),
    async stop(graceMs) {
      const cut = await server.stop(graceMs)
      clearTimeout(slices)
      clearInterval(rotation)
      gateway.close()
      rotate(spool, log)
      return cut
    },
  }
}

/** What was thrown first: what was made of it on the way says where it was caught. */
const rootOf = (error: unknown): unknown =>
  error instanceof AppError && error.cause !== undefined ? rootOf(error.cause) : error

function rotate(spool: Spool, log: Log): boolean {
  try {
    return spool.rotate()
  } catch (error) {
    log('error', `call records cannot be handed over: ${describeError(error)}`)
    return false
  }
}

import { availableParallelism } from 'node:os'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Config, StartFile } from '../config/config.ts'
import { openDataFolder } from '../control/data-folder.ts'
import { openSealer } from '../control/sealing.ts'
import { AppError } from '../errors.ts'
import { adoptSegments } from '../record/spool.ts'
import { spooledCalls } from '../record/spooled.ts'
import { compileSnapshot } from '../snapshot/compile.ts'
import type { SnapshotSource } from '../snapshot/source.ts'
import { openManagement, type Management } from './management.ts'
import { collectMetrics } from './metrics.ts'
import { LagWatch, processFigures } from './process-figures.ts'
import type { GatewayProcess } from './gateway-process.ts'
import { createHolder } from './holder.ts'
import { spreadLastNet } from './last-net.ts'
import { LAST_SOURCE, lastSourceIn } from './last-source.ts'
import type { Log } from './log.ts'
import { feedOrigins, newsMsOf } from './origin-feed.ts'
import { openTraffic, spooledCosts } from './traffic.ts'
import type { LedgerSum } from '../store/ledger.ts'
import { startWorkers, type Workers } from './workers.ts'
import type { GatewayServer, ServerOptions } from '../gateway/server.ts'
import { listenControl, listenForWorkers, peerAt } from './control-server.ts'

/** A Portreeve that runs. */
export type Running = {
  /** Where clients call. */
  readonly url: string
  /** Where people and programs manage it. */
  readonly adminUrl: string
  readonly management: Management
  readonly workers: number
  /** What had to be done without, in words: empty when all is well. */
  readonly degraded: string | null
  /** Lets running calls finish for at most `graceMs`. Resolves to the number of calls that were cut. */
  readonly stop: (graceMs: number) => Promise<number>
}

/** Starts everything that `config` asks for. Throws AppError with the remedy when it cannot. */
export async function startPortreeve(config: Config, file: StartFile | null, log: Log): Promise<Running> {
  const folder = openDataFolder(config.dataFolder)
  const opened: (() => Promise<void> | void)[] = [() => folder.close()]
  try {
    return await startIn(folder, config, file, log, opened)
  } catch (error) {
    // What stays open would keep the process alive after it said why it cannot start.
    for (const close of opened.toReversed()) await close()
    throw error
  }
}

async function startIn(
  folder: ReturnType<typeof openDataFolder>,
  config: Config,
  file: StartFile | null,
  log: Log,
  opened: (() => Promise<void> | void)[],
): Promise<Running> {
  const sealer = openSealer(folder.path, config.encryptionKey)
  const spoolFolder = folder.file('spool')
  adoptSegments(spoolFolder)
  const since = Date.now()
  const holder = createHolder()
  const last = lastSourceIn(folder.file(LAST_SOURCE), sealer)
  let workers: Workers | undefined
  let alone: GatewayProcess | undefined
  let source: SnapshotSource | undefined
  const publish = (next: SnapshotSource) => {
    holder.set(compileSnapshot(next))
    source = next
    last.write(next)
    workers?.publish(next)
  }
  const traffic = openTraffic({ redisUrl: config.redisUrl, holder, log })
  opened.push(() => traffic.close())
  const { limitUse, budgetUse, restingKeys } = traffic
  const waiting = spooledCalls(spoolFolder)
  const spooled = spooledCosts(waiting)
  const spent = (sums: readonly LedgerSum[], only?: ReadonlySet<string>) =>
    traffic.restore(only ? sums : [...sums, ...spooled], only)
  const { origins } = traffic.state
  const count = config.workers === 'auto' ? availableParallelism() : config.workers
  origins.newsMs = newsMsOf({ ...config, workers: count })
  const feed = feedOrigins(origins, waiting, (made, ready) => workers?.tellOrigins(made, ready), log)
  const use = { limitUse, budgetUse, restingKeys }
  // The data plane is loaded while the database opens: its thread and the disk take as long.
  const loading = count === 1 ? import('./gateway-process.ts') : undefined
  // What is wrong with it is told where it is needed.
  loading?.catch(() => {})
  const own = config.adminPort !== null
  const lag = new LagWatch()
  opened.push(() => lag.stop())
  const metrics = {
    loopbackOnly: own && isLoopback(config.adminHost),
    collect: () =>
      collectMetrics({
        holder,
        traffic,
        processes: async () => {
          const main = processFigures(lag, alone)
          const others = (await workers?.figures()) ?? []
          return Object.fromEntries([['main', main], ...others.map((each, index) => [`gateway-${index}`, each])])
        },
        records: () => management.records(),
        databaseProblem: () => management.databaseProblem(),
      }),
  }
  const management = await openManagement({
    config,
    file,
    folder,
    sealer,
    spoolFolder,
    since,
    log,
    publish,
    spent,
    newBudgets: traffic.newBudgets,
    use,
    feed,
    metrics,
  })
  opened.push(() => management.close())
  if (!source) {
    // The database could not be read: yesterday's configuration serves until it can.
    source = last.read()
    if (!source) throw management.problem ?? new AppError('not_ready', 'there is no configuration to start with')
    holder.set(compileSnapshot(source))
  }
  const rest: ServerOptions['rest'] = own
    ? undefined
    : (request, address) => management.handle(request, peerAt(address))
  const controlSocket = folder.file('control.sock')
  const plane = loading ? single(await loading) : await many()
  opened.push(() => plane.stop(0).then(() => {}))
  const admin = own ? listenControl(config.adminHost, config.adminPort ?? 0, management.handle) : undefined
  const url = reachable(config.host, plane.server.port)
  const adminUrl = admin ? reachable(config.adminHost, admin.port) : url
  if (admin) opened.push(() => admin.stop())
  await management.listening({ url, adminUrl })
  // A mistake while it starts still ends it: nobody's call would be lost.
  const takeNetAway = spreadLastNet(log)

  function single({ openGatewayProcess }: Awaited<NonNullable<typeof loading>>) {
    alone = openGatewayProcess({
      config,
      holder,
      spoolFolder,
      writer: 'main',
      host: config.host,
      port: config.port,
      reusePort: false,
      ...(rest ? { rest } : {}),
      log,
      traffic: traffic.state,
    })
    return { server: alone.server as Pick<GatewayServer, 'port'>, stop: alone.stop }
  }

  async function many() {
    rmSync(controlSocket, { force: true })
    const control = listenForWorkers(controlSocket, management.handle)
    const spec = {
      host: config.host,
      port: config.port,
      spoolFolder,
      controlSocket: own ? null : controlSocket,
      maxBodyBytes: config.maxBodyBytes,
      redisUrl: config.redisUrl,
      newsMs: origins.newsMs,
      logLevel: config.logLevel,
    }
    try {
      workers = await startWorkers(
        count,
        spec,
        source!,
        traffic.authority,
        (told) => (told.type === 'health' ? traffic.state.health.apply(told.news) : origins.apply(told.news)),
        () => ({ made: [...origins.all()], ready: origins.ready }),
        log,
      )
    } catch (error) {
      control.stop()
      const reason = error instanceof Error ? error.message : String(error)
      throw error instanceof AppError ? error : new AppError('conflict', reason, { field: '--port' }, error)
    }
    const started = workers
    return {
      server: { port: started.port },
      stop: async (graceMs: number) => {
        const cut = await started.stop(graceMs)
        control.stop()
        return cut
      },
    }
  }

  return {
    url,
    adminUrl,
    management,
    workers: count,
    degraded: management.problem?.message ?? null,
    async stop(graceMs) {
      const cut = await plane.stop(graceMs)
      admin?.stop()
      lag.stop()
      await management.close()
      traffic.close()
      takeNetAway()
      rmSync(join(folder.path, 'control.sock'), { force: true })
      folder.close()
      return cut
    },
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}

/** An address that works when it is pasted: a listener on every address is reached on the local one. */
function reachable(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}

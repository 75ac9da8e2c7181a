import type { Subprocess } from 'bun'
import { join } from 'node:path'
import type { SnapshotSource } from '../snapshot/source.ts'
import type { LeaseAuthority, LeaseAnswer, LeaseQuestion } from '../quota/lease-ipc.ts'
import type { Log } from './log.ts'
import type { Made } from '../contract/origin.ts'
import type { ProcessFigures } from './process-figures.ts'
import type { HealthNews, OriginHistory, OriginNews } from './traffic.ts'

/** What the parent tells a worker. */
export type ToWorker =
  | { readonly type: 'start'; readonly spec: WorkerSpec; readonly source: SnapshotSource }
  | { readonly type: 'snapshot'; readonly source: SnapshotSource }
  | { readonly type: 'stop'; readonly graceMs: number }
  | { readonly type: 'figures'; readonly id: number }
  | LeaseAnswer
  | HealthNews
  | OriginNews
  | OriginHistory

/** What a worker tells the parent. */
export type FromWorker =
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'stopped'; readonly cut: number }
  | { readonly type: 'figures'; readonly id: number; readonly figures: ProcessFigures }
  | LeaseQuestion
  | HealthNews
  | OriginNews

export type WorkerSpec = {
  readonly host: string
  readonly port: number
  readonly spoolFolder: string
  /** Socket of the parent, to which whatever is no call is passed on; null when management has an address of its own. */
  readonly controlSocket: string | null
  readonly maxBodyBytes: number
  readonly redisUrl: string | null
  /** How long a worker waits for news of what others made. */
  readonly newsMs: number
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
}

/** Environment variable that makes the program a worker. */
export const WORKER_VARIABLE = 'PORTREEVE_WORKER'

const RESTART_MS = 500
const FIGURES_WAIT_MS = 1_000
const ORIGINS_A_MESSAGE = 100

/** Gateway processes on one port, each restarted when it dies. */
export type Workers = {
  readonly port: number
  readonly publish: (source: SnapshotSource) => void
  /** Passes on what vendors keep, as the database or other nodes tell of it. */
  readonly tellOrigins: (made: readonly Made[], ready: boolean) => void
  /** What each process says of itself; null for one that is dead or does not answer in a second. */
  readonly figures: () => Promise<readonly (ProcessFigures | null)[]>
  readonly stop: (graceMs: number) => Promise<number>
}

/** Resolves when the first worker listens; rejects with its reason when it cannot. */
export async function startWorkers(
  count: number,
  spec: WorkerSpec,
  first: SnapshotSource,
  authority: LeaseAuthority,
  learn: (news: HealthNews | OriginNews) => void,
  history: () => { readonly made: readonly Made[]; readonly ready: boolean },
  log: Log,
): Promise<Workers> {
  let source = first
  let stopping = false
  let port = spec.port
  const running = new Set<Subprocess>()
  const byIndex = new Map<number, Subprocess>()
  const askers = new Map<string, (figures: ProcessFigures) => void>()
  let asked = 0
  const stopped = new Map<Subprocess, (cut: number) => void>()

  const spawn = (index: number): Promise<number> => {
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const child = Bun.spawn(workerCommand(), {
      env: { ...process.env, [WORKER_VARIABLE]: String(index) },
      stdio: ['ignore', 'inherit', 'inherit'],
      ipc(message: FromWorker) {
        if (message.type === 'listening') resolve(message.port)
        else if (message.type === 'failed') reject(new Error(message.message))
        else if (message.type === 'figures') askers.get(`${child.pid} ${message.id}`)?.(message.figures)
        else if (message.type === 'stopped') stopped.get(child)?.(message.cut)
        else if (message.type === 'health' || message.type === 'origin') {
          learn(message)
          for (const other of running) if (other !== child) other.send(message satisfies ToWorker)
        } else authority.receive(child.pid, message)
      },
      onExit(_, code) {
        running.delete(child)
        authority.leave(child.pid)
        stopped.get(child)?.(0)
        reject(new Error(`gateway process ${index} ended with code ${code}`))
        if (stopping) return
        log('error', 'a gateway process died and is started again', { worker: index, code })
        setTimeout(() => void spawn(index).catch(() => {}), RESTART_MS)
      },
    })
    running.add(child)
    byIndex.set(index, child)
    authority.join(child.pid, (message) => {
      if (running.has(child)) child.send(message)
    })
    const { made, ready } = history()
    sendOrigins(child, made, ready)
    child.send({ type: 'start', spec: { ...spec, port }, source } satisfies ToWorker)
    return promise
  }

  const ask = (index: number, id: number): Promise<ProcessFigures | null> => {
    const child = byIndex.get(index)
    if (!child || !running.has(child)) return Promise.resolve(null)
    const { promise, resolve } = Promise.withResolvers<ProcessFigures | null>()
    const name = `${child.pid} ${id}`
    const patience = setTimeout(() => resolve(null), FIGURES_WAIT_MS)
    askers.set(name, resolve)
    child.send({ type: 'figures', id } satisfies ToWorker)
    return promise.finally(() => {
      clearTimeout(patience)
      askers.delete(name)
    })
  }

  // The first one finds the port; the others share it.
  port = await spawn(0).catch((error: unknown) => {
    stopping = true
    for (const child of running) child.kill('SIGKILL')
    throw error
  })
  await Promise.all(Array.from({ length: count - 1 }, (_, index) => spawn(index + 1)))
  return {
    port,
    publish(next) {
      source = next
      for (const child of running) child.send({ type: 'snapshot', source } satisfies ToWorker)
    },
    tellOrigins(made, ready) {
      for (const child of running) sendOrigins(child, made, ready)
    },
    figures() {
      const id = ++asked
      return Promise.all(Array.from({ length: count }, (_, index) => ask(index, id)))
    },
    async stop(graceMs) {
      stopping = true
      const counts = [...running].map((child) => {
        const { promise, resolve } = Promise.withResolvers<number>()
        stopped.set(child, resolve)
        child.send({ type: 'stop', graceMs } satisfies ToWorker)
        return promise
      })
      const cut = (await Promise.all(counts)).reduce((sum, each) => sum + each, 0)
      for (const child of running) child.kill('SIGKILL')
      return cut
    },
  }
}

/** In parts, so that no message is large. */
function sendOrigins(child: Subprocess, made: readonly Made[], ready: boolean): void {
  for (let from = 0; from === 0 || from < made.length; from += ORIGINS_A_MESSAGE) {
    const part = made.slice(from, from + ORIGINS_A_MESSAGE)
    const isLast = from + ORIGINS_A_MESSAGE >= made.length
    child.send({ type: 'origins', made: part, ready: ready && isLast } satisfies ToWorker)
  }
}

/** The program itself: one executable when it is compiled, Bun with the entry file otherwise. */
function workerCommand(): string[] {
  const compiled = !/bun(\.exe)?$/.test(process.execPath)
  return compiled
    ? [process.execPath, 'gateway-worker']
    : [process.execPath, join(import.meta.dir, '..', 'main.ts'), 'gateway-worker']
}

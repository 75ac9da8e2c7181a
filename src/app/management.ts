import type { Config, StartFile } from '../config/config.ts'
import { readerInThread } from '../config/read-text.ts'
import { openControl, type Control } from '../control/control.ts'
import type { Runtime } from '../control/context.ts'
import type { DataFolder } from '../control/data-folder.ts'
import { firstStart, type FirstStart } from '../control/first-start.ts'
import type { Sealer } from '../control/sealing.ts'
import { createSecret } from '../control/secret.ts'
import { AppError } from '../errors.ts'
import { prepareConsole } from '../http/console-files.ts'
import type { MetricsRules } from '../http/metrics.ts'
import { createControlHandler, type ControlHandler } from '../http/server.ts'
import { newId } from '../lib/id.ts'
import { createTail } from '../record/tail.ts'
import type { SnapshotSource } from '../snapshot/source.ts'
import { ledgerIn, type LedgerSum } from '../store/ledger.ts'
import { openStore } from '../store/open.ts'
import { describeError, type Log } from './log.ts'
import type { OriginFeed } from './origin-feed.ts'
import type { RecordFigures } from './record-worker.ts'
import { moveRecords } from './records.ts'
import { version } from '../lib/version.ts'

const RETRY_MS = 5_000
/** When records begin to move: behind the first answer, which need not wait for the thread to load. */
const RECORDS_MS = 100
/** When a checkout begins to build its console: behind the start, before a person has opened a browser. */
const CONSOLE_MS = 1_000

const NOTHING_MADE: FirstStart = { key: null, ownerToken: null }

/** A database that somebody else holds must not hold up the start: the last configuration serves meanwhile. */
const FIRST_WAIT_MS = 1_000

export type ManagementOptions = {
  readonly config: Config
  readonly file: StartFile | null
  readonly folder: DataFolder
  readonly sealer: Sealer
  readonly spoolFolder: string
  /** When this process began. */
  readonly since: number
  readonly log: Log
  readonly publish: (source: SnapshotSource) => void
  /** Told what calls had cost before this process began, and again for `only` the budgets that came later. */
  readonly spent?: (sums: readonly LedgerSum[], only?: ReadonlySet<string>) => void
  /** Budgets that began with what was published last. */
  readonly newBudgets?: () => ReadonlySet<string>
  /** Filled from the store, and kept up to date with what other nodes add to it. */
  readonly feed?: OriginFeed
  readonly metrics?: MetricsRules
  readonly use?: Pick<Runtime, 'limitUse' | 'budgetUse' | 'restingKeys'>
}

/** The management half: store, configuration, records, API. It works as soon as the database can be opened, and says why while it cannot. */
export type Management = {
  readonly problem: AppError | null
  readonly firstStart: FirstStart
  readonly handle: ControlHandler
  readonly control: () => Control | undefined
  /** Tells commands in the same folder where the gateway answers, and makes what a first start makes. */
  readonly listening: (addresses: { url: string; adminUrl: string }) => Promise<void>
  /** Reads portreeve.yaml again (SIGHUP). */
  readonly reload: () => Promise<void>
  readonly records: () => Promise<RecordFigures | undefined>
  /** Why the database cannot be used; null when it can. */
  readonly databaseProblem: () => string | null
  readonly close: () => Promise<void>
}

type Open = {
  readonly control: Control
  firstStart?: FirstStart
  readonly endFeed: () => void
}

/** Never rejects because of the database: the gateway must run without it. Rejects when the configuration itself does not compile. */
export async function openManagement(options: ManagementOptions): Promise<Management> {
  const { config, folder, log } = options
  const localToken = createSecret('pra_')
  let address: string | null = null
  let open: Open | undefined
  let problem: AppError | null = null
  let retry: Timer | undefined
  const later: Timer[] = []
  let closed = false

  const tail = createTail()
  const mover = moveRecords(options.spoolFolder, options.since, tail, log)

  const tryOpen = async (): Promise<Open> => {
    const store = await openStore(config.databaseUrl, { thread: true, waitMs: FIRST_WAIT_MS })
    let endFeed = () => {}
    try {
      // Read before records move again: those of this process are counted as they happen.
      const spent = options.spent && (await ledgerIn(store.db).spentSince(0))
      endFeed = (await options.feed?.open(store)) ?? endFeed
      const control = await openControl({
        config,
        file: options.file,
        store,
        sealer: options.sealer,
        publish(source) {
          options.publish(source)
          if (!open) return
          const only = options.newBudgets?.()
          // Asked at once: what calls cost from now on is in the ledger only later, and is counted as it happens.
          if (only && only.size > 0)
            void ledgerIn(store.db)
              .spentSince(0)
              .then((sums) => options.spent?.(sums, only))
              .catch((error: unknown) => log('error', `new budgets begin with nothing spent: ${describeError(error)}`))
        },
        localToken,
        version,
        runtime: { address: () => address, recordsWaiting: mover.waiting, ...options.use },
        tail,
        reader: readerInThread,
        log,
        watch: true,
      })
      if (spent) options.spent?.(spent)
      mover.begin(config.databaseUrl)
      return { control, endFeed }
    } catch (error) {
      endFeed()
      await store.close()
      throw error
    }
  }
  const openOrRetry = async () => {
    try {
      open ??= await tryOpen()
      // A start that cannot listen has nobody to show a key to, and calls need not wait for one.
      if (address !== null) open.firstStart ??= await firstStart(open.control.context)
      if (problem) log('info', 'the database is back: management and records work again')
      problem = null
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'not_ready') throw error
      problem = error
      if (!closed)
        retry = setTimeout(
          () => void openOrRetry().catch((cause: unknown) => log('error', describeError(cause))),
          RETRY_MS,
        )
    }
  }
  try {
    await openOrRetry()
  } catch (error) {
    await mover.stop()
    throw error
  }

  const handle = createControlHandler({
    control() {
      if (open) return open.control
      throw problem ?? new AppError('not_ready', 'the database is being opened')
    },
    rules: {
      host: config.adminPort === null ? config.host : config.adminHost,
      publicUrl: config.publicUrl,
      trustedProxies: config.trustedProxies,
    },
    newRequestId: () => newId('call'),
    ...(options.metrics && { metrics: options.metrics }),
    log: (level, message, fields) => log(level, message, fields as Record<string, string>),
  })
  return {
    get problem() {
      return problem
    },
    get firstStart() {
      return open?.firstStart ?? NOTHING_MADE
    },
    control: () => open?.control,
    records: mover.figures,
    databaseProblem: () => problem?.message ?? mover.problem(),
    handle,
    async listening({ url, adminUrl }) {
      address = url
      folder.announce({ address: adminUrl, token: localToken })
      later.push(
        setTimeout(mover.start, RECORDS_MS),
        // Whoever asks for the page is told why it cannot be built.
        setTimeout(() => void prepareConsole().catch(() => {}), CONSOLE_MS).unref(),
      )
      if (open) await openOrRetry()
    },
    async reload() {
      await open?.control.reload()
    },
    async close() {
      closed = true
      clearTimeout(retry)
      for (const timer of later) clearTimeout(timer)
      open?.control.close()
      open?.endFeed()
      await mover.stop()
      await open?.control.context.store.close()
    },
  }
}

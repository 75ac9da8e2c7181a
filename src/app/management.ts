import { readFileSync } from 'node:fs'
import { scopeOf, type Config, type StartFile } from '../config/config.ts'
import { readConfigurationText } from '../config/configuration-text.ts'
import { refusal, type Finding } from '../config/finding.ts'
import { watchText } from '../config/watch.ts'
import { SYSTEM } from '../control/actor.ts'
import type { Context, Runtime } from '../control/context.ts'
import type { DataFolder } from '../control/data-folder.ts'
import { createKey, NewKey } from '../control/keys.ts'
import { openLive, type Live } from '../control/live.ts'
import type { Sealer } from '../control/sealing.ts'
import { createSecret } from '../control/secret.ts'
import { createLink } from '../control/sign-in.ts'
import { AppError } from '../errors.ts'
import type { ServerOptions } from '../gateway/server.ts'
import { createControlHandler } from '../http/server.ts'
import { createTail } from '../record/tail.ts'
import type { SnapshotSource } from '../snapshot/source.ts'
import { keysIn } from '../store/api-key.ts'
import { openStore, type Store } from '../store/open.ts'
import { peopleIn } from '../store/person.ts'
import { describeError, type Log } from './log.ts'
import { moveRecords, type RecordMover } from './records.ts'
import { version } from './version.ts'

const RETRY_MS = 5_000

export type ManagementOptions = {
  readonly config: Config
  readonly file: StartFile | null
  readonly folder: DataFolder
  readonly sealer: Sealer
  readonly spoolFolder: string
  readonly log: Log
  readonly publish: (source: SnapshotSource) => void
}

/** What the very first start made; null at every later one. */
export type FirstStart = { readonly key: string | null; readonly ownerToken: string | null }

/** The management half: store, configuration, records, API. It works as soon as the database can be opened, and says why while it cannot. */
export type Management = {
  readonly problem: AppError | null
  readonly firstStart: FirstStart
  readonly handle: NonNullable<ServerOptions['rest']>
  readonly live: () => Live | undefined
  /** Tells commands in the same folder where the gateway answers. */
  readonly listening: (addresses: { url: string; adminUrl: string }) => void
  /** Reads portreeve.yaml again (SIGHUP). */
  readonly reload: () => Promise<void>
  readonly close: () => Promise<void>
}

type Open = {
  readonly store: Store
  readonly live: Live
  readonly mover: RecordMover
  readonly handle: Management['handle']
}

/** Never rejects because of the database: the gateway must run without it. Rejects when the configuration itself does not compile. */
export async function openManagement(options: ManagementOptions): Promise<Management> {
  const { config, folder, log } = options
  const localToken = createSecret('pra_')
  const startedAt = Date.now()
  const refused: { findings: readonly Finding[] } = { findings: [] }
  let address: string | null = null
  let open: Open | undefined
  let problem: AppError | null = null
  let firstStart: FirstStart = { key: null, ownerToken: null }
  let retry: Timer | undefined
  let closed = false

  const tryOpen = async () => {
    const store = await openStore(config.databaseUrl, { thread: true })
    try {
      const live = await openLive({
        store,
        sealer: options.sealer,
        env: config.env,
        file: options.file ? { ...options.file, loadedAt: startedAt } : null,
        clock: Date.now,
        publish: (source) => options.publish(source),
      })
      const tail = createTail()
      const mover = moveRecords(options.spoolFolder, store, tail, log)
      const runtime: Runtime = { address: () => address, recordsWaiting: mover.waiting }
      const context: Context = {
        store,
        live,
        sealer: options.sealer,
        config,
        tail,
        clock: Date.now,
        runtime,
        startedAt,
        version,
        refused: () => refused.findings,
      }
      firstStart = await firstTime(context)
      return { store, live, mover, handle: createControlHandler({ context, localToken }) }
    } catch (error) {
      await store.close()
      throw error
    }
  }
  const openOrRetry = async () => {
    try {
      open = await tryOpen()
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
  await openOrRetry()

  const reload = async (text: string | null) => {
    const path = config.configFile
    if (!path || !open) return
    if (text === null) return log('warn', `${path} is gone: the configuration in use stays`)
    const read = readConfigurationText(text, path, scopeOf(path, config.env))
    try {
      if (!read.ok) {
        refused.findings = read.findings
        throw refusal(path, read.findings)
      }
      await open.live.useFile({ path, text, configuration: read.configuration, loadedAt: Date.now() })
      refused.findings = []
      log('info', `${path} was read again and is in use`)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      const places = (error.details.findings ?? []).map(({ place, message }) => `${place} ${message}`).join('; ')
      log('error', `${error.message} The configuration in use stays. ${places}`)
    }
  }
  const reloadLogged = (text: string | null) =>
    void reload(text).catch((error: unknown) => log('error', describeError(error)))
  const endWatch =
    config.configFile && options.file ? watchText(config.configFile, options.file.text, reloadLogged) : undefined

  return {
    get problem() {
      return problem
    },
    get firstStart() {
      return firstStart
    },
    live: () => open?.live,
    handle: (request, path, query) => (open ? open.handle(request, path, query) : unavailable(problem)),
    listening({ url, adminUrl }) {
      address = url
      folder.announce({ address: adminUrl, token: localToken })
    },
    async reload() {
      if (config.configFile) await reload(readFileSync(config.configFile, 'utf8'))
    },
    async close() {
      closed = true
      clearTimeout(retry)
      endWatch?.()
      await open?.mover.stop()
      await open?.store.close()
    },
  }
}

/** Makes the first API key and the link for the first owner, where there are none. */
async function firstTime(context: Context): Promise<FirstStart> {
  const { store, live } = context
  const people = await peopleIn(store.db).activeOwners()
  const hasKeys = (await keysIn(store.db).all()).length > 0 || (live.file()?.configuration.keys.length ?? 0) > 0
  const key = hasKeys ? null : (await createKey(context, SYSTEM, NewKey.parse({ name: 'first' }))).secret
  const link =
    people > 0
      ? null
      : await createLink(store.db, context.clock(), { purpose: 'first-owner', personId: null, role: 'owner' })
  return { key, ownerToken: link?.token ?? null }
}

function unavailable(problem: AppError | null): Response {
  const detail = problem?.message ?? 'The database is being opened.'
  const body = { type: 'about:blank', title: 'Management is not available', status: 503, detail }
  return Response.json(body, {
    status: 503,
    headers: { 'content-type': 'application/problem+json', 'retry-after': '5' },
  })
}

import { type Config, scopeOf, type StartFile } from '../config/config.ts'
import { type Finding, lineOf, refusal } from '../config/finding.ts'
import { readerHere, type TextReader } from '../config/read-text.ts'
import { textOf, watchText } from '../config/watch.ts'
import { AppError } from '../errors.ts'
import { createTail, type Tail } from '../record/tail.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import type { SnapshotSource } from '../snapshot/source.ts'
import { callsIn } from '../store/call.ts'
import type { Store } from '../store/open.ts'
import type { CallRecord } from '../contract/call.ts'
import type { Context, Runtime } from './context.ts'
import { createIdempotency, type Idempotency } from './idempotency.ts'
import { openLive } from './live.ts'
import { cleanUp } from './retention.ts'
import type { Sealer } from './sealing.ts'
import { createSignIn, type SignIn } from './sign-in.ts'

/** The management of one gateway, or of many that share a database. */
export type Control = {
  readonly context: Context
  readonly signIn: SignIn
  readonly idempotency: Idempotency
  /** Adds call records, each once, and shows the new ones to whoever follows. */
  readonly addCalls: (records: readonly CallRecord[]) => Promise<readonly CallRecord[]>
  /** Reads portreeve.yaml again, as SIGHUP asks. Resolves to what was wrong with it: then the configuration before goes on. */
  readonly reload: () => Promise<readonly Finding[]>
  /** Ends watching; the store is the caller's to close. */
  readonly close: () => void
}

export type ControlInput = {
  readonly config: Config
  readonly file: StartFile | null
  readonly store: Store
  readonly sealer: Sealer
  /** Takes a configuration into use: called at once, and after every change. */
  readonly publish: (source: SnapshotSource, snapshot: Snapshot) => void
  /** What commands on the same machine present; kept in the data folder. */
  readonly localToken: string
  readonly version: string
  readonly runtime?: Runtime
  readonly clock?: () => number
  readonly tail?: Tail
  /** Reads another text of the file; here, unless said. */
  readonly reader?: TextReader
  readonly log?: (level: 'info' | 'warn' | 'error', message: string) => void
  /** Follows changes of the file and of a shared database, and removes what is old. Not for commands that end at once. */
  readonly watch?: boolean
}

const REFRESH_MS = 1_000
const CLEAN_MS = 3_600_000

/** Opens the management. Throws `invalid_configuration` when what is set up does not compile. */
export async function openControl(input: ControlInput): Promise<Control> {
  const { config, store, sealer, publish, clock = Date.now, log = () => {} } = input
  const start = input.file && { ...input.file, loadedAt: clock() }
  const live = await openLive({ store, sealer, env: config.env, file: start, clock, publish }).catch(
    async (error: unknown) => {
      if (!start) throw error
      const { locateRefusal } = await import('../config/locate.ts')
      throw refusal(start.path, locateRefusal(error, start))
    },
  )
  let refused: readonly Finding[] = []
  const context: Context = {
    store,
    live,
    sealer,
    config,
    tail: input.tail ?? createTail(),
    clock,
    runtime: input.runtime ?? {},
    startedAt: clock(),
    version: input.version,
    refused: () => refused,
  }

  const warn = (warnings: readonly Finding[] = []) => {
    for (const warning of warnings) log('warn', lineOf(warning))
  }
  const takeTurn = async (path: string, text: string | null): Promise<readonly Finding[]> => {
    const taken = await takeText(context, path, text, input.reader ?? readerHere)
    refused = taken.findings
    if (refused.length > 0) log('error', [refusal(path, refused).message, ...refused.map(lineOf)].join('\n  '))
    else log('info', `${path} is in use as configuration ${live.merged().source.version}.`)
    warn(taken.warnings)
    return refused
  }
  // One text after the other: the last one must win, however long an earlier one takes to read.
  let turn: Promise<unknown> = Promise.resolve()
  const useText = (path: string, text: string | null): Promise<readonly Finding[]> => {
    const taken = turn.then(() => takeTurn(path, text))
    turn = taken.catch(() => {})
    return taken
  }
  const reload = async () => {
    const path = config.configFile
    return path === null ? [] : useText(path, await textOf(path))
  }

  const ends: (() => void)[] = []
  if (input.watch) {
    warn(input.file?.warnings)
    const path = config.configFile
    if (path !== null)
      ends.push(
        watchText(path, input.file?.text ?? null, (text) => {
          useText(path, text).catch((error: unknown) => log('error', describe(error)))
        }),
      )
    if (store.kind === 'postgres') ends.push(every(REFRESH_MS, () => live.refresh(), log))
    ends.push(every(CLEAN_MS, () => cleanUp(context), log))
  }
  return {
    context,
    signIn: createSignIn(context, input.localToken),
    idempotency: createIdempotency(context),
    async addCalls(records) {
      const added = await callsIn(store.db).ingest(records)
      context.tail.publish(added)
      return added
    },
    reload,
    close: () => ends.forEach((end) => end()),
  }
}

/** Takes a text of the file into use, or tells what is wrong with it. */
async function takeText(
  { live, config, clock }: Context,
  path: string,
  text: string | null,
  reader: TextReader,
): Promise<{ readonly findings: readonly Finding[]; readonly warnings?: readonly Finding[] }> {
  const gone = 'the file is gone; the configuration it held goes on until the next start'
  if (text === null) return { findings: [{ file: path, line: 1, column: 1, field: '', message: gone }] }
  const read = await reader.read(text, path, scopeOf(path, config.env))
  if (!read.ok) return { findings: read.findings }
  try {
    await live.useFile({ path, text, configuration: read.configuration, loadedAt: clock() })
    return { findings: [], warnings: read.warnings }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const findings = error.details.findings ?? [{ place: '', message: error.message }]
    return { findings: await reader.locate(text, path, findings) }
  }
}

function every(ms: number, run: () => Promise<unknown>, log: NonNullable<ControlInput['log']>): () => void {
  let busy = false
  const timer = setInterval(() => {
    if (busy) return
    busy = true
    run()
      .catch((error: unknown) => log('error', describe(error)))
      .finally(() => (busy = false))
  }, ms)
  timer.unref()
  return () => clearInterval(timer)
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

import type { ReferenceScope } from '../config/reference.ts'
import { AppError } from '../errors.ts'
import { compileSnapshot } from '../snapshot/compile.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import type { SnapshotSource } from '../snapshot/source.ts'
import type { Store } from '../store/open.ts'
import type { Db } from '../store/schema.ts'
import { stateIn } from '../store/state.ts'
import type { Actor } from './actor.ts'
import { writeAudit } from './audit.ts'
import { mergeConfiguration, type FileInUse, type Merged } from './merged.ts'
import type { Sealer } from './sealing.ts'

/** What was done, for the audit log. `changes` never holds a secret. */
export type Deed = {
  readonly action: string
  readonly target: string | null
  readonly changes?: Readonly<Record<string, unknown>> | null
}

/** The configuration as it is in use, and the one way to change it. */
export type Live = {
  readonly merged: () => Merged
  readonly publishedAt: () => number
  readonly file: () => FileInUse | null
  /**
   * Runs a change in one transaction with its audit event, and publishes what came of it. What would not compile is refused and undone.
   */
  readonly change: <T>(actor: Actor, deed: Deed | ((result: T) => Deed), run: (db: Db) => Promise<T>) => Promise<T>
  /** Takes another text of portreeve.yaml into use. Throws `invalid_configuration`; the configuration before goes on. */
  readonly useFile: (file: FileInUse | null) => Promise<void>
  /** Puts another text of portreeve.yaml together with what the database keeps, without using it. Throws `invalid_configuration`. */
  readonly check: (file: FileInUse) => Promise<void>
  /** Reads the database again if another process changed it. */
  readonly refresh: () => Promise<void>
}

export type LiveInput = {
  readonly store: Store
  readonly sealer: Sealer
  readonly env: ReferenceScope['env']
  readonly file: FileInUse | null
  readonly clock: () => number
  readonly publish: (source: SnapshotSource, snapshot: Snapshot) => void
}

const VERSION = 'configuration_version'

/** Reads the configuration, publishes it, and keeps it. Throws `invalid_configuration` when it does not compile. */
export async function openLive(input: LiveInput): Promise<Live> {
  const { store, sealer, env, clock, publish } = input
  let { file } = input
  let merged: Merged | undefined
  let publishedAt = 0
  // Changes run one after another: a snapshot is compiled from what the last one left.
  let queue: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(run: () => Promise<T>): Promise<T> => {
    const turn = queue.then(run)
    queue = turn.catch(() => {})
    return turn
  }
  const use = (next: Merged, snapshot: Snapshot) => {
    merged = next
    publishedAt = clock()
    publish(next.source, snapshot)
  }
  const read = async (db: Db, version: number, from: FileInUse | null) => {
    const next = await mergeConfiguration({ db, file: from, env, sealer, version })
    return [next, compileSnapshot(next.source)] as const
  }
  const begin = async () => {
    const [next, snapshot] = await store.db
      .transaction()
      .execute(async (db) => read(db, await stateIn(db).next(VERSION), file))
    use(next, snapshot)
  }
  await begin()
  const current = () => {
    if (!merged) throw new AppError('not_ready', 'The configuration has not been read yet.')
    return merged
  }
  return {
    merged: current,
    publishedAt: () => publishedAt,
    file: () => file,
    change: (actor, deed, run) =>
      inTurn(async () => {
        const [result, next, snapshot] = await store.db.transaction().execute(async (db) => {
          const made = await run(db)
          await writeAudit(db, actor, typeof deed === 'function' ? deed(made) : deed, clock())
          return [made, ...(await read(db, await stateIn(db).next(VERSION), file))] as const
        })
        use(next, snapshot)
        return result
      }),
    useFile: (next) =>
      inTurn(async () => {
        const before = file
        file = next
        try {
          await begin()
        } catch (error) {
          file = before
          throw error
        }
      }),
    check: async (next) => void (await read(store.db, current().source.version, next)),
    refresh: () =>
      inTurn(async () => {
        const version = Number((await stateIn(store.db).get(VERSION)) ?? 0)
        if (version <= current().source.version) return
        use(...(await read(store.db, version, file)))
      }),
  }
}

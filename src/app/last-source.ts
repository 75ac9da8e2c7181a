import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { Sealer } from '../control/sealing.ts'
import type { SnapshotSource } from '../snapshot/source.ts'

/** Its name in a data folder, and what it is sealed for. */
export const LAST_SOURCE = 'last-configuration'

/** The configuration that was last in use, sealed on disk: the gateway starts from it when the database cannot be opened. */
export type LastSource = {
  readonly write: (source: SnapshotSource) => void
  /** Undefined when there is none, or it cannot be opened with this key. */
  readonly read: () => SnapshotSource | undefined
}

export function lastSourceIn(path: string, sealer: Sealer): LastSource {
  return {
    write(source) {
      // Written beside and moved over: a process killed in between leaves the old one whole.
      writeFileSync(`${path}.new`, sealer.seal(JSON.stringify(source), LAST_SOURCE), { mode: 0o600 })
      renameSync(`${path}.new`, path)
    },
    read() {
      try {
        return JSON.parse(sealer.open(readFileSync(path, 'utf8'), LAST_SOURCE)) as SnapshotSource
      } catch {
        return undefined
      }
    },
  }
}

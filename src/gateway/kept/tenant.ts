import type { SnapshotKey } from '../../snapshot/snapshot.ts'

/** Keys of one team and application share what they have vendors keep; a key without either stands for itself. */
export function tenantOf({ id, team, application }: SnapshotKey): string {
  return JSON.stringify(team === null && application === null ? [id] : [team, application])
}

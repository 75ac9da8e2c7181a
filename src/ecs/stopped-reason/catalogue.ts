import { beforeTask } from './before-task.ts'
import { ecrRows } from './ecr-rows.ts'
import { otherRows } from './other-rows.ts'
import { renderText, type Row } from './row.ts'
import { secretRows } from './secret-rows.ts'

/** Every text of ECS that Portreeve knows. Preflight says them, explain recognises them. */
export const CATALOGUE = [...beforeTask, ...secretRows, ...ecrRows, ...otherRows]

export type RowId = (typeof CATALOGUE)[number]['id']

const byId: ReadonlyMap<string, Row> = new Map(CATALOGUE.map((row) => [row.id, row]))

export function rowOf(id: RowId): Row {
  const row = byId.get(id)
  if (!row) throw new Error(`no row ${id}`)
  return row
}

/** All wordings of a row with its placeholders filled in, the current one first. */
export function wordingsOf(id: RowId, values: Readonly<Record<string, string>>): readonly string[] {
  return rowOf(id).texts.map((text) => renderText(text, values))
}

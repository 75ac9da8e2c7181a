import type { Finding, Severity } from '../../lib/findings.ts'
import type { JsonPath } from '../../lib/json-text.ts'
import type { ActionTable } from '../actions.ts'
import { listOf, type PolicyStatement, statementsOf } from '../policy.ts'
import { LINT_FINDINGS, type LintFindingId } from './catalog.ts'
import type { LintSubject, LocatedPolicy } from './subject.ts'

/** Tells of one finding; `path` leads to its place inside the policy. */
export type Say = (id: LintFindingId, path: JsonPath, reason: string, remedy: string, severity?: Severity) => void

/** One text of an element with its path inside the policy. */
export type LocatedText = { readonly text: string; readonly path: JsonPath }

/** A statement with its texts as lists, and what of a linter's world a rule may need. */
export type StatementView = {
  readonly policy: LocatedPolicy
  readonly statement: PolicyStatement
  readonly path: JsonPath
  readonly actions: readonly LocatedText[]
  readonly notActions: readonly LocatedText[]
  readonly resources: readonly LocatedText[]
  readonly notResources: readonly LocatedText[]
  readonly table: ActionTable
  readonly say: Say
}

/** Collects findings of one policy, or of a role as a whole: `placeOf` knows where a path of either stands in the file. */
export function sayAt(
  { placeOf }: Pick<LocatedPolicy | LintSubject, 'placeOf'>,
  file: string,
  findings: Finding[],
): Say {
  return (id, path, reason, remedy, severity) => {
    const kind = LINT_FINDINGS[id]
    findings.push({
      id,
      severity: severity ?? kind.severity,
      file,
      place: placeOf(path),
      reason,
      remedy,
      link: kind.link,
    })
  }
}

export function viewsOf(policy: LocatedPolicy, table: ActionTable, say: Say): readonly StatementView[] {
  const list = Array.isArray(policy.document.Statement)
  return statementsOf(policy.document).flatMap((statement, index) => {
    if (typeof statement !== 'object' || statement === null) return []
    const path: JsonPath = list ? ['Statement', index] : ['Statement']
    const texts = (element: 'Action' | 'NotAction' | 'Resource' | 'NotResource') =>
      locate(statement[element], [...path, element])
    return [
      {
        policy,
        statement,
        path,
        actions: texts('Action'),
        notActions: texts('NotAction'),
        resources: texts('Resource'),
        notResources: texts('NotResource'),
        table,
        say,
      },
    ]
  })
}

function locate(value: string | readonly string[] | undefined, path: JsonPath): readonly LocatedText[] {
  return listOf(value).flatMap((text, index) =>
    typeof text === 'string' ? [{ text, path: Array.isArray(value) ? [...path, index] : path }] : [],
  )
}

/** Conditions of a statement as operator, key and values with the key's path. Malformed parts are left out. */
export function conditionsOf(view: StatementView) {
  return Object.entries(view.statement.Condition ?? {}).flatMap(([operator, keys]) =>
    typeof keys === 'object' && keys !== null
      ? Object.entries(keys).map(([key, values]) => ({
          operator,
          key,
          values: listOf(values).map(String),
          path: [...view.path, 'Condition', operator, key] as JsonPath,
        }))
      : [],
  )
}

/** Whether a text holds a part that a deployment fills in later, so that nothing certain can be said of it. */
export function isUnknown(text: string): boolean {
  return text.includes('⟨')
}

/** A pattern for a text that has unknown parts or variables: each may be anything. */
export function asPattern(text: string): string {
  return text.replaceAll(/⟨[^⟩]*⟩|\$\{[^}]*\}/g, '*')
}

export function quote(texts: readonly string[], most = 6): string {
  const shown = texts.slice(0, most).map((text) => `"${text}"`)
  return shown.join(', ') + (texts.length > most ? ` and ${texts.length - most} more` : '')
}

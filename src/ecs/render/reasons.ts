import { type PolicyStatement, statementsOf } from '../../iam/policy.ts'
import type { DerivedRole } from '../derive.ts'

/** The statements of the role's policy, each with the lines that say why it is there. */
export function statementsWithReasons(
  role: DerivedRole,
): readonly { readonly statement: PolicyStatement; readonly why: readonly string[] }[] {
  const [policy] = role.policies
  if (!policy) return []
  return statementsOf(policy.document).map((statement) => ({
    statement,
    why: (role.reasons.find((reason) => reason.sid === statement.Sid)?.why ?? []).map(oneLine),
  }))
}

/** Names in task definitions can hold line breaks; a comment must not end early. */
function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u0085\u2028\u2029]+/g, ' ')
}

/** A name for identifiers: `CSECSTaskExecutionRole` from `cs-ecs-task-execution-role` and its like. */
export function pascalName(text: string): string {
  const name = text
    .split(/[^A-Za-z0-9]+/)
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('')
  return /^[A-Za-z]/.test(name) ? name : `Role${name}`
}

import { type CompiledStatement, compile, type Question } from './compile.ts'
import type { Condition } from './condition/condition.ts'
import {
  type AuthorizationRequest,
  type Evaluation,
  evaluate,
  type Layer,
  layersOf,
  type Policies,
  questionOf,
} from './evaluate.ts'
import type { PrincipalMatch } from './match.ts'
import { listOf, type PolicyPrincipal } from './policy.ts'

/** One element of a statement held against the request. `detail` says in words what was compared with what. */
export type ElementTrace = {
  readonly element: 'Principal' | 'NotPrincipal' | 'Action' | 'NotAction' | 'Resource' | 'NotResource' | 'Condition'
  readonly matched: boolean
  readonly detail: string
}

export type StatementTrace = {
  readonly layer: Layer
  readonly policy: string
  readonly statement: number
  readonly sid: string | undefined
  readonly effect: 'Allow' | 'Deny'
  readonly matched: boolean
  readonly elements: readonly ElementTrace[]
}

export type Explanation = Evaluation & { readonly statements: readonly StatementTrace[] }

/** The decision together with every statement of every policy and why it did or did not match. */
export function explain(request: AuthorizationRequest, policies: Policies): Explanation {
  const question = questionOf(request)
  const statements = layersOf(policies, request).flatMap(([layer, named]) =>
    named.flatMap((policy) =>
      compile(policy.document).map((statement): StatementTrace => {
        const elements = traceElements(statement, question, request)
        const { index, source, effect } = statement
        const matched = elements.every((element) => element.matched)
        return { layer, policy: policy.name, statement: index, sid: source.Sid, effect, matched, elements }
      }),
    ),
  )
  return { ...evaluate(request, policies), statements }
}

function traceElements(
  statement: CompiledStatement,
  question: Question,
  request: AuthorizationRequest,
): readonly ElementTrace[] {
  const { source } = statement
  const traces: ElementTrace[] = []
  const add = (element: ElementTrace['element'], matched: boolean, detail: string) =>
    void traces.push({ element, matched, detail })
  if (statement.principal) {
    const match = statement.principal(question.asker)
    const element = source.NotPrincipal === undefined ? 'Principal' : 'NotPrincipal'
    const named = describePrincipal(source.Principal ?? source.NotPrincipal ?? '*')
    add(element, match !== 'none', principalDetail(match, element, named, request.principal))
  }
  const action = source.NotAction === undefined ? 'Action' : 'NotAction'
  const byAction = statement.action(question.lowerAction)
  add(action, byAction, textDetail(action, byAction, request.action, listOf(source[action])))
  const resource = source.NotResource === undefined ? 'Resource' : 'NotResource'
  if (source[resource] !== undefined) {
    const byResource = statement.resource(question.resource, question.context)
    add(resource, byResource, textDetail(resource, byResource, request.resource, listOf(source[resource])))
  }
  for (const condition of statement.conditions) {
    add('Condition', condition.holds(question.context), conditionDetail(condition, question))
  }
  return traces
}

const MATCHES: Readonly<Record<Exclude<PrincipalMatch, 'none'>, string>> = {
  account: 'which names the account',
  role: 'which names the role',
  direct: 'which names the caller',
}

function principalDetail(match: PrincipalMatch, element: string, named: string, principal: string): string {
  if (match === 'none') return `${principal} is ${element === 'Principal' ? 'not among' : 'among'} ${named}`
  return element === 'Principal'
    ? `${principal} is among ${named}, ${MATCHES[match]}`
    : `${principal} is not among ${named}`
}

function describePrincipal(principal: PolicyPrincipal): string {
  if (principal === '*') return '"*"'
  return quoted(Object.entries(principal).flatMap(([kind, value]) => listOf(value).map((text) => `${kind} ${text}`)))
}

function textDetail(element: string, matched: boolean, value: string, texts: readonly string[]): string {
  const covered = element.startsWith('Not') ? !matched : matched
  return `${value} is ${covered ? 'covered by' : 'not covered by'} ${quoted(texts)}`
}

function conditionDetail(condition: Condition, question: Question): string {
  const got = question.context().get(condition.key.toLowerCase())
  const has = got === undefined ? 'is not in the request' : `is ${quoted(listOf(got))}`
  return `${condition.key} ${has}; ${condition.operator} ${quoted(condition.wanted)}`
}

function quoted(texts: readonly string[]): string {
  const shown = texts.slice(0, 8).map((text) => JSON.stringify(text))
  return shown.join(', ') + (texts.length > 8 ? ` and ${texts.length - 8} more` : '')
}

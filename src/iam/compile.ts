import { compileCondition, type Condition } from './condition/condition.ts'
import {
  type Asker,
  compileActions,
  compileResources,
  matchPrincipal,
  type PrincipalMatch,
  type ResourceTest,
} from './match.ts'
import { listOf, type PolicyDocument, policyProblems, type PolicyStatement, statementsOf } from './policy.ts'
import type { RequestContext } from './variable.ts'

/** A statement ready to be asked. Each member answers for one element, so that an explanation can ask them one by one. */
export type CompiledStatement = {
  readonly index: number
  readonly source: PolicyStatement
  readonly effect: 'Allow' | 'Deny'
  readonly action: (lowerAction: string) => boolean
  readonly resource: ResourceTest
  readonly principal: ((asker: Asker) => PrincipalMatch) | undefined
  readonly conditions: readonly Condition[]
}

const compiled = new WeakMap<PolicyDocument, readonly CompiledStatement[]>()

/** Compiles a document once; documents are treated as immutable from then on. */
export function compile(document: PolicyDocument): readonly CompiledStatement[] {
  // A document that nobody checked can hold anything: what is no statement says nothing.
  if (typeof document !== 'object' || document === null) return []
  const known = compiled.get(document)
  if (known) return known
  // Before 2012-10-17, which is also what a document without version means, "${…}" is plain text.
  const variables = document.Version === '2012-10-17'
  const statements = statementsOf(document).flatMap((statement, index) =>
    policyProblems({ Statement: [statement] }).length === 0 ? [compileStatement(statement, index, variables)] : [],
  )
  compiled.set(document, statements)
  return statements
}

function compileStatement(source: PolicyStatement, index: number, variables: boolean): CompiledStatement {
  const actions = compileActions(listOf(source.Action ?? source.NotAction))
  // A statement without Resource is one of a trust policy: it speaks of the role that it hangs on.
  const anyResource = source.Resource === undefined && source.NotResource === undefined
  const resources = anyResource ? ['*'] : listOf(source.Resource ?? source.NotResource)
  const named = source.Principal ?? source.NotPrincipal
  const inverted = source.NotPrincipal !== undefined
  return {
    index,
    source,
    effect: source.Effect,
    action: source.NotAction === undefined ? actions : (action) => !actions(action),
    resource: compileResources(resources, variables, source.NotResource !== undefined),
    principal: named && ((asker) => principalMatch(matchPrincipal(named, asker), inverted)),
    conditions: Object.entries(source.Condition ?? {}).flatMap(([operator, keys]) =>
      Object.entries(keys).map(([key, wanted]) =>
        compileCondition(operator, key, listOf(wanted).map(String), variables),
      ),
    ),
  }
}

function principalMatch(match: PrincipalMatch, inverted: boolean): PrincipalMatch {
  if (!inverted) return match
  return match === 'none' ? 'direct' : 'none'
}

/** One question, prepared so that a statement costs as little as possible. */
export type Question = {
  readonly lowerAction: string
  readonly resource: string
  readonly asker: Asker
  readonly context: () => RequestContext
}

/** How the statement matches: `none`, or how its principal does (`direct` when it names none). */
export function askStatement(statement: CompiledStatement, question: Question): PrincipalMatch {
  if (!statement.action(question.lowerAction)) return 'none'
  const match = statement.principal ? statement.principal(question.asker) : 'direct'
  if (match === 'none' || !statement.resource(question.resource, question.context)) return 'none'
  for (const condition of statement.conditions) if (!condition.holds(question.context)) return 'none'
  return match
}

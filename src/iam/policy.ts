import { AppError } from '../errors.ts'
import { type JsonPath, type JsonText, parseJsonText } from '../lib/json-text.ts'
import { parseOperator } from './condition/operators.ts'

/** An IAM policy document as AWS stores it. Where AWS takes one value or a list, so does this. */
export type PolicyDocument = {
  readonly Version?: string
  readonly Id?: string
  readonly Statement: PolicyStatement | readonly PolicyStatement[]
}

export type PolicyStatement = {
  readonly Sid?: string
  readonly Effect: 'Allow' | 'Deny'
  readonly Principal?: PolicyPrincipal
  readonly NotPrincipal?: PolicyPrincipal
  readonly Action?: string | readonly string[]
  readonly NotAction?: string | readonly string[]
  readonly Resource?: string | readonly string[]
  readonly NotResource?: string | readonly string[]
  readonly Condition?: PolicyCondition
}

export type PolicyPrincipal = '*' | Readonly<Record<string, string | readonly string[]>>

type ConditionValue = string | number | boolean

/** Operator → context key → the values of which one must match. */
export type PolicyCondition = Readonly<
  Record<string, Readonly<Record<string, ConditionValue | readonly ConditionValue[]>>>
>

export type NamedPolicy = { readonly name: string; readonly document: PolicyDocument }

/** A policy that was read from a text and knows where its parts stand: `text.placeAt(['Statement', 0, 'Action'])`. */
export type PolicyText = { readonly document: PolicyDocument; readonly text: JsonText }

export type PolicyProblem = { readonly path: JsonPath; readonly message: string }

/** One value or a list, as a list. */
export function listOf<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return []
  return Array.isArray(value) ? (value as readonly T[]) : [value as T]
}

export function statementsOf(document: PolicyDocument): readonly PolicyStatement[] {
  return listOf(document.Statement)
}

/** Reads a policy document from JSON; what is wrong with it is thrown as `invalid_request` with every place. */
export function parsePolicy(source: string): PolicyText {
  const text = parseJsonText(source)
  const problems = policyProblems(text.value)
  const first = problems[0]
  if (first) {
    const findings = problems.map(({ path, message }) => {
      const { line, column } = text.placeAt(path)
      return { place: `${line}:${column}`, message }
    })
    throw new AppError('invalid_request', `Not a policy document: ${first.message} (${findings[0]?.place}).`, {
      findings,
    })
  }
  return { document: text.value as PolicyDocument, text }
}

/** A value as a policy document, or an AppError that names `what` and the first thing that is wrong with it. */
export function asPolicyDocument(value: unknown, what: string): PolicyDocument {
  const problem = policyProblems(value)[0]
  if (problem) {
    const at = problem.path.length > 0 ? ` (${formatPath(problem.path)})` : ''
    throw new AppError('invalid_request', `${what} is not a policy document: ${problem.message}${at}.`)
  }
  return value as PolicyDocument
}

/** `Statement[2].Condition.StringLike`, for messages. */
export function formatPath(path: JsonPath): string {
  return path.map((step, index) => (typeof step === 'number' ? `[${step}]` : index ? `.${step}` : step)).join('')
}

const STATEMENT_KEYS = new Set([
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
])

/** What keeps a value from being a policy document that AWS accepts by its grammar. Empty when nothing does. */
export function policyProblems(value: unknown): readonly PolicyProblem[] {
  const problems: PolicyProblem[] = []
  const say = (path: JsonPath, message: string) => void problems.push({ path, message })
  if (!isObject(value)) return [{ path: [], message: 'a policy is a JSON object with "Version" and "Statement"' }]
  for (const key of Object.keys(value)) {
    if (!['Version', 'Id', 'Statement'].includes(key)) say([key], `"${key.slice(0, 60)}" is not an element of a policy`)
  }
  const version = value['Version']
  if (version !== undefined && version !== '2012-10-17' && version !== '2008-10-17') {
    say(['Version'], 'Version must be "2012-10-17" (or the old "2008-10-17"); it is not a date of yours')
  }
  const statement = value['Statement']
  if (statement === undefined) say([], 'Statement is missing')
  else if (Array.isArray(statement)) {
    if (statement.length === 0) say(['Statement'], 'Statement must hold at least one statement')
    statement.forEach((item: unknown, index) => checkStatement(item, ['Statement', index], say))
  } else checkStatement(statement, ['Statement'], say)
  return problems
}

type Say = (path: JsonPath, message: string) => void

function checkStatement(value: unknown, path: JsonPath, say: Say): void {
  if (!isObject(value)) return say(path, 'a statement is a JSON object')
  for (const key of Object.keys(value)) {
    if (!STATEMENT_KEYS.has(key)) say([...path, key], `"${key.slice(0, 60)}" is not an element of a statement`)
  }
  if (value['Effect'] !== 'Allow' && value['Effect'] !== 'Deny') {
    say(value['Effect'] === undefined ? path : [...path, 'Effect'], 'Effect must be "Allow" or "Deny"')
  }
  if (value['Sid'] !== undefined && typeof value['Sid'] !== 'string') say([...path, 'Sid'], 'Sid must be text')
  for (const [one, other] of [
    ['Action', 'NotAction'],
    ['Resource', 'NotResource'],
    ['Principal', 'NotPrincipal'],
  ] as const) {
    if (value[one] !== undefined && value[other] !== undefined)
      say([...path, other], `use ${one} or ${other}, not both`)
  }
  if (value['Action'] === undefined && value['NotAction'] === undefined) say(path, 'Action (or NotAction) is missing')
  for (const key of ['Action', 'NotAction', 'Resource', 'NotResource']) checkTexts(value[key], [...path, key], say)
  for (const key of ['Principal', 'NotPrincipal']) checkPrincipal(value[key], [...path, key], say)
  checkCondition(value['Condition'], [...path, 'Condition'], say)
}

function checkTexts(value: unknown, path: JsonPath, say: Say): void {
  if (value === undefined || typeof value === 'string') return
  if (!Array.isArray(value)) return say(path, `${String(path.at(-1))} must be text or a list of texts`)
  value.forEach((item: unknown, index) => {
    if (typeof item !== 'string') say([...path, index], `${String(path.at(-1))} must hold texts only`)
  })
}

function checkPrincipal(value: unknown, path: JsonPath, say: Say): void {
  if (value === undefined || value === '*') return
  if (!isObject(value))
    return say(path, 'a principal is "*" or an object such as {"Service": "ecs-tasks.amazonaws.com"}')
  for (const [kind, texts] of Object.entries(value)) {
    if (!['AWS', 'Service', 'Federated', 'CanonicalUser'].includes(kind)) {
      say(
        [...path, kind],
        `"${kind.slice(0, 60)}" is not a kind of principal: use AWS, Service, Federated or CanonicalUser`,
      )
    }
    checkTexts(texts, [...path, kind], say)
  }
}

function checkCondition(value: unknown, path: JsonPath, say: Say): void {
  if (value === undefined) return
  if (!isObject(value)) return say(path, 'Condition is an object of operators')
  for (const [operator, keys] of Object.entries(value)) {
    if (!parseOperator(operator)) say([...path, operator], `"${operator.slice(0, 60)}" is not a condition operator`)
    if (!isObject(keys)) {
      say([...path, operator], 'a condition operator holds an object of context keys')
      continue
    }
    for (const [key, wanted] of Object.entries(keys)) {
      const values: readonly unknown[] = Array.isArray(wanted) ? wanted : [wanted]
      if (values.some((item) => !['string', 'number', 'boolean'].includes(typeof item))) {
        say([...path, operator, key], 'the value of a condition is a text, a number, a boolean, or a list of them')
      }
    }
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

import { AppError } from '../errors.ts'
import { isRecord } from './document.ts'
import { type Preflight, preflight } from './preflight.ts'
import { asFacts } from './read-facts.ts'
import { asRole } from './role.ts'
import { asTaskDefinition } from './task-definition.ts'

/** What a case says must happen; what it leaves out is not looked at. */
export type Expectation = {
  readonly ok: boolean
  readonly failingStep?: string
  /** Each must be among the actions that the failing step is refused; an empty list means that none is. */
  readonly missingActions?: readonly string[]
  /** Each must stand in the stopped reason or in another wording of it. Letter case, quotes and spaces do not matter. */
  readonly stoppedReasonContains?: readonly string[]
  /** Each must stand in one of the warnings. */
  readonly warnings?: readonly string[]
}

export type CaseResult = {
  readonly id: string
  readonly passed: boolean
  /** What differs, in words; empty when the case passed. */
  readonly differences: readonly string[]
  readonly preflight?: Preflight
}

/**
 * Runs an array of launches `{id, taskDefinition, role, context, expected}`. A case that cannot be read fails alone. `now` (ISO 8601) is the
 * time of the launches whose context names none, for policies with dates.
 */
export function runCases(cases: unknown, what: string, now?: string): readonly CaseResult[] {
  if (!Array.isArray(cases))
    throw new AppError(
      'invalid_usage',
      `${what} must be an array of cases {id, taskDefinition, role, context, expected}.`,
    )
  if (cases.length === 0) throw new AppError('invalid_usage', `${what} holds no case.`)
  return (cases as readonly unknown[]).map((item, index) => runCase(item, `${what}[${index}]`, now))
}

function runCase(item: unknown, what: string, now: string | undefined): CaseResult {
  const id = isRecord(item) && typeof item['id'] === 'string' ? item['id'] : what
  try {
    if (!isRecord(item)) throw new AppError('invalid_usage', 'a case is a JSON object.')
    const expected = readExpectation(item['expected'])
    const task = asTaskDefinition(item['taskDefinition'], 'taskDefinition')
    const role = item['role'] === null || item['role'] === undefined ? undefined : asRole(item['role'], 'role')
    const facts = asFacts(item['context'] ?? {}, 'context')
    const result = preflight(task, role, now === undefined || facts.now !== undefined ? facts : { ...facts, now })
    const differences = compare(expected, result)
    return { id, passed: differences.length === 0, differences, preflight: result }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return { id, passed: false, differences: [`cannot be read: ${error.message}`] }
  }
}

function readExpectation(value: unknown): Expectation {
  if (!isRecord(value) || typeof value['ok'] !== 'boolean') {
    throw new AppError('invalid_usage', 'expected must be an object with ok: true or false.')
  }
  const texts = (name: string) => {
    const list = value[name]
    if (list === undefined) return {}
    if (typeof list === 'string') return { [name]: [list] }
    if (Array.isArray(list) && list.every((item) => typeof item === 'string'))
      return { [name]: list as readonly string[] }
    throw new AppError('invalid_usage', `expected.${name} must be a list of texts.`)
  }
  return {
    ok: value['ok'],
    ...(typeof value['failingStep'] === 'string' ? { failingStep: value['failingStep'] } : {}),
    ...texts('missingActions'),
    ...texts('stoppedReasonContains'),
    ...texts('warnings'),
  }
}

function compare(expected: Expectation, found: Preflight): readonly string[] {
  const differences: string[] = []
  if (found.ok !== expected.ok) differences.push(`ok is ${found.ok}, expected ${expected.ok}`)
  if (expected.failingStep !== undefined && found.failingStep !== expected.failingStep) {
    differences.push(`failingStep is ${found.failingStep ?? 'none'}, expected ${expected.failingStep}`)
  }
  const wanted = expected.missingActions
  if (wanted?.length === 0 && found.missingActions.length > 0) {
    differences.push(`missingActions is ${found.missingActions.join(', ')}, expected none`)
  }
  for (const action of wanted ?? []) {
    if (found.missingActions.some((missing) => missing.toLowerCase() === action.toLowerCase())) continue
    differences.push(`missingActions is ${found.missingActions.join(', ') || 'empty'}, expected ${action} among them`)
  }
  const wordings = [found.stoppedReason ?? '', ...found.otherWordings].map(plain)
  for (const part of expected.stoppedReasonContains ?? []) {
    if (!wordings.some((wording) => wording.includes(plain(part)))) {
      differences.push(`the stopped reason lacks "${part}": ${found.stoppedReason ?? 'there is none'}`)
    }
  }
  for (const part of expected.warnings ?? []) {
    if (!found.warnings.some((warning) => plain(warning).includes(plain(part)))) {
      differences.push(
        `no warning says "${part}"${found.warnings.length > 0 ? `; they say "${found.warnings.join('", "')}"` : ''}`,
      )
    }
  }
  return differences
}

/** Text as two people would call it the same: straight quotes, single spaces, small letters. */
function plain(text: string): string {
  return text.replace(/[‘’`]/g, "'").replace(/[“”]/g, '"').replace(/\s+/g, ' ').trim().toLowerCase()
}

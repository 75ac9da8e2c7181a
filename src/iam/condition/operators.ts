import { compileText, type Matcher } from '../variable.ts'
import { inRange, parseRange } from './address.ts'
import { parseInstant } from './instant.ts'

/** How one value of a policy's condition is compiled into a test of one value of the request. */
type Compile = (wanted: string, variables: boolean) => Matcher

/** `negated` operators compare with the same test and hold when no value passes it. */
export type Operator = { readonly compile: Compile; readonly negated: boolean }

const never: Matcher = () => false

const text =
  (wildcards: boolean, ignoreCase = false): Compile =>
  (wanted, variables) =>
    compileText(wanted, { wildcards, variables, ignoreCase })

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/

function parseNumber(value: string): number | undefined {
  return NUMBER.test(value.trim()) ? Number(value) : undefined
}

function ordered(
  parse: (value: string) => number | undefined,
  holds: (got: number, wanted: number) => boolean,
): Compile {
  return (wanted) => {
    const right = parse(wanted)
    if (right === undefined) return never
    return (value) => {
      const left = parse(value)
      return left !== undefined && holds(left, right)
    }
  }
}

/** `Bool` takes variables too (`"${aws:SecureTransport}"`), unlike the numeric, date, binary and address operators. */
const bool: Compile = (wanted, variables) => {
  const matches = compileText(wanted, { wildcards: false, variables, ignoreCase: true })
  return (value, context) => /^(true|false)$/i.test(value) && matches(value, context)
}

const binary: Compile = (wanted) => {
  const right = decodeBase64(wanted)
  return right === undefined ? never : (value) => decodeBase64(value) === right
}

function decodeBase64(value: string): string | undefined {
  return /^[A-Za-z0-9+/]*={0,2}$/.test(value) ? Buffer.from(value, 'base64').toString('hex') : undefined
}

const address: Compile = (wanted) => {
  const range = parseRange(wanted)
  return range === undefined ? never : (value) => inRange(range, value)
}

/** ARNs are compared part by part: a wildcard in one of the first five parts does not reach over its colon. */
const arn: Compile = (wanted, variables) => {
  if (wanted === '*') return (value) => value.startsWith('arn:')
  const parts = splitArn(wanted)
  if (!parts) return never
  const matchers = parts.map((part) => compileText(part, { wildcards: true, variables }))
  return (value, context) => {
    const got = splitArn(value)
    return got !== undefined && matchers.every((matches, index) => matches(got[index] ?? '', context))
  }
}

/** The six parts of an ARN; a colon inside `${…}` separates nothing. */
function splitArn(value: string): string[] | undefined {
  const parts: string[] = []
  let from = 0
  let braces = 0
  for (let index = 0; index < value.length && parts.length < 5; index += 1) {
    const char = value[index]
    if (char === '{' && value[index - 1] === '$') braces += 1
    else if (char === '}' && braces > 0) braces -= 1
    else if (char === ':' && braces === 0) {
      parts.push(value.slice(from, index))
      from = index + 1
    }
  }
  return parts.length === 5 ? [...parts, value.slice(from)] : undefined
}

const is = (compile: Compile): Operator => ({ compile, negated: false })
const not = (compile: Compile): Operator => ({ compile, negated: true })
const equal = (got: number, wanted: number) => got === wanted
const less = (got: number, wanted: number) => got < wanted
const lessOrEqual = (got: number, wanted: number) => got <= wanted
const greater = (got: number, wanted: number) => got > wanted
const greaterOrEqual = (got: number, wanted: number) => got >= wanted

/** Every operator but `Null`, which asks for the key's presence and not for its value. */
export const OPERATORS: Readonly<Record<string, Operator>> = {
  StringEquals: is(text(false)),
  StringNotEquals: not(text(false)),
  StringEqualsIgnoreCase: is(text(false, true)),
  StringNotEqualsIgnoreCase: not(text(false, true)),
  StringLike: is(text(true)),
  StringNotLike: not(text(true)),
  NumericEquals: is(ordered(parseNumber, equal)),
  NumericNotEquals: not(ordered(parseNumber, equal)),
  NumericLessThan: is(ordered(parseNumber, less)),
  NumericLessThanEquals: is(ordered(parseNumber, lessOrEqual)),
  NumericGreaterThan: is(ordered(parseNumber, greater)),
  NumericGreaterThanEquals: is(ordered(parseNumber, greaterOrEqual)),
  DateEquals: is(ordered(parseInstant, equal)),
  DateNotEquals: not(ordered(parseInstant, equal)),
  DateLessThan: is(ordered(parseInstant, less)),
  DateLessThanEquals: is(ordered(parseInstant, lessOrEqual)),
  DateGreaterThan: is(ordered(parseInstant, greater)),
  DateGreaterThanEquals: is(ordered(parseInstant, greaterOrEqual)),
  Bool: is(bool),
  BinaryEquals: is(binary),
  IpAddress: is(address),
  NotIpAddress: not(address),
  ArnEquals: is(arn),
  ArnLike: is(arn),
  ArnNotEquals: not(arn),
  ArnNotLike: not(arn),
}

export type OperatorName = {
  readonly base: string
  readonly set: 'ForAllValues' | 'ForAnyValue' | undefined
  readonly ifExists: boolean
}

/** Takes `ForAllValues:StringLikeIfExists` apart; undefined when IAM has no such operator. */
export function parseOperator(name: string): OperatorName | undefined {
  const parts = /^(?:(ForAllValues|ForAnyValue):)?(.+?)(IfExists)?$/.exec(name)
  const base = parts?.[2] ?? ''
  const ifExists = parts?.[3] !== undefined
  if (base === 'Null' ? ifExists : !Object.hasOwn(OPERATORS, base)) return undefined
  return { base, set: parts?.[1] as OperatorName['set'], ifExists }
}

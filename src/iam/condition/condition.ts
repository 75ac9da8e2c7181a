import type { Matcher, RequestContext } from '../variable.ts'
import { OPERATORS, parseOperator } from './operators.ts'

/** One operator with one key of a Condition block. */
export type Condition = {
  readonly operator: string
  /** As the policy writes it. */
  readonly key: string
  readonly wanted: readonly string[]
  readonly holds: (context: () => RequestContext) => boolean
}

/** Compiles one operator and key. An operator that IAM does not have never holds, since IAM would refuse the whole policy. */
export function compileCondition(
  operator: string,
  key: string,
  wanted: readonly string[],
  variables: boolean,
): Condition {
  const lower = key.toLowerCase()
  const named = parseOperator(operator)
  if (!named) return { operator, key, wanted, holds: () => false }
  if (named.base === 'Null') {
    const absent = wanted.map((value) => value.toLowerCase() === 'true')
    const holds: Condition['holds'] = (context) => absent.includes(!context().has(lower))
    return { operator, key, wanted, holds }
  }
  const spec = OPERATORS[named.base] ?? { compile: () => () => false, negated: false }
  const matchers = wanted.map((value) => spec.compile(value, variables))
  const matches = (value: string, context: () => RequestContext) =>
    matchesAny(matchers, value, context) !== spec.negated
  // IfExists speaks of each single value: a set operator asks for the set itself first, so on a missing key it has no effect there.
  const whenMissing = named.set ? named.set === 'ForAllValues' : named.ifExists || spec.negated
  const holds: Condition['holds'] = (context) => {
    const got = context().get(lower)
    if (got === undefined) return whenMissing
    if (typeof got === 'string') return matches(got, context) || (named.set === 'ForAllValues' && got === '')
    if (named.set === 'ForAllValues') {
      // The set of one empty string is the "null data set" of IAM's documentation.
      return (got.length === 1 && got[0] === '') || got.every((value) => matches(value, context))
    }
    if (named.set === 'ForAnyValue') return got.some((value) => matches(value, context))
    // A key with many values and no set operator: IAM leaves it open; a positive test needs one match, a negated one none.
    return spec.negated ? got.every((value) => matches(value, context)) : got.some((value) => matches(value, context))
  }
  return { operator, key, wanted, holds }
}

function matchesAny(matchers: readonly Matcher[], value: string, context: () => RequestContext): boolean {
  for (const matches of matchers) if (matches(value, context)) return true
  return false
}

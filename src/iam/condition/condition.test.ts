import { describe, expect, test } from 'bun:test'
import { contextOf } from '../variable.ts'
import { compileCondition } from './condition.ts'
import { OPERATORS, parseOperator } from './operators.ts'

function holds(operator: string, wanted: readonly string[], got: string | readonly string[] | undefined): boolean {
  const context = contextOf(got === undefined ? {} : { 'My:Key': got, 'aws:PrincipalTag/team': 'blue' })
  return compileCondition(operator, 'my:KEY', wanted, true).holds(() => context)
}

/** Operator, the policy's values, a value that passes its test, one that does not. Negated operators turn them round. */
const TESTS: readonly (readonly [string, readonly string[], string, string])[] = [
  ['StringEquals', ['a', 'b'], 'b', 'B'],
  ['StringEquals', ['a*'], 'a*', 'ab'],
  ['StringEquals', ['${aws:PrincipalTag/team}'], 'blue', '${aws:PrincipalTag/team}'],
  ['StringEquals', ["x-${aws:absent, 'red'}"], 'x-red', 'x-'],
  ['StringEqualsIgnoreCase', ['Ab'], 'aB', 'abc'],
  ['StringEqualsIgnoreCase', ['${aws:PrincipalTag/team}'], 'BLUE', 'red'],
  ['StringLike', ['a*c?'], 'abbcd', 'abbc'],
  ['StringLike', ['a${*}'], 'a*', 'ab'],
  ['StringLike', ['a${?}${$}'], 'a?$', 'ab$'],
  ['StringLike', ['${aws:PrincipalTag/team}-*'], 'blue-1', 'red-1'],
  ['StringLike', [''], '', 'a'],
  ['NumericEquals', ['10'], '10.0', '11'],
  ['NumericLessThan', ['10'], '-3', '10'],
  ['NumericLessThanEquals', ['10'], '10', '10.1'],
  ['NumericGreaterThan', ['1e2'], '101', '100'],
  ['NumericGreaterThanEquals', ['10'], '10', '9'],
  ['NumericGreaterThanEquals', ['10'], '10', 'ten'],
  ['DateEquals', ['2026-11-23T12:00:00Z'], '2026-11-23T13:00:00+01:00', '2026-11-23T12:00:01Z'],
  ['DateEquals', ['1795435200'], '2026-11-23T12:00:00Z', '1795435201'],
  ['DateLessThan', ['2026-11-23'], '2026-11-22T23:59:59.999Z', '2026-11-23T00:00:00Z'],
  ['DateLessThanEquals', ['2026'], '2026-01-01T00:00:00Z', '2026-01-01T00:00:00.001Z'],
  ['DateGreaterThan', ['2026-02'], '2026-02-01T00:00Z', '2026-02-01T00:00:00-00:00'],
  ['DateGreaterThanEquals', ['2026-11-23T12:00:00Z'], '2026-11-23T12:00:00Z', 'tomorrow'],
  ['Bool', ['true'], 'TRUE', 'false'],
  ['Bool', ['false'], 'false', 'no'],
  ['BinaryEquals', ['QmluYXJ5'], 'QmluYXJ5', 'QmluYXJZ'],
  ['IpAddress', ['203.0.113.0/24'], '203.0.113.255', '203.0.114.0'],
  ['IpAddress', ['203.0.113.7'], '203.0.113.7', '203.0.113.8'],
  ['IpAddress', ['0.0.0.0/0'], '9.9.9.9', '::1'],
  ['IpAddress', ['2001:db8::/32'], '2001:DB8:ffff::1', '2001:db9::1'],
  ['IpAddress', ['::ffff:10.0.0.0/104'], '::ffff:10.1.2.3', '::ffff:11.1.2.3'],
  ['IpAddress', ['10.0.0.0/8'], '10.1.2.3', 'vpce-1'],
  ['ArnEquals', ['arn:aws:iam::1:role/*'], 'arn:aws:iam::1:role/a/b', 'arn:aws:iam::2:role/a'],
  ['ArnLike', ['arn:aws:ecs:*:1:*'], 'arn:aws:ecs:eu-west-1:1:task/c/d', 'arn:aws:ecs:eu-west-1:2:task/c/d'],
  ['ArnLike', ['arn:*:1:task'], 'arn:aws:ecs:eu-west-1:1:task', 'arn:aws:ecs:eu-west-1:1:task'],
  ['ArnLike', ['arn:aws:iam::${aws:PrincipalTag/team}:*'], 'arn:aws:iam::blue:role/a', 'arn:aws:iam::red:role/a'],
  ['ArnLike', ['*'], 'arn:aws:iam::1:root', 'root'],
]

const NEGATION: Readonly<Record<string, string>> = {
  StringEquals: 'StringNotEquals',
  StringEqualsIgnoreCase: 'StringNotEqualsIgnoreCase',
  StringLike: 'StringNotLike',
  NumericEquals: 'NumericNotEquals',
  DateEquals: 'DateNotEquals',
  IpAddress: 'NotIpAddress',
  ArnEquals: 'ArnNotEquals',
  ArnLike: 'ArnNotLike',
}

describe('a condition operator', () => {
  test.each(TESTS.filter(([, wanted]) => wanted[0] !== 'arn:*:1:task' && wanted[0] !== '2026-02'))(
    '%s %j holds for %s and not for %s, with its negation and IfExists',
    (operator, wanted, right, wrong) => {
      expect([holds(operator, wanted, right), holds(operator, wanted, wrong)]).toEqual([true, false])
      expect(holds(`${operator}IfExists`, wanted, wrong)).toBe(false)
      expect([holds(operator, wanted, undefined), holds(`${operator}IfExists`, wanted, undefined)]).toEqual([
        false,
        true,
      ])
      const negation = NEGATION[operator]
      if (!negation) return
      expect([holds(negation, wanted, right), holds(negation, wanted, wrong)]).toEqual([false, true])
      expect([holds(negation, wanted, undefined), holds(`${negation}IfExists`, wanted, undefined)]).toEqual([
        true,
        true,
      ])
    },
  )

  test('a wildcard in one of the first five parts of an ARN does not reach over a colon', () => {
    expect(holds('ArnLike', ['arn:*:1:task'], 'arn:aws:ecs:eu-west-1:1:task')).toBe(false)
  })

  test('a month without day is its first instant', () => {
    expect(holds('DateGreaterThan', ['2026-02'], '2026-02-01T00:00:00.001Z')).toBe(true)
    expect(holds('DateGreaterThan', ['2026-02'], '2026-02-01')).toBe(false)
  })

  test('every operator is in the table, so that none is untested', () => {
    const tested = new Set(TESTS.flatMap(([operator]) => [operator, NEGATION[operator] ?? operator]))
    expect(Object.keys(OPERATORS).filter((operator) => !tested.has(operator))).toEqual([])
  })
})

describe('sets', () => {
  const LETTERS = ['a', 'b']
  test.each([
    ['ForAllValues:StringEquals', ['a', 'b'], true],
    ['ForAllValues:StringEquals', ['a', 'c'], false],
    ['ForAllValues:StringEquals', 'a', true],
    ['ForAllValues:StringEquals', undefined, true],
    ['ForAllValues:StringEquals', [], true],
    ['ForAllValues:StringEquals', '', true],
    ['ForAllValues:StringEqualsIfExists', undefined, true],
    ['ForAllValues:StringNotEquals', ['c', 'd'], true],
    ['ForAllValues:StringNotEquals', ['a', 'd'], false],
    ['ForAnyValue:StringEquals', ['c', 'b'], true],
    ['ForAnyValue:StringEquals', ['c', 'd'], false],
    ['ForAnyValue:StringEquals', undefined, false],
    ['ForAnyValue:StringEquals', [], false],
    ['ForAnyValue:StringNotEquals', ['a', 'd'], true],
    ['ForAnyValue:StringNotEquals', ['a', 'b'], false],
    ['ForAnyValue:StringNotEquals', undefined, false],
    // IfExists is asked of each value, and there is none: https://iam.cloudcopilot.io/resources/operators/ForAnyValue:StringLikeIfExists
    ['ForAnyValue:StringEqualsIfExists', undefined, false],
    ['ForAnyValue:StringNotEqualsIfExists', undefined, false],
    ['ForAnyValue:StringNotEqualsIfExists', ['d'], true],
  ] as const)('%s of a, b with %j: %p', (operator, got, expected) => {
    expect(holds(operator, LETTERS, got)).toBe(expected)
  })
})

describe('Null', () => {
  test.each([
    ['true', undefined, true],
    ['true', 'x', false],
    ['true', [], true],
    ['false', undefined, false],
    ['false', 'x', true],
    ['false', ['x', 'y'], true],
    ['False', 'x', true],
  ] as const)('%s with %j: %p', (wanted, got, expected) => {
    expect(holds('Null', [wanted], got)).toBe(expected)
  })
})

describe('a variable without value', () => {
  test.each([
    ['StringEquals', false],
    ['StringLike', false],
    ['StringNotEquals', true],
    ['StringNotLike', true],
    ['ArnLike', false],
    ['ArnNotLike', true],
  ] as const)('%s: %p', (operator, expected) => {
    expect(holds(operator, ['arn:aws:s3:::${aws:absent}'], 'arn:aws:s3:::')).toBe(expected)
  })

  test('is what a key with many values is, too', () => {
    const context = contextOf({ k: 'a', many: ['a'] })
    expect(compileCondition('StringEquals', 'k', ['${many}'], true).holds(() => context)).toBe(false)
  })

  test('is plain text in a policy of 2008', () => {
    const context = contextOf({ k: '${aws:PrincipalTag/team}' })
    expect(compileCondition('StringEquals', 'k', ['${aws:PrincipalTag/team}'], false).holds(() => context)).toBe(true)
  })
})

describe('an operator that IAM does not have', () => {
  test.each(['stringEquals', 'StringEqual', 'NullIfExists', 'ForEach:StringLike', 'toString', ''])('%s', (name) => {
    expect(parseOperator(name)).toBeUndefined()
    expect(holds(name, ['a'], 'a')).toBe(false)
  })
})

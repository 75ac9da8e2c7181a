import { expect, test } from 'bun:test'
import { EXAMPLES } from './examples.ts'
import { comparable } from './compare.ts'

test('every example is JSON and its role can be compared', () => {
  for (const [name, { task, role, facts }] of Object.entries(EXAMPLES)) {
    for (const text of [task, facts]) expect(() => JSON.parse(text)).not.toThrow()
    expect(comparable(role), name).toContain('"Effect"')
  }
})

test.each([
  ['{', null],
  ['[]', null],
  ['{"a":1}', null],
])('%s is no role', (text, expected) => {
  expect(comparable(text)).toBe(expected)
})

test('order, lists of one and names of policies make no difference', () => {
  const one = JSON.stringify({
    policies: [{ name: 'x', document: { Statement: { Effect: 'Allow', Action: ['b', 'a'], Resource: ['*'] } } }],
  })
  const two = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Resource: '*', Action: ['a', 'b'], Effect: 'Allow' }],
  })
  expect(comparable(one)).toBe(comparable(two))
})

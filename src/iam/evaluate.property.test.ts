import { describe, expect, test } from 'bun:test'
import { anything, array, assert, context as logger, option, pre, property, record, shuffledSubarray } from 'fast-check'
import { compile } from './compile.ts'
import { widenings } from './cover.ts'
import { type AuthorizationRequest, evaluate, type Policies } from './evaluate.ts'
import { explain } from './explain.ts'
import { compileGlob, globCovers, globMatches, globsMeet } from './glob.ts'
import { minimise } from './minimise.ts'
import { type PolicyDocument, statementsOf } from './policy.ts'
import { anyPolicy, anyRequest } from '../../test/iam-arbitraries.ts'

const named = (document: PolicyDocument) => ({ name: 'p', document })

const anyPolicies = record({
  identity: array(anyPolicy(), { maxLength: 3 }),
  boundary: option(anyPolicy(), { nil: undefined }),
  scps: option(array(array(anyPolicy(), { maxLength: 2 }), { maxLength: 2 }), { nil: undefined }),
  resource: option(anyPolicy(true), { nil: undefined }),
}).map(({ identity, boundary, scps, resource }): Policies => ({
  identityPolicies: identity.map(named),
  boundary: boundary && named(boundary),
  serviceControlPolicies: scps?.map((level) => level.map(named)),
  resourcePolicy: resource && named(resource),
}))

const byIdentity = (request: AuthorizationRequest, document: PolicyDocument) =>
  evaluate({ ...request, resourceAccount: request.principalAccount }, { identityPolicies: [named(document)] }).decision

describe('the evaluator', () => {
  test('adding a deny never allows, adding an allow never denies', () => {
    assert(
      property(anyRequest, anyPolicies, anyPolicy(), (request, policies, extra) => {
        const before = evaluate(request, policies).decision
        const add = (effect: 'Allow' | 'Deny') => {
          const Statement = statementsOf(extra).filter((statement) => statement.Effect === effect)
          const identityPolicies = [...policies.identityPolicies, named({ ...extra, Statement })]
          return evaluate(request, { ...policies, identityPolicies }).decision
        }
        if (before !== 'Allowed') expect(add('Deny')).not.toBe('Allowed')
        if (before === 'ExplicitlyDenied') expect(add('Deny')).toBe('ExplicitlyDenied')
        if (before === 'Allowed') expect(add('Allow')).toBe('Allowed')
        if (before !== 'ExplicitlyDenied') expect(add('Allow')).not.toBe('ExplicitlyDenied')
      }),
      { numRuns: 1000 },
    )
  })

  test('does not depend on the order of policies and statements', () => {
    const shuffled = anyPolicies.chain((policies) =>
      record({
        identityPolicies: shuffledSubarray([...policies.identityPolicies], {
          minLength: policies.identityPolicies.length,
        }),
      }).map((order) => [policies, { ...policies, ...order }] as const),
    )
    assert(
      property(anyRequest, shuffled, (request, [one, other]) => {
        const turned = {
          ...other,
          identityPolicies: other.identityPolicies.map(({ name, document }) => ({
            name,
            document: { ...document, Statement: statementsOf(document).toReversed() },
          })),
        }
        expect(evaluate(request, turned).decision).toBe(evaluate(request, one).decision)
      }),
      { numRuns: 1000 },
    )
  })

  test('is explained by the statements that match', () => {
    assert(
      property(anyRequest, anyPolicies, (request, policies) => {
        const { decision, decidedBy, statements } = explain(request, policies)
        const denies = statements.some(({ matched, effect }) => matched && effect === 'Deny')
        expect(decision === 'ExplicitlyDenied').toBe(denies)
        if (decidedBy) {
          const { layer, statement, effect } = decidedBy
          expect(
            statements.some(
              (one) => one.matched && one.layer === layer && one.statement === statement && one.effect === effect,
            ),
          ).toBe(true)
        }
      }),
      { numRuns: 1000 },
    )
  })
})

test('whatever stands where a document should, the evaluator answers', () => {
  assert(
    property(anyRequest, anything(), anything(), (request, document, statement) => {
      const documents = [
        document,
        { Statement: [statement] },
        { Statement: { Effect: 'Allow', Action: statement, Resource: '*', Condition: document } },
      ]
      const identityPolicies = documents.map((one) => named(one as PolicyDocument))
      expect(['Allowed', 'ExplicitlyDenied', 'ImplicitlyDenied']).toContain(
        evaluate(request, { identityPolicies }).decision,
      )
    }),
    { numRuns: 500 },
  )
})

describe('minimise', () => {
  test('keeps every decision, never grows, and has nothing left to do', () => {
    assert(
      property(
        anyPolicy(),
        array(anyRequest, { minLength: 10, maxLength: 20 }),
        logger(),
        (document, requests, log) => {
          const smaller = minimise(document)
          log.log(JSON.stringify(smaller))
          for (const request of requests) expect(byIdentity(request, smaller)).toBe(byIdentity(request, document))
          expect(JSON.stringify(smaller).length).toBeLessThanOrEqual(JSON.stringify(document).length)
          expect(minimise(smaller)).toEqual(smaller)
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('widenings', () => {
  test('are found whenever a decision becomes Allowed', () => {
    assert(
      property(anyRequest, anyPolicy(), anyPolicy(), (request, before, after) => {
        pre(byIdentity(request, before) !== 'Allowed' && byIdentity(request, after) === 'Allowed')
        expect(widenings([before], [after])).not.toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  test('there are none from a policy to itself, to its minimum, or to a part of its allows', () => {
    assert(
      property(anyPolicy(), (document) => {
        const Statement = statementsOf(document).filter((one, index) => one.Effect === 'Deny' || index % 2 === 0)
        expect(widenings([document], [document])).toEqual([])
        expect(widenings([document], [minimise(document)])).toEqual([])
        expect(widenings([document], [{ ...document, Statement }])).toEqual([])
      }),
      { numRuns: 500 },
    )
  })
})

describe('patterns', () => {
  test('covering and meeting agree with matching', () => {
    const words = ['', 'a', 'b', 'aa', 'ab', 'ba', 'bb', 'aab', 'aba', 'abb', 'bab', 'abab', 'c', 'ac', 'cab']
    const patterns = [
      '',
      'a',
      '*',
      '?',
      'a*',
      '*a',
      '?a',
      'a?',
      '*a*',
      'a*b',
      '??',
      '*?',
      '?*',
      'a*b*',
      '*ab',
      'ab',
      '*?*',
      'a?b',
    ]
    for (const one of patterns) {
      for (const other of patterns) {
        const inOne = words.filter((word) => globMatches(compileGlob(one), word))
        const inOther = words.filter((word) => globMatches(compileGlob(other), word))
        if (globCovers(one, other)) expect(inOther.filter((word) => !inOne.includes(word))).toEqual([])
        const common = inOther.some((word) => inOne.includes(word))
        expect([one, other, globsMeet(one, other)]).toEqual([one, other, common])
      }
    }
  })

  test('a hostile pattern costs no more than length × length', () => {
    const started = performance.now()
    expect(globMatches(compileGlob(`${'*a'.repeat(200)}b`), 'a'.repeat(5000))).toBe(false)
    expect(performance.now() - started).toBeLessThan(1000)
  })
})

test('a document is compiled once', () => {
  const document: PolicyDocument = { Statement: { Effect: 'Allow', Action: '*', Resource: '*' } }
  expect(compile(document)).toBe(compile(document))
})

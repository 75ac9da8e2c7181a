import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { Cache } from '../../contract/cache.ts'
import { AnswerKeys, canonical, type KeyParts } from './answer-key.ts'
import { MemoryAnswers, type CachedAnswer } from './answer-store.ts'
import { Answers } from './answers.ts'

const answer = (bytes: number): CachedAnswer => ({
  body: new Uint8Array(bytes),
  contentType: 'application/json',
  provider: 'p',
  model: 'm',
  finish: null,
})

describe('memory', () => {
  test('is bounded in bytes; the least recently used goes first', () => {
    const store = new MemoryAnswers(10_000)
    for (const key of ['a', 'b', 'c', 'd']) store.set(key, answer(2_000), 1_000, 0)
    store.get('a', 1)
    store.set('e', answer(2_000), 1_000, 1)
    expect(['a', 'b', 'c', 'd', 'e'].filter((key) => store.get(key, 2))).toEqual(['a', 'c', 'd', 'e'])
    expect(store.bytes).toBeLessThanOrEqual(10_000)
    store.set('huge', answer(20_000), 1_000, 1)
    expect(store.get('huge', 1)).toBeUndefined()
  })

  test('forgets what is old', () => {
    const store = new MemoryAnswers(10_000)
    store.set('a', answer(10), 1_000, 0)
    expect(store.get('a', 999)).toBeDefined()
    expect(store.get('a', 1_000)).toBeUndefined()
    expect(store.bytes).toBe(0)
  })

  test('random histories: never above the bound, never off in its count', () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      bytes: fc.integer({ min: 0, max: 3_000 }),
      get: fc.boolean(),
      wait: fc.integer({ min: 0, max: 600 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const store = new MemoryAnswers(6_000)
        let now = 0
        for (const { key, bytes, get, wait } of steps) {
          now += wait
          if (get) store.get(key, now)
          else store.set(key, answer(bytes), 1_000, now)
          if (store.bytes > 6_000 || store.bytes < 0) return false
        }
        for (const key of ['a', 'b', 'c', 'd', 'e']) store.get(key, Infinity)
        return store.bytes === 0 && store.size === 0
      }),
      { numRuns: 3_000 },
    )
  })
})

describe('keys', () => {
  const parts: KeyParts = { tenant: 't', endpoint: 'chat', dialect: 'openai-chat', address: '', context: '' }
  const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))

  test.each([
    ['order of names', '{"a":1,"b":{"c":2,"d":3}}', '{ "b": {"d":3, "c":2}, "a": 1 }', true],
    ['escapes', '{"a":"\\u0041"}', '{"a":"A"}', true],
    ['order of lists', '{"a":[1,2]}', '{"a":[2,1]}', false],
    ['types', '{"a":1}', '{"a":"1"}', false],
    ['null and absent', '{"a":null}', '{}', false],
    ['a name given twice', '{"a":1,"a":2}', '{"a":2}', false],
    ['a name given twice inside', '[{"b":{"a":1,"\\u0061":2}}]', '[{"b":{"a":2}}]', false],
  ])('%s', (_, one, other, same) => {
    const keys = new AnswerKeys()
    expect(keys.keyOf(parts, bytes(one)) === keys.keyOf(parts, bytes(other))).toBe(same)
  })

  test('no two different requests have one key, whatever the parts are called', () => {
    const text = fc.string({ maxLength: 6, unit: 'binary' })
    const some = fc.record({
      tenant: text,
      endpoint: text,
      dialect: text,
      address: text,
      context: text,
      body: fc.jsonValue({ maxDepth: 2 }),
    })
    const keys = new AnswerKeys()
    fc.assert(
      fc.property(some, some, ({ body, ...one }, { body: otherBody, ...other }) => {
        const same =
          JSON.stringify(Object.values(one)) === JSON.stringify(Object.values(other)) &&
          canonical(body as never) === canonical(otherBody as never)
        return (
          (keys.keyOf(one, bytes(JSON.stringify(body))) === keys.keyOf(other, bytes(JSON.stringify(otherBody)))) ===
          same
        )
      }),
      { numRuns: 3_000 },
    )
  })

  test('callers of different tenants never share', () => {
    const caller = { key: 'k1', application: null, team: 'a', model: 'm', end_user: null, provider: null }
    const cache = (scope: string) => new Answers(Cache.parse({ rules: [{ for: {}, scope }] }))
    const keyOf = (scope: string, change: object) => {
      const answers = cache(scope)
      const attributes = { ...caller, ...change }
      return answers.keyOf(answers.ruleFor(attributes)!, attributes, parts, bytes({}))
    }
    expect(keyOf('key', {})).not.toBe(keyOf('key', { key: 'k2' }))
    expect(keyOf('team', {})).toBe(keyOf('team', { key: 'k2' }))
    expect(keyOf('team', {})).not.toBe(keyOf('team', { team: 'b' }))
    expect(keyOf('team', { team: null })).not.toBe(keyOf('team', { team: null, key: 'k2' }))
    expect(keyOf('application', { application: 'a' })).not.toBe(keyOf('team', {}))
  })
})

import { describe, expect, test } from 'bun:test'
import { Alias } from '../../contract/alias.ts'
import { HealthBoard } from '../health/board.ts'
import { compileAlias } from './alias.ts'
import type { RequestFacts } from './when.ts'

const NOW = 1_800_000_000_000

const FACTS: RequestFacts = {
  bytes: 500,
  header: () => null,
  metadata: () => undefined,
  hasTools: () => false,
  hasImages: () => false,
  key: 'ci',
  endUser: null,
}

/** Repeatable numbers in [0, 1). */
function sequence(seed = 1): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const t = (provider: string, more: object = {}) => ({ provider, model: 'm', ...more })

function setup(alias: object, prices: Record<string, number> = {}) {
  const board = new HealthBoard()
  const compiled = compileAlias(Alias.parse({ name: 'a', ...alias }), {
    healthOf: (provider, model) => board.target(provider, model),
    priceOf: (provider) => prices[provider],
  })
  const random = sequence()
  const names = (facts: Partial<RequestFacts> = {}, now = NOW) =>
    compiled.choose({ ...FACTS, ...facts }, now, random).places.map(({ provider }) => provider)
  const shares = (facts: (index: number) => Partial<RequestFacts> = () => ({}), count = 4_000) => {
    const firsts: Record<string, number> = {}
    for (let index = 0; index < count; index++) {
      const [first = 'none'] = names(facts(index))
      firsts[first] = (firsts[first] ?? 0) + 1 / count
    }
    return firsts
  }
  return { board, compiled, names, shares }
}

describe('strategies', () => {
  test('weighted follows the weights; weight 0 only stands in', () => {
    const { shares, names } = setup({ targets: [t('x', { weight: 3 }), t('y'), t('z', { weight: 0 })] })
    const { x, y, z } = shares()
    expect(x).toBeCloseTo(0.75, 1)
    expect(y).toBeCloseTo(0.25, 1)
    expect(z).toBeUndefined()
    expect(names().at(-1)).toBe('z')
  })

  test('lower priority numbers come first, then the fallbacks, each place once', () => {
    const { names } = setup({
      targets: [t('c', { priority: 2 }), t('a', { priority: 0 }), t('b', { priority: 1 })],
      fallbacks: [t('d'), t('a')],
    })
    expect(names()).toEqual(['a', 'b', 'c', 'd'])
  })

  test('priority keeps the order that was written', () => {
    expect(setup({ strategy: 'priority', targets: [t('x'), t('y'), t('z')] }).names()).toEqual(['x', 'y', 'z'])
  })

  test('least in flight counts by weight', () => {
    const { board, names } = setup({ strategy: 'least_in_flight', targets: [t('x', { weight: 4 }), t('y')] })
    board.target('x', 'm').inFlight = 3
    board.target('y', 'm').inFlight = 1
    expect(names()).toEqual(['x', 'y'])
    board.target('x', 'm').inFlight = 5
    expect(names()).toEqual(['y', 'x'])
  })

  test('fastest prefers the quickest first token, tries what it does not know, and now and then the others', () => {
    const { board, shares } = setup({ strategy: 'fastest', targets: [t('x'), t('y'), t('z')] })
    board.target('x', 'm').measured(900, true)
    board.target('y', 'm').measured(100, true)
    expect(shares().z).toBeGreaterThan(0.9)
    board.target('z', 'm').measured(500, true)
    const found = shares()
    expect(found.y).toBeGreaterThan(0.93)
    expect(found.x).toBeGreaterThan(0)
  })

  test('cheapest: unknown prices last', () => {
    const alias = { strategy: 'cheapest', targets: [t('unknown'), t('dear'), t('cheap')] }
    expect(setup(alias, { dear: 9, cheap: 1 }).names()).toEqual(['cheap', 'dear', 'unknown'])
  })

  test('sticky: the same caller stays, and only the callers of a lost target move', () => {
    const alias = { strategy: 'sticky', sticky_by: 'header:x-session', targets: [t('x'), t('y'), t('z')] }
    const { names, shares, board } = setup(alias)
    const session = (index: number) => ({ header: (name: string) => (name === 'x-session' ? `s${index}` : null) })
    const before = Array.from({ length: 300 }, (_, index) => names(session(index))[0])
    expect(Array.from({ length: 300 }, (_, index) => names(session(index))[0])).toEqual(before)
    for (const share of Object.values(shares(session, 900))) expect(share).toBeCloseTo(1 / 3, 1)
    for (let n = 0; n < 5; n++) board.fail(board.target('x', 'm'), NOW)
    const after = Array.from({ length: 300 }, (_, index) => names(session(index))[0])
    for (const [index, target] of before.entries()) if (target !== 'x') expect(after[index]).toBe(target)
    expect(after).not.toContain('x')
  })
})

describe('conditions', () => {
  const header = (name: string) => (name === 'x-tier' ? 'gold-1' : null)
  test.each<[string, object, Partial<RequestFacts>, boolean]>([
    ['a header', { headers: { 'x-tier': 'gold*' } }, { header }, true],
    ['another header', { headers: { 'x-tier': 'silver' } }, { header }, false],
    ['no such header', { headers: { 'x-other': '*' } }, { header }, false],
    ['metadata', { metadata: { env: 'prod' } }, { metadata: () => ({ env: 'prod' }) }, true],
    ['metadata that is an object', { metadata: { env: '*' } }, { metadata: () => ({ env: {} }) }, false],
    ['no metadata', { metadata: { env: 'prod' } }, {}, false],
    ['small', { max_bytes: 500 }, {}, true],
    ['too large', { max_bytes: 499 }, {}, false],
    ['large', { min_bytes: 501 }, {}, false],
    ['tools', { tools: true }, { hasTools: () => true }, true],
    ['no tools', { tools: true }, {}, false],
    ['images not wanted', { images: false }, { hasImages: () => true }, false],
    ['all of several', { tools: false, min_bytes: 1 }, {}, true],
  ])('%s', (_, when, facts, taken) => {
    expect(setup({ targets: [t('x', { when })] }).names(facts)).toEqual(taken ? ['x'] : [])
  })

  test('no target for such a request is for good', () => {
    const { compiled } = setup({ targets: [t('x', { when: { tools: true } })] })
    expect(compiled.choose(FACTS, NOW, sequence()).waitMs).toBe(Infinity)
  })
})

describe('canary and mirror', () => {
  test('a canary gets its share first and falls back to the rest', () => {
    const { shares, names } = setup({ targets: [t('x')], canary: t('new', { percent: 10 }) })
    expect(shares().new).toBeCloseTo(0.1, 1)
    expect([['x'], ['new', 'x']]).toContainEqual(names())
  })

  test('a mirror is beside the route', () => {
    const { compiled } = setup({ targets: [t('x')], mirror: t('shadow', { percent: 100 }) })
    expect(compiled.choose(FACTS, NOW, sequence())).toMatchObject({
      places: [{ provider: 'x' }],
      mirror: { provider: 'shadow' },
    })
  })
})

describe('targets that fail', () => {
  test('leave rotation, and the wait is told when none is left', () => {
    const { board, names, compiled } = setup({ strategy: 'priority', targets: [t('x'), t('y')] })
    for (let n = 0; n < 5; n++) board.fail(board.target('x', 'm'), NOW)
    expect(names()).toEqual(['y'])
    for (let n = 0; n < 5; n++) board.fail(board.target('y', 'm'), NOW + 1_000)
    expect(compiled.choose(FACTS, NOW + 1_000, sequence())).toMatchObject({ places: [], waitMs: 4_000 })
    expect(names({}, NOW + 5_000)).toEqual(['x'])
  })

  test('a lone target is always tried', () => {
    const { board, names } = setup({ targets: [t('x')] })
    for (let n = 0; n < 50; n++) board.fail(board.target('x', 'm'), NOW)
    expect(names()).toEqual(['x'])
  })
})

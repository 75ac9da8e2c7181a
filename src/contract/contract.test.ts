import { describe, expect, test } from 'bun:test'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { ACTIONS, actionsOf, mayTake, ROLES } from './action.ts'
import { createKey, getKey, listKeys, updateKey } from './api/keys.ts'
import { ROUTES } from './api/routes.ts'
import { setPrice } from './api/models.ts'
import { addressOf, createClient } from './client.ts'
import { mergePatchOf } from './merge.ts'
import type { Route } from './route.ts'

describe('roles', () => {
  test('each role may do all that the weaker one may', () => {
    for (const [index, role] of ROLES.entries()) {
      const weaker = ROLES[index - 1]
      if (weaker) expect(actionsOf(role)).toEqual(expect.arrayContaining(actionsOf(weaker)))
    }
  })
  test.each([
    [null, 'health:Read', true],
    [null, 'sessions:ReadOwn', false],
    ['viewer', 'sessions:ReadOwn', true],
    ['viewer', 'keys:Create', false],
    ['admin', 'keys:Create', true],
    ['admin', 'users:Create', false],
    ['owner', 'users:Create', true],
  ] as const)('%p may take %s: %p', (role, action, allowed) => expect(mayTake(role, action)).toBe(allowed))
})

describe('the endpoints', () => {
  const routes = Object.entries(ROUTES) as [string, Route][]
  test('no two share method and path, and no action is without an endpoint', () => {
    expect(new Set(routes.map(([, route]) => `${route.method} ${route.path}`)).size).toBe(routes.length)
    const used = new Set<string>(routes.map(([, route]) => route.action))
    expect(Object.keys(ACTIONS).filter((action) => !used.has(action))).toEqual([])
  })
  test.each(routes)('%s binds exactly the parameters of its path', (_, route) => {
    const named = [...route.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '')
    expect(Object.keys(route.params?.shape ?? {}).toSorted()).toEqual(named.toSorted())
  })
  test.each(routes)('%s changes nothing with GET', (_, route) => {
    const reads = /:(Read|ReadOwn|List|Search)$/.test(route.action)
    if (route.method === 'GET') expect(reads).toBe(true)
  })
})

describe('a merge patch', () => {
  const schema = z.strictObject({
    name: z.string(),
    models: z.array(z.string()).default(['*']),
    team: z.string().optional(),
    timeouts: z.strictObject({ idle: z.int().default(5), total: z.int() }).optional(),
    headers: z.record(z.string(), z.string()).optional(),
  })
  test.each([
    [{}, {}],
    [{ team: null }, { team: null }],
    [{ models: ['a'] }, { models: ['a'] }],
    [{ timeouts: { idle: null } }, { timeouts: { idle: null } }],
    [{ headers: { old: null, new: 'x' } }, { headers: { old: null, new: 'x' } }],
  ])('%j keeps to what it names', (patch, parsed) => expect(mergePatchOf(schema).parse(patch)).toEqual(parsed as never))
  test('refuses unknown fields', () => expect(mergePatchOf(schema).safeParse({ nam: 1 }).success).toBe(false))
})

describe('the client', () => {
  test.each([
    [listKeys, { query: { limit: 5, search: 'a b' } }, '/api/v1/keys?limit=5&search=a+b'],
    [getKey, { params: { id: 'key_1' } }, '/api/v1/keys/key_1'],
    [setPrice, { params: { provider: 'x', model: 'a/b' } }, '/api/v1/prices/x/a%2Fb'],
  ] as const)('%#: address', (route, input, address) => expect(addressOf(route, input)).toBe(address))

  test('sends versions, merge patches and keys as headers, and reads problems as errors', async () => {
    const seen: Request[] = []
    const client = createClient(
      async (request) => {
        seen.push(request)
        return seen.length === 1
          ? Response.json({ id: 'key_1' })
          : Response.json({ code: 'conflict', status: 409, detail: 'taken' }, { status: 409 })
      },
      'http://gateway.test',
      () => ({ authorization: 'Bearer pra_x' }),
    )
    await client(updateKey, { params: { id: 'key_1' }, body: { team: null } }, { version: 3 })
    expect(seen[0]?.headers.get('if-match')).toBe('"3"')
    expect(seen[0]?.headers.get('content-type')).toBe('application/merge-patch+json')
    expect(await seen[0]?.json()).toEqual({ team: null })
    const refused = await client(createKey, { body: { name: 'x' } }).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(AppError)
    expect((refused as AppError).code).toBe('conflict')
  })
})

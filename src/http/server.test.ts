import { describe, expect, test } from 'bun:test'
import { openTestControl } from '../../test/control.ts'
import { callRecord } from '../../test/records.ts'
import { onEveryStore } from '../../test/stores.ts'
import { ACTIONS, mayTake, ROLES } from '../contract/action.ts'
import { ROUTES } from '../contract/api/routes.ts'
import type { Problem } from '../contract/problem.ts'
import type { Route } from '../contract/route.ts'
import { createLink } from '../control/sign-in.ts'
import { openApiDocument } from './openapi.ts'

const routes = Object.entries(ROUTES) as [string, Route][]
const json = async (response: Response) => (await response.json()) as Record<string, any>
const PASSWORD = 'correct horse battery staple'

describe('who may do what', async () => {
  const { api, control } = await openTestControl()
  const tokens: Record<string, string> = {}
  for (const role of ROLES) tokens[role] = (await json(await api('POST', '/tokens', { name: role, role }))).secret
  const pathOf = (route: Route) => route.path.replaceAll(/\{\w+\}/g, 'none')

  for (const [name, route] of routes) {
    test.each([...ROLES, null])(`${name} by %p`, async (role) => {
      const headers = { authorization: role === null ? '' : `Bearer ${tokens[role]}` }
      const response = await api(route.method, pathOf(route), route.body ? 'nonsense' : undefined, headers)
      const refused =
        role === null && ACTIONS[route.action] !== 'anyone' ? 401 : mayTake(role, route.action) ? null : 403
      if (refused !== null) expect(response.status).toBe(refused)
      else expect([401, 403]).not.toContain(response.status)
      await response.body?.cancel()
    })
  }
  test('nothing was changed by any of it', async () => {
    const { data } = await json(await api('GET', '/keys'))
    expect(data.every(({ name }: { name: string }) => name.startsWith('playground-'))).toBe(true)
    expect(control.context.live.merged().entries.alias).toEqual([])
  })
})

onEveryStore('the management API', (store) => {
  test('keys live their life: created once shown, listed, changed, rotated, revoked', async () => {
    const { api, published } = await openTestControl({ store: store() })
    const created = await api('POST', '/keys', { name: 'ci', models: ['fast', 'local/*'], team: 'web' })
    expect(created.status).toBe(201)
    const key = await json(created)
    expect(key).toMatchObject({
      name: 'ci',
      models: ['fast', 'local/*'],
      team: 'web',
      status: 'active',
      origin: 'database',
      version: 1,
    })
    expect(key['secret']).toMatch(/^prk_live_[\w-]{49}$/)
    expect(created.headers.get('etag')).toBe('"1"')
    expect(published.at(-1)?.keys).toMatchObject([{ name: 'ci', id: key['id'] }])
    const hash = published.at(-1)?.keys[0]?.hash
    const listed = await (await api('GET', '/keys')).text()
    expect(listed).not.toContain(key['secret'])
    expect(listed).not.toContain(hash)
    expect(listed).toContain(key['hint'])

    const stale = await api('PATCH', `/keys/${key['id']}`, { team: 'ops' }, { 'if-match': '"7"' })
    expect([stale.status, (await json(stale))['code']]).toEqual([412, 'precondition_failed'])
    const patched = await json(await api('PATCH', `/keys/${key['id']}`, { team: null }, { 'if-match': '"1"' }))
    expect(patched).toMatchObject({ name: 'ci', models: ['fast', 'local/*'], version: 2 })
    expect(patched['team']).toBeUndefined()

    const rotated = await json(await api('POST', `/keys/${key['id']}/rotate`, { overlap_seconds: 60 }))
    expect(rotated['secret']).not.toBe(key['secret'])
    expect(published.at(-1)?.keys.map(({ expiresAt }) => expiresAt)).toEqual([null, 1_800_000_060_000])
    expect((await json(await api('POST', `/keys/${key['id']}/revoke`)))['status']).toBe('revoked')
    expect(published.at(-1)?.keys[0]?.revokedAt).toBe(1_800_000_000_000)
    expect((await api('PATCH', `/keys/${key['id']}`, { team: 'x' })).status).toBe(409)
    expect((await api('POST', '/keys', { name: 'ci' })).status).toBe(201)
    expect((await api('POST', '/keys', { name: 'ci' })).status).toBe(409)
    const audit = await json(await api('GET', '/audit?limit=3'))
    expect(audit['data'].map((event: { action: string }) => event.action)).toEqual([
      'keys:Create',
      'keys:Revoke',
      'keys:Rotate',
    ])
    expect(JSON.stringify(audit)).not.toContain('prk_live')
  })

  test('providers keep their keys to themselves', async () => {
    const { api, published } = await openTestControl({ store: store() })
    const canary = 'sk-canary-0123456789abcdefghij'
    const body = { id: 'mine', type: 'openai', api_key: canary, headers: { 'x-team': 'canary-header' } }
    const created = await api('POST', '/providers', body)
    expect(created.status).toBe(201)
    expect(published.at(-1)?.providers.find(({ id }) => id === 'mine')?.credentials[0]?.secret).toBe(canary)
    const rows = await store().db.selectFrom('resource').selectAll().execute()
    const audit = await store().db.selectFrom('audit_event').selectAll().execute()
    const answers = [
      await created.text(),
      await (await api('GET', '/providers')).text(),
      await (await api('GET', '/settings')).text(),
    ]
    expect(JSON.stringify([rows.map(({ secrets }) => secrets), audit, answers])).not.toContain('canary')
    expect(answers[0]).toContain('"last4":"ghij"')
    await api('PATCH', '/providers/mine', { timeouts: { idle_ms: 5 } })
    expect(published.at(-1)?.providers.find(({ id }) => id === 'mine')).toMatchObject({
      timeouts: { idle_ms: 5 },
      credentials: [{ secret: canary }],
    })
    const moved = await api('PATCH', '/providers/mine', { base_url: 'http://attacker.example' })
    expect([moved.status, (await json(moved))['detail']]).toEqual([
      400,
      'api_key: enter the key again, because it would now be sent to another address.',
    ])
    for (const headers of [{}, { other: 'x' }]) {
      const change = { base_url: 'http://attacker.example', api_key: 'k', headers }
      const kept = await api('PATCH', '/providers/mine', change)
      expect([kept.status, (await json(kept))['detail']]).toEqual([
        400,
        'headers: enter the key again, because it would now be sent to another address.',
      ])
    }
    const reference = await api('POST', '/providers', {
      id: 'evil',
      type: 'openai',
      base_url: 'http://attacker.example',
      api_key: 'env:DATABASE_URL',
    })
    expect(reference.status).toBe(400)
    const draft = await api('POST', '/providers/test', {
      id: 'evil',
      type: 'openai',
      base_url: 'http://127.0.0.1:1',
      api_key: 'file:/etc/passwd',
    })
    expect(draft.status).toBe(400)
    expect((await api('DELETE', '/providers/mine')).status).toBe(204)
  })

  test('what would not compile is refused and undone', async () => {
    const { api, published } = await openTestControl({ store: store() })
    const before = published.length
    const refused = await api('POST', '/aliases', { name: 'fast', targets: [{ provider: 'nowhere', model: 'x' }] })
    expect(refused.status).toBe(422)
    expect((await json(refused))['detail']).toContain('"nowhere" is not set up')
    expect(published.length).toBe(before)
    expect((await json(await api('GET', '/aliases')))['data']).toEqual([])
    expect((await api('POST', '/aliases', { name: 'fast', targets: [{ provider: 'demo', model: 'x' }] })).status).toBe(
      201,
    )
  })

  test('an Idempotency-Key acts once', async () => {
    const { api } = await openTestControl({ store: store() })
    const send = (name: string) => api('POST', '/keys', { name }, { 'idempotency-key': 'k1' })
    const [first, second] = [await json(await send('once')), await json(await send('once'))]
    expect(second).toEqual(first)
    expect((await send('other')).status).toBe(400)
    expect(JSON.stringify(await store().db.selectFrom('idempotent_answer').selectAll().execute())).not.toContain(
      first['secret'],
    )
  })

  test('calls are listed, filtered, explained and exported', async () => {
    const { api, control } = await openTestControl({ store: store() })
    await control.addCalls([
      callRecord({ id: 'c1' }),
      callRecord({
        id: 'c2',
        started_at: 1_799_999_999_000,
        status: 502,
        error_code: 'upstream_failed',
        end_user: '=1+1',
        cost_micros: null,
      }),
    ])
    const list = await json(await api('GET', '/calls?outcome=error&limit=1'))
    expect(list['data']).toMatchObject([{ id: 'c2', started_at: '2027-01-15T07:59:59.000Z' }])
    const detail = await json(await api('GET', '/calls/c2'))
    expect(detail['explanation']).toMatchObject({ blame: 'provider', what: 'Openai answered 200.' })
    expect(detail['timeline'].map((span: { kind: string }) => span.kind)).toEqual([
      'gateway',
      'attempt',
      'first-byte',
      'stream',
    ])
    const csv = await (await api('GET', '/calls.csv')).text()
    expect(csv.split('\r\n')).toHaveLength(4)
    expect(csv).toContain("'=1+1")
    expect((await api('GET', '/calls', undefined, { accept: 'text/csv' })).headers.get('content-type')).toStartWith(
      'text/csv',
    )
    const overview = await json(await api('GET', '/overview'))
    expect(overview['totals']).toMatchObject({ calls: 2, server_errors: 1, cost_micros: 27, unpriced_calls: 1 })
    expect(overview['by_model']).toHaveLength(1)
    const budget = {
      name: 'all',
      amount_micros: 30,
      period: 'once',
      alerts: { url: 'http://hook.example', secret: 'canary-secret' },
    }
    const put = await api('PUT', '/budgets/all', budget)
    expect(put.status).toBe(200)
    const text = await put.text()
    expect(text).not.toContain('canary')
    expect(JSON.parse(text)).toMatchObject({ used: [{ share: {}, spent_micros: 27 }], version: 1 })
    await api('PUT', '/budgets/all', { ...budget, alerts: { url: 'http://hook.example' } }, { 'if-match': '"1"' })
    expect(control.context.live.merged().source.traffic?.budgets?.[0]?.alerts?.secret).toBe('canary-secret')
    expect((await api('PUT', '/budgets/all', budget, { 'if-match': '"1"' })).status).toBe(412)
    const kinds = (await json(await api('GET', '/attention')))['data'].map(({ kind }: { kind: string }) => kind)
    expect(kinds).toEqual(['unpriced-calls', 'budget-near-end'])
  })

  test('an owner is made by a link, once; then people sign in by password', async () => {
    const { api, clock } = await openTestControl({ store: store() })
    const { token } = await createLink(store().db, clock.now, { purpose: 'first-owner', personId: null, role: 'owner' })
    const anonymous = { authorization: '' }
    expect((await json(await api('GET', '/health', undefined, anonymous)))['needs_owner']).toBe(true)
    expect(await json(await api('POST', '/invitations/read', { token }, anonymous))).toMatchObject({
      purpose: 'first-owner',
      role: 'owner',
    })
    const accept = () =>
      api(
        'POST',
        '/invitations/accept',
        { token, email: 'Ada@Example.com', name: 'Ada', password: PASSWORD },
        anonymous,
      )
    const accepted = await accept()
    expect(accepted.status).toBe(201)
    expect((await accept()).status).toBe(401)
    const cookie = accepted.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(/^portreeve_session=prs_[\w-]{49}; Path=\/; HttpOnly; SameSite=Strict; Expires=/)
    const person = await store().db.selectFrom('person').selectAll().executeTakeFirstOrThrow()
    expect(person.password_hash).toStartWith('$argon2id$')

    const signIn = (password: string) => api('POST', '/session', { email: 'ada@example.com', password }, anonymous)
    expect((await signIn(person.password_hash ?? '')).status).toBe(401)
    const session = await signIn(PASSWORD)
    const me = await json(session)
    const browser = {
      authorization: '',
      cookie: (session.headers.get('set-cookie') ?? '').split(';')[0] ?? '',
      origin: 'http://127.0.0.1:8080',
      'sec-fetch-site': 'same-origin',
    }
    expect((await api('POST', '/keys', { name: 'web' }, browser)).status).toBe(403)
    expect((await api('POST', '/keys', { name: 'web' }, { ...browser, 'x-csrf-token': me['csrf_token'] })).status).toBe(
      201,
    )
    for (const evil of [
      { origin: 'http://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]) {
      expect(
        (await api('POST', '/keys', { name: 'evil' }, { ...browser, 'x-csrf-token': me['csrf_token'], ...evil }))
          .status,
      ).toBe(403)
    }
    const own = await json(await api('GET', '/sessions', undefined, browser))
    expect(own['data']).toHaveLength(2)
    expect((await api('DELETE', '/session', undefined, { ...browser, 'x-csrf-token': me['csrf_token'] })).status).toBe(
      204,
    )
    expect((await api('GET', '/session', undefined, browser)).status).toBe(401)
    expect((await api('DELETE', `/users/${person.id}`)).status).toBe(409)
    expect((await api('PATCH', `/users/${person.id}`, { role: 'viewer' })).status).toBe(409)
    for (let guess = 0; guess < 9; guess++) expect((await signIn('wrong password')).status).toBe(401)
    const slowed = await signIn(PASSWORD)
    expect(slowed.status).toBe(429)
    expect(Number(slowed.headers.get('retry-after'))).toBeGreaterThan(600)
  })
})

describe('requests', async () => {
  const { api, handler } = await openTestControl()
  test.each([
    ['GET', '/keys?limit=0', undefined, 400, '?limit'],
    ['GET', '/keys?limi=5', undefined, 400, '?limi'],
    ['GET', '/keys?after=nonsense', undefined, 400, '/after'],
    ['POST', '/keys', { name: 'a b' }, 400, '/name'],
    ['POST', '/keys', { name: 'a', user_id: 'usr_1' }, 400, '/user_id'],
    ['POST', '/keys', '{"name":', 400, undefined],
    ['PUT', '/keys', { name: 'a' }, 405, undefined],
    ['GET', '/nothing', undefined, 404, undefined],
    ['GET', '/keys/key_none', undefined, 404, undefined],
    ['GET', '/keys/a%5cb', undefined, 400, undefined],
    ['GET', '//keys', undefined, 400, undefined],
    ['PATCH', '/keys/key_none', '[]', 400, '/'],
  ])('%s %s %j is %d', async (method, path, body, status, pointer) => {
    const response = await api(method, path, body)
    const problem = (await response.json()) as Problem
    expect([response.status, problem.status]).toEqual([status, status])
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(problem.request_id).toBe(response.headers.get('x-request-id') ?? '')
    if (pointer) expect(problem.errors?.[0]?.pointer).toBe(pointer)
    expect(response.headers.get('cache-control')).toBe('no-store')
  })

  test.each(['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example:8080', '[::2]'])(
    'Host %s is refused on loopback',
    async (host) => {
      expect((await api('GET', '/health', undefined, { host })).status).toBe(403)
    },
  )
  test.each(['localhost:8080', '127.0.0.1', '[::1]:8080'])('Host %s is ours', async (host) => {
    expect((await api('GET', '/health', undefined, { host })).status).toBe(200)
  })
  test('a body over the limit is refused before it is read', async () => {
    expect((await api('POST', '/keys', { name: 'x'.repeat(7_000_000) })).status).toBe(413)
  })
  test('an unexpected error says nothing of itself', async () => {
    const response = await handler(new Request('http://127.0.0.1:8080/api/v1/health'), {
      requestIP: () => {
        throw new Error('canary')
      },
    }).catch(() => null)
    expect(response === null || !(await response.text()).includes('canary')).toBe(true)
  })
  test('calls are followed as they are recorded', async () => {
    const { api: other, control } = await openTestControl()
    const response = await other('GET', '/calls/tail?outcome=error')
    const reader = response.body!.getReader()
    await reader.read()
    await control.addCalls([callRecord({ id: 'good' }), callRecord({ id: 'bad', status: 500, error_code: 'internal' })])
    const { value } = await reader.read()
    expect(new TextDecoder().decode(value)).toStartWith('event: call\nid: bad\ndata: {"id":"bad"')
    await reader.cancel()
  })
})

test('the OpenAPI document describes every endpoint, and nothing else', () => {
  const document = openApiDocument()
  const operations = Object.values(
    document['paths'] as Record<string, Record<string, { operationId: string }>>,
  ).flatMap((path) => Object.values(path))
  expect(operations.map(({ operationId }) => operationId).toSorted()).toEqual(Object.keys(ROUTES).toSorted())
  const text = JSON.stringify(document)
  const names = Object.keys((document['components'] as { schemas: object }).schemas)
  for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) expect(names).toContain(name ?? '')
  expect(text).not.toContain('$defs')
})

test.each<[string, string, unknown, string]>([
  ['POST', '/keys', {}, '/name: is missing; add it (string).'],
  ['POST', '/keys', { name: 5 }, '/name: must be text.'],
  ['POST', '/keys', { name: 'x', models: 'fast' }, '/models: must be a list, as [a, b].'],
  ['POST', '/keys', { name: 'x', nam: 'y' }, '/nam: there is no field "nam" here; did you mean "name"?'],
  ['PUT', '/prices/a/b', { input: 0.15 }, '/input: must be whole micro-dollars for a million tokens: 150000 is $0.15.'],
  [
    'PUT',
    '/prices/nobody/b',
    { input: 1 },
    'provider "nobody" is neither set up nor a vendor that is known; set it up, or use one of demo.',
  ],
  ['POST', '/keys/key_1/rotate', { overlap_seconds: -1 }, '/overlap_seconds: must be at least 0.'],
  ['GET', '/calls?limit=0', undefined, '?limit: must be at least 1.'],
  ['GET', '/keys?status=alive', undefined, '?status: must be one of active, expired, revoked.'],
])('%s %s with %j is refused in words', async (method, path, body, detail) => {
  const { api } = await openTestControl()
  const refused = await api(method, path, body)
  expect([refused.status, ((await refused.json()) as { detail: string }).detail]).toEqual([400, detail])
})

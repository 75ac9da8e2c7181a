import { describe, expect, test } from 'bun:test'
import { openTestControl } from '../../test/control.ts'
import { readOpenMetrics } from '../../test/helpers/open-metrics.ts'
import type { Control } from '../control/control.ts'
import { AppError } from '../errors.ts'
import type { MetricFamily } from '../lib/open-metrics.ts'
import { openMetrics } from './metrics.ts'

const families: MetricFamily[] = [{ name: 'g', type: 'gauge', help: 'x', samples: [{ labels: {}, value: 1 }] }]
const collect = async () => families
const FROM = { address: null, browser: null, requestId: 'req_1' }

async function setUp(loopbackOnly: boolean) {
  const { handler, token, api } = await openTestControl({ metrics: { collect, loopbackOnly } })
  const secret = async (role: string) => {
    const made = (await (await api('POST', '/tokens', { name: role, role })).json()) as { secret: string }
    return made.secret
  }
  const get = (headers: Record<string, string> = {}, peer = '127.0.0.1', method = 'GET', path = '/metrics') =>
    handler(new Request(`http://127.0.0.1:8080${path}`, { method, headers: { host: '127.0.0.1:8080', ...headers } }), {
      requestIP: () => ({ address: peer }),
    })
  return { get, token, secret }
}

describe('who reads the metrics', async () => {
  const shared = await setUp(false)
  const own = await setUp(true)
  const viewer = await shared.secret('viewer')

  test.each<[string, 'own' | 'shared', Record<string, string>, string, number]>([
    ['nobody, where management shares the port of calls', 'shared', {}, '127.0.0.1', 401],
    ['nobody from elsewhere', 'shared', {}, '10.1.2.3', 401],
    ['an API key', 'shared', { authorization: `Bearer prk_live_${'a'.repeat(49)}` }, '127.0.0.1', 401],
    ['a wrong token', 'shared', { authorization: 'Bearer pra_wrong' }, '127.0.0.1', 401],
    ['a viewer', 'shared', { authorization: `Bearer ${viewer}` }, '10.1.2.3', 200],
    ['who is on this machine, at a port for management that is on this machine only', 'own', {}, '127.0.0.1', 200],
    ['the same over IPv6', 'own', {}, '::1', 200],
    ['the same as the kernel maps it', 'own', {}, '::ffff:127.0.0.1', 200],
    ['somebody elsewhere', 'own', {}, '10.1.2.3', 401],
    ['somebody whose address ends like a loopback one', 'own', {}, '::ffff:10.0.0.1', 401],
    ['somebody behind a proxy', 'own', { 'x-forwarded-for': '10.1.2.3' }, '127.0.0.1', 401],
    ['somebody behind a proxy that says so', 'own', { via: '1.1 proxy' }, '127.0.0.1', 401],
    ['a page of a browser', 'own', { 'sec-fetch-site': 'cross-site' }, '127.0.0.1', 401],
    ['a wrong token there', 'own', { authorization: 'Bearer pra_wrong' }, '127.0.0.1', 401],
    ['a page whose name leads here', 'own', { host: 'evil.example' }, '127.0.0.1', 403],
  ])('%s', async (_, place, headers, peer, status) => {
    const response = await (place === 'own' ? own : shared).get(headers, peer)
    expect(response.status).toBe(status)
    if (status !== 200) expect(response.headers.get('content-type')).toBe('application/problem+json')
    else expect(readOpenMetrics(await response.text())).toHaveLength(1)
  })

  test('there is this path alone, and GET alone', async () => {
    const refused = await own.get({}, '127.0.0.1', 'POST')
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET'])
    for (const path of ['/metrics/', '/metrics/x', '/metrics/../api/v1/keys', '/metrics%2f'])
      expect([path, (await own.get({}, '127.0.0.1', 'GET', path)).status]).not.toEqual([path, 200])
  })

  test('each format has its type', async () => {
    const type = async (accept: string) => (await own.get({ accept })).headers.get('content-type')
    expect(await type('*/*')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8')
    expect(await type('text/plain')).toBe('text/plain; version=0.0.4; charset=utf-8')
  })
})

describe('while the database is away', () => {
  /** A database that knows tokens, until it fails in one of several ways. */
  function setUp() {
    const database = { now: 0, how: 'works' as 'works' | 'away' | 'refuses' | 'hangs' }
    const whoHasToken = async (token: string) => {
      if (database.how === 'away') throw new Error('connection refused')
      if (database.how === 'hangs') await new Promise(() => {})
      const role = token === 'pra_good' && database.how === 'works' ? 'viewer' : null
      return { kind: 'token', id: 't', name: 't', role }
    }
    const control = { signIn: { whoHasToken } } as unknown as Control
    const metrics = openMetrics(
      { collect, loopbackOnly: false },
      () => control,
      () => database.now,
    )
    const ask = async (token: string) => {
      const request = new Request('http://h/metrics', { headers: { authorization: `Bearer ${token}` } })
      return metrics(request, '10.0.0.1', FROM).then(
        ({ status }) => status,
        (error: unknown) => (error instanceof AppError ? error.status : 500),
      )
    }
    return { database, ask }
  }

  test.each(['away', 'hangs'] as const)('a token that was good is good for an hour: %s', async (how) => {
    const { database, ask } = setUp()
    expect(await ask('pra_good')).toBe(200)
    database.how = how
    database.now = 3_599_000
    expect(await ask('pra_good')).toBe(200)
    if (how === 'away') expect(await ask('pra_never')).toBe(500)
    database.how = 'away'
    database.now = 3_600_001
    expect(await ask('pra_good')).toBe(500)
  })

  test('a token that was revoked is forgotten', async () => {
    const { database, ask } = setUp()
    expect(await ask('pra_good')).toBe(200)
    database.how = 'refuses'
    expect(await ask('pra_good')).toBe(401)
    database.how = 'away'
    expect(await ask('pra_good')).toBe(500)
  })
})

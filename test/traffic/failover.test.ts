import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { Breaker } from '../../src/contract/routing.ts'
import { FakeVendor, type Script } from '../fake-vendor/vendor.ts'
import { sourceProvider, startTestGateway } from '../helpers/gateway.ts'

const primary = new FakeVendor()
const secondary = new FakeVendor()
const timeouts = { connect_ms: 2_000, first_byte_ms: 300, idle_ms: 300, total_ms: 5_000 }
const breaker = Breaker.parse({ failures: 3, rest_ms: 200 })
const retries = { attempts: 2, backoff_ms: 1, max_wait_ms: 1_500 }
const place = (provider: string) => ({ provider, model: 'gpt-4o' })

function start() {
  return startTestGateway({
    providers: [
      sourceProvider('one', `${primary.origin}/v1`, { timeouts, breaker }),
      sourceProvider('two', `${secondary.origin}/v1`, { timeouts, breaker }),
      sourceProvider('keys', `${primary.origin}/v1`, {
        timeouts,
        credentials: [
          { id: 'a', secret: 'secret-a', weight: 1000, expiresAt: null },
          { id: 'b', secret: 'secret-b', weight: 0.001, expiresAt: null },
        ],
      }),
      sourceProvider('expired', `${secondary.origin}/v1`, {
        credentials: [{ id: 'a', secret: 'secret-a', weight: 1, expiresAt: 1 }],
      }),
    ],
    aliases: [
      { name: 'fast', strategy: 'priority', targets: [place('one')], fallbacks: [place('two')], retries },
      { name: 'lone', targets: [place('one')], retries },
      { name: 'pool', targets: [place('keys')], retries },
      {
        name: 'special',
        targets: [place('one')],
        retries,
        fallbacks_on: { context_length_exceeded: [place('two')], content_filtered: [place('two')] },
      },
      { name: 'mirrored', targets: [place('one')], mirror: { ...place('two'), percent: 100 } },
      { name: 'keyless', targets: [place('one')], mirror: { ...place('expired'), percent: 100 } },
      { name: 'canary', targets: [place('one')], canary: { ...place('two'), percent: 100 } },
      {
        name: 'hurried',
        targets: [place('one')],
        retries: { ...retries, attempts: 10, backoff_ms: 400 },
        timeouts: { total_ms: 100 },
      },
      {
        name: 'eager',
        strategy: 'priority',
        targets: [place('one'), place('two')],
        timeouts: { first_byte_ms: 100, idle_ms: 30_000, total_ms: 30_000 },
      },
    ],
  })
}

let gateway = start()
afterAll(async () => {
  await gateway.stop()
  await Promise.all([primary.stop(), secondary.stop()])
})
beforeEach(async () => {
  await gateway.stop()
  primary.reset()
  secondary.reset()
  gateway = start()
})

const ask = (model: string, stream = false) =>
  gateway.post('/v1/chat/completions', { model, stream, messages: [{ role: 'user', content: 'Hello' }] })

async function said(response: Response, stream: boolean): Promise<string> {
  const text = await response.text()
  if (!stream) return (JSON.parse(text) as { choices: { message: { content: string } }[] }).choices[0]!.message.content
  const events = text.split('\n\n').filter((event) => event.startsWith('data: {'))
  expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true)
  return events
    .map((event) => JSON.parse(event.slice(6)) as { choices: { delta: { content?: string } }[] })
    .map(({ choices }) => choices[0]?.delta.content ?? '')
    .join('')
}

const SECOND = { text: 'from the second' }

describe.each([false, true])('stream %p', (stream) => {
  test.each<[string, Script, string[]]>([
    ['500 once is repeated', { fault: 'server-error' }, ['upstream_failed', 'ok']],
    ['a reset is repeated', { fault: 'reset-before-headers' }, ['upstream_failed', 'ok']],
  ])('%s', async (_, script, outcomes) => {
    primary.next(script)
    const response = await ask('lone', stream)
    expect(response.status).toBe(200)
    expect((await said(response, stream)).length).toBeGreaterThan(0)
    const record = await gateway.record()
    expect(record.attempts.map(({ error_code }) => error_code ?? 'ok')).toEqual(outcomes)
    expect(record.cost_micros).toBeNull()
    expect(response.headers.get('x-portreeve-attempts')).toBe('2')
  })

  test.each<[string, Script]>([
    ['500', { fault: 'server-error' }],
    ['429', { fault: 'rate-limited', retryAfter: '30' }],
    ['429 without a word', { fault: 'rate-limited' }],
    ['529', { fault: 'overloaded' }],
    ['401', { fault: 'invalid-key' }],
    ['404', { fault: 'unknown-model' }],
    ['silence', { fault: 'silence' }],
    ['reset', { fault: 'reset-before-headers' }],
    ['not HTTP', { fault: 'not-http' }],
    ['an error inside 200 at once', { fault: 'error-in-200', after: 0 }],
    ['a stream cut at once', { fault: 'cut', after: 0 }],
    ['a stream cut after the role', { fault: 'cut', after: 1 }],
    ['a stall at once', { fault: 'stall', after: 0 }],
    [
      'garbage',
      {
        steps: () => [
          { write: 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 5\r\n\r\n<bad>' },
        ],
      },
    ],
    ['an empty body', { fault: 'empty-body' }],
  ])('%s goes to the fallback', async (_, script) => {
    primary.always(script)
    secondary.always(SECOND)
    const response = await ask('fast', stream)
    expect(response.status).toBe(200)
    expect(await said(response, stream)).toBe(SECOND.text)
    expect(response.headers.get('x-portreeve-model')).toBe('two/gpt-4o')
    const record = await gateway.record()
    expect(record).toMatchObject({ provider: 'two', status: 200, error_code: null })
    expect(record.attempts.length).toBe(primary.requests.length + 1)
    expect(secondary.requests.length).toBe(1)
    primary.release()
  })

  test.each<[string, Script, number, string]>([
    [
      '400',
      { status: 400, body: { error: { message: 'bad temperature', type: 'invalid_request_error' } } },
      400,
      'invalid_request_error',
    ],
    ['422', { status: 422, body: { error: { message: 'bad tools' } } }, 422, 'invalid_request_error'],
  ])('%s is the caller’s own fault: asked once, told as it is', async (_, script, status, type) => {
    primary.always(script)
    const response = await ask('fast', stream)
    expect(response.status).toBe(status)
    expect(((await response.json()) as { error: { type: string } }).error.type).toBe(type)
    expect([primary.requests.length, secondary.requests.length]).toEqual([1, 0])
  })

  test.each<[string, Script]>([
    ['too long', { fault: 'context-too-long' }],
    ['filtered', { fault: 'content-filter' }],
  ])('%s goes to the places for it', async (_, script) => {
    primary.always(script)
    secondary.always(SECOND)
    expect(await said(await ask('special', stream), stream)).toBe(SECOND.text)
    expect([primary.requests.length, secondary.requests.length]).toEqual([1, 1])
  })

  test('a rejected key gives way to the next, and rests', async () => {
    primary.next({ fault: 'invalid-key' })
    expect((await ask('pool', stream)).status).toBe(200)
    expect((await ask('pool', stream)).status).toBe(200)
    expect(primary.requests.map(({ headers }) => headers['authorization'])).toEqual([
      'Bearer secret-a',
      'Bearer secret-b',
      'Bearer secret-b',
    ])
  })

  test('when all fail, the last failure is told, with all attempts on record', async () => {
    primary.always({ fault: 'server-error' })
    secondary.always({ fault: 'overloaded' })
    const response = await ask('fast', stream)
    expect(response.status).toBeGreaterThanOrEqual(500)
    expect(response.headers.get('retry-after-ms')).not.toBeNull()
    const record = await gateway.record()
    expect(record.attempts.map(({ provider }) => provider)).toEqual(['one', 'one', 'two', 'two'])
    expect(record.error_code).toBe('overloaded')
  })

  test('a stream that dies later ends in an error and is not begun anew', async () => {
    if (!stream) return
    primary.always({ fault: 'cut', after: 3 })
    const response = await ask('fast', true)
    const text = await response.text()
    expect(text).toContain('"error"')
    expect(text).not.toContain('[DONE]')
    expect(secondary.requests.length).toBe(0)
    const record = await gateway.record()
    expect(record.error_code).toBe('upstream_failed')
    expect(record.usage?.output).toBeGreaterThan(0)
  })
})

test('a target that fails leaves rotation and comes back by one probe', async () => {
  primary.always({ fault: 'server-error' })
  for (let n = 0; n < 2; n++) await (await ask('fast')).text()
  expect(primary.requests.length).toBe(3)
  await (await ask('fast')).text()
  expect(primary.requests.length).toBe(3)
  primary.always({})
  await Bun.sleep(220)
  const answers = await Promise.all(
    Array.from({ length: 5 }, async () => (await ask('fast')).headers.get('x-portreeve-model')),
  )
  expect(answers.filter((model) => model === 'one/gpt-4o').length).toBeGreaterThanOrEqual(1)
  expect((await ask('fast')).headers.get('x-portreeve-model')).toBe('one/gpt-4o')
})

test('when every target rests, the wait is told', async () => {
  primary.always({ fault: 'server-error' })
  secondary.always({ fault: 'server-error' })
  for (let n = 0; n < 3; n++) await (await ask('fast')).text()
  const before = primary.requests.length + secondary.requests.length
  const response = await ask('fast')
  expect(response.status).toBe(503)
  expect(Number(response.headers.get('retry-after-ms'))).toBeGreaterThan(0)
  expect(primary.requests.length + secondary.requests.length).toBe(before)
})

test('retry-after is honoured', async () => {
  primary.next({ fault: 'rate-limited', retryAfter: '1' })
  const began = performance.now()
  expect((await ask('lone')).status).toBe(200)
  expect(performance.now() - began).toBeGreaterThan(950)
})

test('a wait longer than allowed is told instead of waited for', async () => {
  primary.always({ fault: 'rate-limited', retryAfter: '30' })
  const response = await ask('lone')
  expect(response.status).toBe(429)
  expect(response.headers.get('retry-after')).toBe('30')
  expect(primary.requests.length).toBe(1)
})

test.each([false, true])('a mirror gets a copy, and its answer is only recorded (stream %p)', async (stream) => {
  secondary.next({ text: 'never seen' })
  const response = await ask('mirrored', stream)
  expect(await said(response, stream)).not.toContain('never seen')
  await gateway.record(1)
  const [mirrored, answered] = gateway.records.toSorted((a, b) => (a.endpoint < b.endpoint ? 1 : -1))
  expect(mirrored).toMatchObject({
    endpoint: 'mirror.chat.completions',
    provider: 'two',
    status: 200,
    error_code: null,
  })
  expect(answered).toMatchObject({ endpoint: 'chat.completions', provider: 'one' })
  expect(mirrored!.usage!.output + mirrored!.usage!.reasoning).toBeGreaterThan(0)
  secondary.next({ fault: 'reset-before-headers' })
  expect((await ask('mirrored', stream)).status).toBe(200)
  await gateway.record(3)
  expect(gateway.problems).toEqual([])
})

test('a mirror whose keys cannot be used is not asked without one', async () => {
  expect((await ask('keyless')).status).toBe(200)
  await gateway.record(1)
  const mirrored = gateway.records.find(({ endpoint }) => endpoint.startsWith('mirror.'))
  expect(mirrored).toMatchObject({ error_code: 'provider_unavailable', attempts: [] })
  expect(secondary.requests.length).toBe(0)
  expect(gateway.problems).toEqual([])
})

test('a canary answers first', async () => {
  expect((await ask('canary')).headers.get('x-portreeve-model')).toBe('two/gpt-4o')
})

test('repetitions end with the time that the alias gives a call', async () => {
  primary.always({ fault: 'server-error' })
  expect((await ask('hurried')).status).toBe(500)
  expect(primary.requests.length).toBe(1)
})

test('a head and nothing behind it is no first byte: the next target is asked', async () => {
  primary.always({ fault: 'stall', after: 0 })
  const response = await ask('eager', true)
  expect(response.headers.get('x-portreeve-model')).toBe('two/gpt-4o')
  await response.text()
  const [first] = (await gateway.record()).attempts
  expect(first).toMatchObject({ provider: 'one', error_code: 'upstream_timeout' })
})

test.each(['lone', 'fast'])('the first token of a stream is measured, not its head (%s)', async (alias) => {
  primary.next({ fault: 'slow-first-token', wait: 80 })
  await (await ask(alias, true)).text()
  expect((await gateway.record()).first_byte_ms).toBeGreaterThan(70)
  expect(gateway.gateway.traffic.health.target('one', 'gpt-4o').firstTokenMs).toBeGreaterThan(70)
})

test.each([
  [undefined, 200, '1'],
  ['3', 200, '4'],
  ['4', 508, undefined],
  ['-1', 508, undefined],
])('a call that came through %s gateways before is answered with %d', async (hops, status, next) => {
  const headers: Record<string, string> = hops === undefined ? {} : { 'x-portreeve-hops': hops }
  const body = { model: 'lone', messages: [{ role: 'user', content: 'Hello' }] }
  expect((await gateway.post('/v1/chat/completions', body, { headers })).status).toBe(status)
  expect(primary.requests.map((request) => request.headers['x-portreeve-hops'])).toEqual(next ? [next] : [])
})

test('a loop that a gateway behind this one found is told, and not gone through once more', async () => {
  const error = { message: 'the call has come through 4 gateways already', code: 'loop_detected' }
  primary.always({ status: 508, body: { error } })
  const response = await ask('lone')
  expect([response.status, primary.requests.length]).toEqual([508, 1])
  expect(await response.json()).toMatchObject({ error: { code: 'loop_detected' } })
})

test('nothing stays in flight', async () => {
  primary.next({ fault: 'server-error' }, { fault: 'silence' }, { fault: 'cut', after: 3 })
  const controllers = Array.from({ length: 6 }, () => new AbortController())
  const calls = controllers.map(({ signal }, index) =>
    gateway
      .post('/v1/chat/completions', { model: 'fast', stream: index % 2 === 0, messages: [] }, { signal })
      .then((response) => response.text())
      .catch(() => ''),
  )
  controllers[1]!.abort()
  controllers[4]!.abort()
  await Promise.all(calls)
  while (gateway.gateway.inFlight > 0) await Bun.sleep(5)
  const { targets, credentials } = gateway.gateway.traffic.health.states(Date.now())
  for (const { inFlight } of [...targets, ...Object.values(credentials).flat()]) expect(inFlight).toBe(0)
  primary.release()
})

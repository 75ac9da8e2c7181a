// What users of gateways complain about most, where no other test looks: quiet streams, buffered streams, large events, hot neighbours, limits that
// can be walked around.
import { afterEach, describe, expect, test } from 'bun:test'
import { Configuration } from '../../src/contract/configuration.ts'
import { chunk, LAST_CHUNK, streamHead, type Step } from '../fake-vendor/steps.ts'
import { FakeVendor } from '../fake-vendor/vendor.ts'
import { DIALECTS } from '../faults/dialects.ts'
import { SECRET, sourceKey, sourceProvider, startTestGateway, type TestGateway } from '../helpers/gateway.ts'

const vendor = new FakeVendor()
const open: TestGateway[] = []
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.stop()
  vendor.reset()
})

function start(traffic: object = {}, limits: object = {}, key: object = {}): TestGateway {
  const gateway = startTestGateway(
    {
      providers: [
        sourceProvider('local', `${vendor.origin}/v1`),
        // The same vendor, whose format of responses passes through.
        sourceProvider('stateful', `${vendor.origin}/v1`, { type: 'openai' }),
      ],
      keys: [sourceKey(SECRET, { name: 'ci', team: 'a', ...key })],
      prices: ['local', 'stateful'].map((provider) => ({ provider, model: 'm', input: 1_000_000, output: 1_000_000 })),
      traffic: Configuration.parse(traffic),
    },
    limits,
  )
  open.push(gateway)
  return gateway
}

const STREAM = { contentType: 'text/event-stream', body: '', terminalEvents: 1 }
const delta = (content: string) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\n\n`
const END = `${delta('').replace('"finish_reason":null', '"finish_reason":"stop"')}data: [DONE]\n\n`

/** Reads until the text holds a mark. */
async function readUntil(
  reader: Pick<ReadableStreamDefaultReader<Uint8Array>, 'read'>,
  mark: string | RegExp,
): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  while (typeof mark === 'string' ? !text.includes(mark) : !mark.test(text)) {
    const { value, done } = await reader.read()
    if (done) throw new Error(`the stream ended: ${text}`)
    text += decoder.decode(value, { stream: true })
  }
  return text
}

describe.each(DIALECTS)('a stream to a client of $id', ({ id, request, read }) => {
  test('is not buffered on the way, and says so to proxies', async () => {
    const gateway = start()
    const more = Promise.withResolvers<void>()
    vendor.next({
      steps: (): Step[] => [
        streamHead(STREAM),
        chunk(delta('one')),
        { wait: more.promise },
        chunk(delta(' two') + END),
        LAST_CHUNK,
      ],
    })
    const { path, headers, body } = request('local/m', true)
    const response = await gateway.post(path, body, { headers })
    expect(response.headers.get('x-accel-buffering')).toBe('no')
    expect(response.headers.get('cache-control')).toBe('no-cache')
    expect(response.headers.get('content-encoding')).toBeNull()
    const reader = response.body!.getReader()
    // The vendor says nothing more until the client has seen this.
    const first = await readUntil(reader, 'one')
    more.resolve()
    let rest = ''
    for (let part = await reader.read(); !part.done; part = await reader.read())
      rest += new TextDecoder().decode(part.value)
    expect(read(first + rest, true)).toEqual({ kind: 'answer', text: 'one two' })
  })

  test('that is quiet for long is kept alive by what its clients ignore', async () => {
    const gateway = start({}, { keepAliveMs: 20 })
    const more = Promise.withResolvers<void>()
    vendor.next({
      steps: (): Step[] => [
        streamHead(STREAM),
        chunk(delta('one')),
        { wait: more.promise },
        chunk(delta(' two') + END),
        LAST_CHUNK,
      ],
    })
    const { path, headers, body } = request('local/m', true)
    const response = await gateway.post(path, body, { headers })
    const reader = response.body!.getReader()
    const alive = {
      openai: /: keep-alive\n\n/,
      responses: /: keep-alive\n\n/,
      anthropic: /event: ping\n/,
      gemini: /one[^]*\n\n\n/,
    }[id]!
    const first = await readUntil(reader, alive)
    more.resolve()
    let rest = ''
    for (let part = await reader.read(); !part.done; part = await reader.read())
      rest += new TextDecoder().decode(part.value)
    expect(read(first + rest, true)).toEqual({ kind: 'answer', text: 'one two' })
  })
})

test('an event that repeats twenty tools passes byte for byte', async () => {
  const gateway = start()
  const tools = Array.from({ length: 20 }, (_, index) => ({
    type: 'function',
    name: `tool_${index}`,
    description: 'naïve 日本語 '.repeat(600),
    parameters: { type: 'object', properties: {} },
  }))
  const response = { id: 'resp_1', object: 'response', status: 'in_progress', model: 'm', output: [], tools }
  const usage = { input_tokens: 5, output_tokens: 3, total_tokens: 8 }
  const event = (type: string, rest: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`
  const stream =
    event('response.created', { sequence_number: 0, response }) +
    event('response.completed', { sequence_number: 1, response: { ...response, status: 'completed', usage } })
  expect(event('response.created', { response }).length).toBeGreaterThan(65_536)
  vendor.next({ steps: (): Step[] => [streamHead(STREAM), chunk(stream), LAST_CHUNK] })
  const answer = await gateway.post('/v1/responses', { model: 'stateful/m', input: 'Hi', stream: true })
  expect(await answer.text()).toBe(stream)
  expect((await gateway.record()).usage).toMatchObject({ input: 5, output: 3 })
})

test('a stream without end, whose client does not read, takes nothing from its neighbours', async () => {
  const gateway = start()
  vendor.next({ fault: 'endless-stream' })
  const leave = new AbortController()
  const body = { model: 'local/m', messages: [{ role: 'user', content: 'Hi' }] }
  const hot = await gateway.post(
    '/v1/chat/completions',
    { ...body, stream: true },
    { signal: leave.signal, keepalive: false },
  )
  for (let n = 0; n < 20; n++) expect((await gateway.post('/v1/chat/completions', body)).status).toBe(200)
  leave.abort()
  await hot.body?.cancel().catch(() => {})
  await gateway.record(20)
  expect(gateway.gateway.inFlight).toBe(0)
})

describe('a limit of a key holds', () => {
  const chat = { model: 'local/m', messages: [{ role: 'user', content: 'Hi' }] }
  const contents = { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] }
  const WAYS: [string, string, object, Record<string, string>][] = [
    ['bearer', '/v1/chat/completions', chat, { authorization: `Bearer ${SECRET}` }],
    ['x-api-key', '/v1/messages', { ...chat, max_tokens: 9 }, { 'x-api-key': SECRET, authorization: '' }],
    ['api-key', '/v1/responses', { model: 'local/m', input: 'Hi' }, { 'api-key': SECRET, authorization: '' }],
    [
      'x-goog-api-key',
      '/v1beta/models/local%2Fm:generateContent',
      contents,
      { 'x-goog-api-key': SECRET, authorization: '' },
    ],
    ['?key=', `/v1beta/models/local%2Fm:generateContent?key=${SECRET}`, contents, { authorization: '' }],
    ['another user', '/v1/chat/completions', { ...chat, user: 'somebody new' }, { authorization: `Bearer ${SECRET}` }],
    [
      'forwarded for',
      '/v1/chat/completions',
      chat,
      { authorization: `Bearer ${SECRET}`, 'x-forwarded-for': '1.2.3.4', 'x-user-id': 'x' },
    ],
  ]
  const ask = (gateway: TestGateway, [, path, body, headers]: (typeof WAYS)[number]) => {
    const { authorization, ...others } = headers
    return fetch(gateway.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...others, ...(authorization ? { authorization } : {}) },
      body: JSON.stringify(body),
    })
  }

  test.each([
    ['requests', { limits: [{ name: 'l', per: ['key'], requests_per_minute: WAYS.length }] }, 429],
    ['money of the team', { budgets: [{ name: 'b', per: ['team'], amount_micros: 1, wait_ms: 0 }] }, 402],
    ['money of all', { budgets: [{ name: 'b', amount_micros: 1, wait_ms: 0 }] }, 402],
  ])('%s, however the key is sent', async (_, traffic, refused) => {
    const gateway = start(traffic)
    if (refused === 429)
      for (const way of WAYS) expect([way[0], (await ask(gateway, way)).status]).toEqual([way[0], 200])
    for (const way of WAYS) expect([way[0], (await ask(gateway, way)).status]).toEqual([way[0], refused])
  })
})

test('who is refused for overload keeps the connection, though the body was not wanted', async () => {
  const gateway = start({ overload: { max_in_flight: 1 } }, {}, { priority: 'low' })
  const body = JSON.stringify({ model: 'local/m', messages: [{ role: 'user', content: 'x'.repeat(100_000) }] })
  const request = `POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${SECRET}\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  const seen = Promise.withResolvers<string>()
  let text = ''
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port: gateway.port,
    socket: {
      data(connection, bytes) {
        text += bytes.toString()
        const answers = text.split('HTTP/1.1 503').length - 1
        if (answers === 1 && !text.includes('second')) {
          text += 'second'
          connection.write(request)
        } else if (answers === 2) seen.resolve(text)
      },
      close: () => seen.resolve(`closed after ${text}`),
    },
  })
  socket.write(request)
  expect(await seen.promise).toMatch(/^HTTP\/1\.1 503[^]*retry-after[^]*second[^]*HTTP\/1\.1 503/)
  socket.end()
  await gateway.record(1)
  expect(gateway.records.map(({ error_code }) => error_code)).toEqual(['overloaded', 'overloaded'])
  expect(gateway.gateway.inFlight).toBe(0)
})

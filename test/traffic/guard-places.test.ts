// Wherever a text can stand, in requests and answers, plain and streamed, guards find it.
import { afterEach, describe, expect, test } from 'bun:test'
import { Configuration } from '../../src/contract/configuration.ts'
import { chunk, LAST_CHUNK, head, type Step } from '../fake-vendor/steps.ts'
import { FakeVendor } from '../fake-vendor/vendor.ts'
import { sourceProvider, startTestGateway, type TestGateway } from '../helpers/gateway.ts'

const MAIL = 'jane.doe@example.com'
const vendor = new FakeVendor()
const open: TestGateway[] = []
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.stop()
  vendor.reset()
})

function start(guard: object, type = 'openai-compatible', base = '/v1'): TestGateway {
  const gateway = startTestGateway({
    providers: [sourceProvider('local', vendor.origin + base, { type })],
    traffic: Configuration.parse({ guards: [{ name: 'g', ...guard }] }),
  })
  open.push(gateway)
  return gateway
}

const MASK = { kind: 'personal_data', action: 'mask' }

describe('in requests', () => {
  const user = { role: 'user', content: 'Hi' }
  const called = (input: unknown) => [
    { role: 'user', content: 'x' },
    { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'f', input }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: 'ok' }] },
  ]
  const calling = (args: string) => [
    user,
    { role: 'assistant', tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: args } }] },
    { role: 'tool', tool_call_id: 'c', content: 'ok' },
  ]
  const tool = (change: object) => ({ type: 'function', function: { name: 'f', parameters: {}, ...change } })
  const chat = '/v1/chat/completions'
  const messages = '/v1/messages'
  const gemini = '/v1beta/models/local/m:generateContent'
  const contents = (...parts: object[]) => [
    { role: 'user', parts: [{ text: 'x' }] },
    { role: 'model', parts: [{ functionCall: { name: 'f', args: {} } }] },
    { role: 'user', parts },
  ]

  test.each<[string, string, object]>([
    ['an argument named id', messages, { messages: called({ id: MAIL }) }],
    [
      'arguments named as fields are',
      messages,
      { messages: called({ metadata: { a: MAIL }, usage: MAIL, data: MAIL }) },
    ],
    ['a name of an argument', chat, { messages: calling(JSON.stringify({ [MAIL]: 1 })) }],
    ['an argument called __proto__', chat, { messages: calling(`{"__proto__":"${MAIL}"}`) }],
    ['a description of a tool', chat, { messages: [user], tools: [tool({ description: `Ask ${MAIL}` })] }],
    [
      'a schema of a tool',
      chat,
      { messages: [user], tools: [tool({ parameters: { type: 'object', properties: { id: { enum: [MAIL] } } } })] },
    ],
    [
      'a schema of the answer',
      chat,
      {
        messages: [user],
        response_format: { type: 'json_schema', json_schema: { name: 'n', schema: { description: MAIL } } },
      },
    ],
    ['metadata', chat, { messages: [user], metadata: { who: MAIL } }],
    ['what nobody knows', chat, { messages: [user], own: { status: MAIL } }],
    ['the end user', chat, { messages: [user], user: MAIL }],
    [
      'a document',
      messages,
      {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'document', source: { type: 'text', media_type: 'text/plain', data: `${MAIL},`.repeat(9) } },
            ],
          },
        ],
      },
    ],
    [
      'a result',
      gemini,
      { contents: contents({ functionResponse: { name: 'f', response: { id: MAIL, status: MAIL } } }) },
    ],
    [
      'a declaration',
      gemini,
      { contents: [{ parts: [{ text: 'x' }] }], tools: [{ functionDeclarations: [{ name: 'f', description: MAIL }] }] },
    ],
    ['a stop', gemini, { contents: [{ parts: [{ text: 'x' }] }], generationConfig: { stopSequences: [MAIL] } }],
  ])('%s is masked', async (_, path, body) => {
    const gateway = start(MASK)
    const response = await gateway.post(path, {
      ...(path === gemini ? {} : { model: 'local/m', max_tokens: 9 }),
      ...body,
    })
    expect(response.status).toBe(200)
    expect(vendor.requests[0]!.text).not.toContain(MAIL)
    expect((await gateway.record()).guards?.['g']).toBeGreaterThan(0)
  })

  test('a number is masked where a name is what the caller likes', async () => {
    const gateway = start(MASK)
    await gateway.post(chat, { model: 'local/m', messages: calling('{"card":4111111111111111,"count":12}') })
    expect(JSON.parse(vendor.requests[0]!.text).messages[1].tool_calls[0].function.arguments).toBe(
      '{"card":"[CARD]","count":12}',
    )
  })

  test('names that are masked alike stay apart', async () => {
    const gateway = start(MASK)
    await gateway.post(chat, { model: 'local/m', messages: calling('{"a@x.org":1,"b@x.org":2}') })
    expect(JSON.parse(vendor.requests[0]!.text).messages[1].tool_calls[0].function.arguments).toBe(
      '{"[EMAIL]":1,"[EMAIL] 2":2}',
    )
  })

  test('the key for a tool’s server, names and ids stay as they are', async () => {
    const gateway = start({
      kind: 'patterns',
      words: ['function', 'object', 'user', 'lookup', 'Bearer sk'],
      action: 'mask',
    })
    const body = {
      model: 'local/m',
      messages: [user],
      tools: [
        { type: 'function', function: { name: 'lookup', parameters: { type: 'object', required: ['user'] } } },
        { type: 'mcp', server_url: 'https://tools.example', headers: { authorization: 'Bearer sk' } },
      ],
      tool_choice: { type: 'function', function: { name: 'lookup' } },
    }
    vendor.always({ status: 200, body: completion({}) })
    await gateway.post(chat, body)
    expect(JSON.parse(vendor.requests[0]!.text)).toEqual({ ...body, model: 'm' })
  })

  test('the end user is not on record with what was found', async () => {
    const gateway = start({ kind: 'personal_data' })
    expect((await gateway.post(chat, { model: 'local/m', messages: [user], user: MAIL })).status).toBe(400)
    expect(await gateway.record()).toMatchObject({ end_user: '[EMAIL]', error_code: 'content_filtered' })
  })

  test.each([
    `{"model":"local/m","messages":[{"role":"user","content":"${MAIL}","content":"Hi"}]}`,
    `{"messages":[{"role":"user","content":"${MAIL}"}],"model":"local/m","messages":[]}`,
    `{"model":"local/m","messages":[{"role":"user","content":"${MAIL}","con\\u0074ent":"Hi"}]}`,
  ])('a field that is given twice is refused: %s', async (body) => {
    const response = await start(MASK).post(chat, body)
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('is given twice')
    expect(vendor.requests).toEqual([])
  })

  test.each([
    [
      '/v1/responses',
      { input: [{ role: 'user', content: [{ type: 'input_file', file_url: 'https://x.org/a.pdf' }] }] },
    ],
    [
      chat,
      { messages: [{ role: 'user', content: [{ type: 'video_url', video_url: { url: 'https://x.org/a.mp4' } }] }] },
    ],
  ])('what cannot be read is refused: %s', async (path, body) => {
    const response = await start({ ...MASK, unreadable: 'refuse' }).post(path, {
      model: 'local/m',
      store: false,
      ...body,
    })
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('cannot be read as text')
  })
})

/** A stream of these events, and nothing else. */
const streamOf = (events: readonly string[]): Step[] => [
  { write: head(200, { 'content-type': 'text/event-stream', 'transfer-encoding': 'chunked' }) },
  ...events.map(chunk),
  LAST_CHUNK,
]

const completion = (message: object, more: object = {}) => ({
  id: 'c',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi', ...message }, finish_reason: 'stop', ...more }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
})

const event = (data: object) => `data: ${JSON.stringify(data)}\n\n`
const part = (delta: object, finish: string | null = null, index = 0) =>
  event({
    id: 'c',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index, delta, finish_reason: finish }],
  })
const over = [part({}, 'stop'), 'data: [DONE]\n\n']
const named = (name: string, args: string) => ({
  tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name, arguments: args } }],
})
const cited = {
  annotations: [
    { type: 'url_citation', url_citation: { url: 'https://x.org', title: MAIL, start_index: 0, end_index: 1 } },
  ],
}

describe('in answers', () => {
  test.each<[string, readonly string[]]>([
    ['a title of a source', [part({ content: 'Hi' }), part(cited)]],
    [
      'a transcript',
      [part({ audio: { id: 'a', transcript: 'jane.d' } }), part({ audio: { transcript: 'oe@example.com' } })],
    ],
    ['a name of an argument', [part(named('f', JSON.stringify({ [MAIL]: 1 })))]],
    ['a name of a tool', [part(named(MAIL, '{}'))]],
  ])('%s in a stream is judged', async (_, events) => {
    vendor.always({ steps: () => streamOf([...events, ...over]) })
    const ask = (guard: object) =>
      start({ ...guard, on: ['output'] }).post('/v1/chat/completions', { model: 'local/m', stream: true, messages: [] })
    const masked = await (await ask(MASK)).text()
    expect(masked).toContain('[EMAIL]')
    expect(masked).toContain('[DONE]')
    expect(masked).not.toMatch(/jane|example\.com/)
    const blocked = await (await ask({ kind: 'personal_data' })).text()
    expect(blocked).toContain('found 1 email')
    expect(blocked).not.toMatch(/jane|example\.com|DONE/)
  })

  const said = (type: string, more: object) => `event: ${type}\n${event({ type, ...more })}`
  const block = (index: number, content_block: object, ...deltas: object[]) => [
    said('content_block_start', { index, content_block }),
    ...deltas.map((delta) => said('content_block_delta', { index, delta })),
    said('content_block_stop', { index }),
  ]
  test.each<[string, readonly string[]]>([
    [
      'a passage that is cited',
      block(
        0,
        { type: 'text', text: '', citations: [] },
        { type: 'text_delta', text: 'Hi' },
        {
          type: 'citations_delta',
          citation: {
            type: 'char_location',
            cited_text: MAIL,
            document_index: 0,
            start_char_index: 0,
            end_char_index: 9,
          },
        },
      ),
    ],
    [
      'what a tool of the vendor found',
      block(0, {
        type: 'web_search_tool_result',
        tool_use_id: 's',
        content: [{ type: 'web_search_result', url: 'https://x.org', title: MAIL, encrypted_content: 'e' }],
      }),
    ],
  ])('%s is masked in a stream', async (_, blocks) => {
    const message = {
      id: 'm',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content: [],
      usage: { input_tokens: 1, output_tokens: 1 },
    }
    const steps = streamOf([
      said('message_start', { message }),
      ...blocks,
      said('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } }),
      said('message_stop', {}),
    ])
    vendor.always({ steps: () => steps })
    const gateway = start({ ...MASK, on: ['output'] }, 'anthropic')
    const text = await (
      await gateway.post('/v1/messages', { model: 'local/m', max_tokens: 9, stream: true, messages: [] })
    ).text()
    expect(text).toContain('[EMAIL]')
    expect(text).toContain('message_stop')
    expect(text).not.toContain(MAIL)
  })

  test('log-probabilities of a masked answer stay behind', async () => {
    const logprobs = { content: [{ token: 'jane.doe', logprob: -1, bytes: null, top_logprobs: [] }] }
    vendor.always({ status: 200, body: completion({ content: MAIL }, { logprobs }) })
    const gateway = start({ ...MASK, on: ['output'] })
    const text = await (
      await gateway.post('/v1/chat/completions', { model: 'local/m', logprobs: true, messages: [] })
    ).text()
    expect(text).toContain('[EMAIL]')
    expect(text).not.toContain('jane')
  })

  test('arguments named as fields are get back what was hidden', async () => {
    const content = [
      { type: 'tool_use', id: 't', name: 'f', input: { id: '[EMAIL_1]', '[EMAIL_1]': { status: '[EMAIL_1]' } } },
    ]
    const usage = { input_tokens: 1, output_tokens: 1 }
    vendor.always({
      status: 200,
      body: { id: 'm', type: 'message', role: 'assistant', model: 'm', content, stop_reason: 'tool_use', usage },
    })
    const gateway = start({ kind: 'personal_data', action: 'restore' }, 'anthropic')
    const asked = { model: 'local/m', max_tokens: 9, messages: [{ role: 'user', content: MAIL }] }
    const answer: any = await (await gateway.post('/v1/messages', asked)).json()
    expect(answer.content[0].input).toEqual({ id: MAIL, [MAIL]: { status: MAIL } })
  })

  const choice = (index: number, content: string) => ({
    index,
    message: { role: 'assistant', content },
    finish_reason: 'stop',
  })
  test.each([
    ['{"a":1}', '{"b":2}', true],
    ['{"a":1}', 'no', false],
  ])('each of several answers must be what the schema says: %s and %s', async (one, two, good) => {
    vendor.next(
      { status: 200, body: { ...completion({}), choices: [choice(0, one), choice(1, two)] } },
      {
        steps: () =>
          streamOf([
            part({ content: one }),
            part({ content: two }, null, 1),
            part({}, 'stop'),
            part({}, 'stop', 1),
            'data: [DONE]\n\n',
          ]),
      },
    )
    const gateway = start({ kind: 'json_schema', schema: { type: 'object' } })
    const ask = (stream: boolean) =>
      gateway.post('/v1/chat/completions', { model: 'local/m', n: 2, stream, messages: [] })
    expect((await ask(false)).status).toBe(good ? 200 : 502)
    expect((await (await ask(true)).text()).includes('[DONE]')).toBe(good)
  })

  test.each<[string, object, string]>([
    ['custom', { tool_calls: [{ id: 'c', type: 'custom', custom: { name: 'drop', input: 'x' } }] }, 'drop'],
    ['of old', { function_call: { name: 'drop', arguments: '{}' } }, 'drop'],
  ])('a tool is known by its name in a call that is %s', async (_, message, name) => {
    vendor.always({ status: 200, body: completion(message) })
    const gateway = start({ kind: 'tools', allow: ['get_*'] })
    const response = await gateway.post('/v1/chat/completions', { model: 'local/m', messages: [] })
    expect(response.status).toBe(400)
    expect(await response.text()).toContain(`the tool \\"${name}\\"`)
  })

  test.each(['/v1/chat/completions', '/v1/responses', '/v1/messages', '/v1beta/models/local/m:generateContent'])(
    'only what was said counts, and goes to a service: %s',
    async (path) => {
      const asked: string[][] = []
      using service = Bun.serve({
        port: 0,
        async fetch(request) {
          asked.push(((await request.json()) as { texts: string[] }).texts)
          return Response.json({ action: 'allow' })
        },
      })
      vendor.always({ status: 200, body: completion({ content: 'Twenty letters long.' }) })
      const body = {
        ...(path.includes('gemini') || path.includes('beta') ? {} : { model: 'local/m' }),
        ...(path === '/v1/responses' ? { input: 'Hi', store: false } : { max_tokens: 9, messages: [] }),
        contents: [{ parts: [{ text: 'Hi' }] }],
      }
      const guards = [
        { name: 'size', kind: 'size', max_output_characters: 20 },
        { name: 'own', kind: 'webhook', url: service.url.href, on: ['output'] },
      ]
      const gateway = startTestGateway({
        providers: [sourceProvider('local', `${vendor.origin}/v1`)],
        traffic: Configuration.parse({ guards }),
      })
      open.push(gateway)
      expect((await gateway.post(path, body)).status).toBe(200)
      expect(asked).toEqual([['Twenty letters long.']])
    },
  )

  test.each([false, true])('an answer that a service refuses costs what it cost (stream %p)', async (stream) => {
    using service = Bun.serve({ port: 0, fetch: () => Response.json({ action: 'block' }) })
    const gateway = startTestGateway({
      providers: [sourceProvider('local', `${vendor.origin}/v1`)],
      prices: [{ provider: 'local', model: 'm', input: 1_000_000, output: 1_000_000 }],
      traffic: Configuration.parse({ guards: [{ name: 'g', kind: 'webhook', url: service.url.href, on: ['output'] }] }),
    })
    open.push(gateway)
    const response = await gateway.post('/v1/chat/completions', { model: 'local/m', stream, messages: [] })
    expect(response.status).toBe(400)
    expect((await gateway.record()).cost_micros).toBeGreaterThan(20)
  })

  test('a service judges thoughts and arguments of a stream as it does of a whole answer', async () => {
    const asked: string[][] = []
    using service = Bun.serve({
      port: 0,
      async fetch(request) {
        const { texts } = (await request.json()) as { texts: string[] }
        asked.push(texts)
        return Response.json({ action: 'replace', texts: texts.map((text) => text.toUpperCase()) })
      },
    })
    vendor.always({
      steps: () =>
        streamOf([
          part({ reasoning_content: 'I th' }),
          part({ reasoning_content: 'ink' }),
          part({ content: 'Look' }),
          part(named('f', '{"a":"b",')),
          part({ tool_calls: [{ index: 0, function: { arguments: '"c":"d"}' } }] }),
          ...over,
        ]),
    })
    const gateway = start({ kind: 'webhook', url: service.url.href, on: ['output'] })
    const text = await (
      await gateway.post('/v1/chat/completions', { model: 'local/m', stream: true, messages: [] })
    ).text()
    expect(asked).toEqual([['I think', 'Look', 'b', 'd']])
    for (const said of ['I THINK', 'LOOK', '{\\"a\\":\\"B\\",\\"c\\":\\"D\\"}', '[DONE]']) expect(text).toContain(said)
  })
})

import { afterEach, describe, expect, test } from 'bun:test'
import { Configuration } from '../../src/contract/configuration.ts'
import { FakeVendor } from '../fake-vendor/vendor.ts'
import { sourceProvider, startTestGateway, type TestGateway } from '../helpers/gateway.ts'

const vendor = new FakeVendor()
const open: TestGateway[] = []
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.stop()
  vendor.reset()
})

function start(...guards: object[]): TestGateway {
  const gateway = startTestGateway({
    providers: [sourceProvider('local', `${vendor.origin}/v1`)],
    traffic: Configuration.parse({ guards: guards.map((guard, index) => ({ name: `g${index}`, ...guard })) }),
  })
  open.push(gateway)
  return gateway
}

type Dialect = 'openai' | 'anthropic'
const PATHS = { openai: '/v1/chat/completions', anthropic: '/v1/messages' }

const ask = (gateway: TestGateway, dialect: Dialect, stream: boolean, content: unknown, more: object = {}) =>
  gateway.post(PATHS[dialect], {
    model: 'local/m',
    max_tokens: 100,
    stream,
    messages: [{ role: 'user', content }],
    ...more,
  })

/** The text of an answer in either dialect; a stream's pieces are put together. */
async function textOf(response: Response): Promise<string> {
  const body = await response.text()
  const values = body.startsWith('{')
    ? [body]
    : body
        .split('\n')
        .filter((line) => line.startsWith('data: {'))
        .map((line) => line.slice(6))
  let text = ''
  for (const value of values) {
    const event = JSON.parse(value) as any
    if (event.error) return `error: ${event.error.message}`
    const { choices, content, delta } = event
    text += choices?.[0]?.delta?.content ?? choices?.[0]?.message?.content ?? content?.[0]?.text ?? delta?.text ?? ''
  }
  return text
}

const sent = () => vendor.requests.at(-1)!.text

const MAIL = 'Ask jane@example.com or call +14155552671, card 4111 1111 1111 1111.'

const ALL: [Dialect, boolean][] = [
  ['openai', false],
  ['openai', true],
  ['anthropic', false],
  ['anthropic', true],
]

describe.each(ALL)('%s, stream %p', (dialect, stream) => {
  test('personal data is masked on the way out', async () => {
    const gateway = start({ kind: 'personal_data', action: 'mask', on: ['input'] })
    await textOf(await ask(gateway, dialect, stream, MAIL))
    expect(sent()).toContain('Ask [EMAIL] or call [PHONE], card [CARD].')
    expect((await gateway.record()).guards).toEqual({ g0: 3 })
  })

  test('and on the way in, though it is split over events', async () => {
    const gateway = start({ kind: 'personal_data', action: 'mask', on: ['output'] })
    vendor.always({ text: MAIL })
    expect(await textOf(await ask(gateway, dialect, stream, 'Hi'))).toBe('Ask [EMAIL] or call [PHONE], card [CARD].')
    expect((await gateway.record()).guards).toEqual({ g0: 3 })
  })

  test('what was masked comes back restored', async () => {
    const gateway = start({ kind: 'personal_data', action: 'restore' })
    vendor.always({ text: 'I wrote to [EMAIL_1] and [EMAIL_2], not to [EMAIL_3] or [email_1].' })
    const response = await ask(gateway, dialect, stream, 'Write to a@x.org, b@x.org and a@x.org')
    expect(await textOf(response)).toBe('I wrote to a@x.org and b@x.org, not to [EMAIL_3] or [email_1].')
    expect(sent()).toContain('Write to [EMAIL_1], [EMAIL_2] and [EMAIL_1]')
  })

  test('a word blocks the request before it leaves', async () => {
    const gateway = start({ kind: 'patterns', words: ['Project Falcon'] })
    const response = await ask(gateway, dialect, stream, [{ type: 'text', text: 'What is project falcon?' }])
    expect(response.status).toBe(400)
    expect(await textOf(response)).toBe('error: guard "g0" refuses the text: found 1 word')
    expect(vendor.requests.length).toBe(0)
    expect(await gateway.record()).toMatchObject({ status: 400, error_code: 'content_filtered', guards: { g0: 1 } })
  })

  test('a pattern blocks the answer, and none of it leaks', async () => {
    const gateway = start({ kind: 'patterns', patterns: ['secret-[0-9]{4}'], on: ['output'] })
    vendor.always({ text: 'The code is secret-1234, tell nobody.' })
    const body = await (await ask(gateway, dialect, stream, 'Hi')).text()
    expect(body).toContain('guard \\"g0\\" refuses the')
    expect(body).not.toMatch(/secret|1234/)
    expect(body).not.toContain('[DONE]')
    expect((await gateway.record()).error_code).toBe('content_filtered')
  })

  test('text outside the guard’s callers is left alone', async () => {
    const gateway = start({ kind: 'patterns', words: ['hello'], for: { key: 'somebody-else' } })
    expect((await ask(gateway, dialect, stream, 'hello')).status).toBe(200)
    expect((await gateway.record()).guards).toBeNull()
  })
})

describe('other guards', () => {
  const tool = (name: string) => ({ type: 'function', function: { name, parameters: { type: 'object' } } })

  test.each<[string, object, object, number, string]>([
    ['size', { kind: 'size', max_input_characters: 5 }, {}, 400, 'more than 5 characters'],
    [
      'messages',
      { kind: 'size', max_messages: 0 + 1 },
      {
        messages: [
          { role: 'user', content: 'a' },
          { role: 'user', content: 'b' },
        ],
      },
      400,
      'more than 1 messages',
    ],
    [
      'tools',
      { kind: 'tools', allow: ['get_*'] },
      { tools: [tool('get_time'), tool('drop_table')] },
      400,
      '"drop_table"',
    ],
    ['tools allowed', { kind: 'tools', allow: ['get_*'] }, { tools: [tool('get_time')] }, 200, ''],
    ['answer size', { kind: 'size', max_output_characters: 3 }, {}, 400, 'more than 3 characters'],
    [
      'an image',
      { kind: 'personal_data', unreadable: 'refuse' },
      {
        messages: [
          { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,aaaa' } }] },
        ],
      },
      400,
      'cannot be read as text',
    ],
    [
      'an image allowed',
      { kind: 'personal_data' },
      {
        messages: [
          { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,aaaa' } }] },
        ],
      },
      200,
      '',
    ],
    [
      'arguments of earlier calls',
      { kind: 'patterns', words: ['falcon'] },
      {
        messages: [
          {
            role: 'assistant',
            tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{"q":"f\\u0061lcon"}' } }],
          },
        ],
      },
      400,
      'found 1 word',
    ],
  ])('%s', async (_, guard, more, status, message) => {
    const gateway = start(guard)
    const response = await ask(gateway, 'openai', false, 'Hello, you', more)
    expect(response.status).toBe(status)
    expect(await response.text()).toContain(message.replaceAll('"', '\\"'))
  })

  test.each([
    ['{"name":"x","age":3}', false, 200],
    ['{"name":"x"}', false, 502],
    ['no JSON', false, 502],
    ['{"name":"x","age":3}', true, 200],
  ])('an answer must be what its schema says: %s (stream %p)', async (text, stream, status) => {
    const schema = {
      type: 'object',
      properties: { name: { type: 'string' }, age: { type: 'integer' } },
      required: ['name', 'age'],
    }
    const gateway = start({ kind: 'json_schema', schema })
    vendor.always({ text })
    const response = await ask(gateway, 'openai', stream, 'Hi')
    expect(response.status).toBe(status)
    if (stream) expect(await textOf(response)).toBe(text)
  })

  test('a stream that is not what its schema says ends in an error', async () => {
    const gateway = start({ kind: 'json_schema', schema: { type: 'object' } })
    vendor.always({ text: 'not JSON at all' })
    const body = await (await ask(gateway, 'openai', true, 'Hi')).text()
    expect(body).toContain('is not JSON')
    expect(body).not.toContain('[DONE]')
  })

  test.each([false, true])('a service decides (stream %p)', async (stream) => {
    let verdict: unknown = { action: 'allow' }
    const asked: any[] = []
    using service = Bun.serve({
      port: 0,
      async fetch(request) {
        asked.push({ ...((await request.json()) as object), signed: request.headers.get('webhook-signature') })
        return verdict === undefined ? new Promise<Response>(() => {}) : Response.json(verdict)
      },
    })
    const gateway = start({ kind: 'webhook', url: service.url.href, secret: 'whsec_c2VjcmV0', timeout_ms: 100 })
    vendor.always({ text: 'An answer.' })
    expect(await textOf(await ask(gateway, 'openai', stream, 'Hi'))).toBe('An answer.')
    expect(asked.map(({ guard, side, texts }) => [guard, side, texts])).toEqual([
      ['g0', 'input', ['Hi']],
      ['g0', 'output', ['An answer.']],
    ])
    expect(asked[0].signed).toStartWith('v1,')
    verdict = { action: 'replace', texts: ['Changed.'] }
    expect(await textOf(await ask(gateway, 'openai', stream, 'Hi'))).toBe('Changed.')
    expect(sent()).toContain('Changed.')
    verdict = { action: 'block' }
    expect((await ask(gateway, 'openai', stream, 'Hi')).status).toBe(400)
    verdict = undefined
    expect((await ask(gateway, 'openai', stream, 'Hi')).status).toBe(400)
    verdict = { action: 'replace', texts: [] }
    expect((await ask(gateway, 'openai', stream, 'Hi')).status).toBe(400)
  })
})

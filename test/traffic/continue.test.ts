// Streams that die and are continued by the next target: what clients of every format see, what the targets are asked, what is recorded.
import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import { Configuration } from '../../src/contract/configuration.ts'
import { Breaker } from '../../src/contract/routing.ts'
import { anthropic } from '../fake-vendor/anthropic.ts'
import { openaiChat } from '../fake-vendor/openai-chat.ts'
import { chunk, streamHead, type Step } from '../fake-vendor/steps.ts'
import { FakeVendor, type Script } from '../fake-vendor/vendor.ts'
import type { VendorRequest } from '../fake-vendor/request.ts'
import type { Wire } from '../fake-vendor/wire.ts'
import { DIALECTS } from '../faults/dialects.ts'
import { SECRET, sourceProvider, startTestGateway } from '../helpers/gateway.ts'

const TEXT = 'Aye: the harbour opens\n  at dawn, naïve 日本語 🚢.'
const REST = { text: TEXT, prefix: 'continues' } as const
const PRICE = { input: 1_000_000, output: 2_000_000, cacheRead: 500_000 }
const timeouts = { connect_ms: 2_000, first_byte_ms: 300, idle_ms: 300, total_ms: 5_000 }

/** A day on which every call dies would end the rotation; one good call keeps it. */
const breaker = Breaker.parse({ failures: 1000, failure_percent: 100 })

const wires = { openai: openaiChat, anthropic }
const types = { openai: 'openai-compatible', anthropic: 'anthropic' }
type WireName = keyof typeof wires
const vendors = {
  openai: [new FakeVendor(), new FakeVendor(), new FakeVendor()],
  anthropic: [0, 1, 2].map(() => new FakeVendor({ wire: anthropic })),
}
const place = (provider: string) => ({ provider, model: 'm-1' })
const able = (provider: string) => ({ ...place(provider), continues_prefix: true })
const names = Object.keys(vendors) as WireName[]

function start(more: object = {}) {
  return startTestGateway({
    providers: names.flatMap((wire) =>
      vendors[wire].map((vendor, at) =>
        sourceProvider(`${wire}${at}`, `${vendor.origin}/v1`, { type: types[wire], timeouts, breaker }),
      ),
    ),
    prices: names.flatMap((wire) => [0, 1, 2].map((at) => ({ provider: `${wire}${at}`, model: 'm-1', ...PRICE }))),
    aliases: [
      ...names.flatMap((from) =>
        names.map((to) => ({
          name: `${from}-${to}`,
          strategy: 'priority',
          targets: [place(`${from}0`)],
          fallbacks: [able(`${to}1`), able(`${to}2`)],
          continue_streams: true,
          retries: { attempts: 1 },
        })),
      ),
      { name: 'never', strategy: 'priority', targets: [place('openai0')], fallbacks: [able('openai1')] },
      {
        name: 'unable',
        strategy: 'priority',
        targets: [place('openai0')],
        fallbacks: [place('openai1')],
        continue_streams: true,
      },
      {
        name: 'skips',
        strategy: 'priority',
        targets: [place('openai0')],
        fallbacks: [place('openai1'), able('openai2')],
        continue_streams: true,
      },
    ],
    traffic: Configuration.parse({
      limits: [{ name: 'slots', per: ['provider'], in_flight: 1 }],
      budgets: [{ name: 'money', amount_micros: 1_000_000 }],
      ...more,
    }),
  })
}

let gateway = start()
afterAll(async () => {
  await gateway.stop()
  await Promise.all(names.flatMap((wire) => vendors[wire].map((vendor) => vendor.stop())))
})
beforeEach(async () => {
  await gateway.stop()
  for (const wire of names) for (const vendor of vendors[wire]) vendor.reset()
  gateway = start()
})

/** An honest stream, cut after so many bytes of its events. */
function cutAt(wire: Wire, bytes: number): Script {
  return {
    steps: (request: VendorRequest): Step[] => {
      const answer = wire.answer(request, { text: TEXT })
      const all = Buffer.from(answer.events!.join(''))
      return [streamHead(answer), chunk(all.subarray(0, Math.max(1, bytes))), { wait: 0 }, { close: 'fin' }]
    },
  }
}

const events = (body: string): any[] =>
  body
    .split('\n\n')
    .flatMap((block) => block.split('\n').filter((line) => line.startsWith('data: {')))
    .map((line) => JSON.parse(line.slice(6)))

const ask = (model: string, change: object = {}) =>
  gateway.post('/v1/chat/completions', {
    model,
    stream: true,
    messages: [{ role: 'user', content: 'When does the harbour open?' }],
    ...change,
  })

describe.each(DIALECTS)('a client of $id', ({ id, request, read }) => {
  test.each(names.flatMap((from) => names.map((to) => [from, to] as const)))(
    'sees one stream, from %s to %s, wherever it is cut',
    async (from, to) => {
      const asked = { index: 0, path: '/v1/chat/completions', json: () => ({ stream: true }) }
      const size = Buffer.byteLength(wires[from].answer(asked as VendorRequest, { text: TEXT }).events!.join(''))
      vendors[from][0]!.always({ text: TEXT })
      for (const vendor of vendors[to].slice(1)) vendor.always(REST)
      await (await ask(`${from}0/m-1`)).text()
      for (let at = 1; at < size; at += 61) {
        vendors[from][0]!.next(cutAt(wires[from], at))
        const { path, headers, body } = request(`${from}-${to}`, true)
        const response = await gateway.post(path, body, { headers })
        const text = await response.text()
        const reading = read(text, true)
        expect([at, reading.text]).toEqual([at, TEXT])
        expect(reading.kind).not.toBe('lie')
        // Who has told the reason of the end, and then dies, has nothing to go on from.
        if (reading.kind === 'broken') {
          expect(at).toBeGreaterThan(size - 400)
          continue
        }
        if (id === 'openai') expect(new Set(events(text).map((event) => event.id)).size).toBe(1)
        if (id === 'responses')
          expect(events(text).map((event) => event.sequence_number)).toEqual(events(text).map((_, index) => index))
        if (id === 'anthropic') {
          const types = events(text).map((event) => event.type)
          for (const once of [
            'message_start',
            'content_block_start',
            'content_block_stop',
            'message_delta',
            'message_stop',
          ])
            expect([once, types.filter((type) => type === once).length]).toEqual([once, 1])
        }
      }
      expect(gateway.gateway.inFlight).toBe(0)
      const continued = gateway.records.filter(({ attempts }) => attempts[1]?.continues)
      expect(continued.length).toBeGreaterThan(10)
      for (const record of continued) {
        expect(record.attempts.map(({ error_code, continues }) => [error_code, continues])).toEqual([
          ['upstream_failed', undefined],
          [null, true],
        ])
        expect([record.provider, record.error_code, record.status]).toEqual([`${to}1`, null, 200])
      }
    },
    20_000,
  )
})

test('the next target is asked for the rest, with what is left of the maximum', async () => {
  vendors.openai[0]!.next({ fault: 'cut', after: 6, text: TEXT })
  vendors.openai[1]!.next(REST)
  await (await ask('openai-openai', { max_tokens: 50, reasoning_effort: 'low' })).text()
  const asked = (await vendors.openai[1]!.received()).json() as Record<string, unknown>
  expect(asked['messages']).toEqual([
    { role: 'user', content: 'When does the harbour open?' },
    { role: 'assistant', content: 'Aye: the harbour opens\n  at' },
  ])
  expect(asked['max_completion_tokens'] ?? asked['max_tokens']).toBe(45)
  expect(asked['reasoning_effort']).toBeUndefined()
})

test('what the client began itself is gone on with', async () => {
  vendors.openai[0]!.next({ fault: 'cut', after: 3, text: TEXT })
  vendors.openai[1]!.next(REST)
  const begun = { role: 'assistant', content: 'Well. ' }
  await (await ask('openai-openai', { messages: [{ role: 'user', content: 'When?' }, begun] })).text()
  const { messages } = (await vendors.openai[1]!.received()).json() as { messages: unknown[] }
  expect(messages.at(-1)).toEqual({ role: 'assistant', content: 'Well. Aye: the' })
  expect(messages).toHaveLength(2)
})

test('it is marked, costs what the target that ended it says, and a failure of the first is not paid', async () => {
  vendors.openai[0]!.next({ fault: 'cut', after: 6, text: TEXT })
  vendors.openai[1]!.next(REST)
  const response = await ask('openai-openai', { stream_options: { include_usage: true } })
  const text = await response.text()
  expect(response.headers.get('x-portreeve-model')).toBe('openai0/m-1')
  expect(text).toContain(
    '\n\n: portreeve {"continued":{"provider":"openai1","model":"m-1","after":"upstream_failed"}}\n\n',
  )
  // Dawn, naive, Japanese, ship: four words, and two tokens of thought within them.
  const record = await gateway.record()
  expect(record.usage).toMatchObject({ input: 16, cache_read: 5, output: 2, reasoning: 2 })
  expect(record.cost_micros).toBe(16 + 3 + 8)
  expect(events(text).filter((event) => event.usage)).toMatchObject([{ usage: { completion_tokens: 4 } }])
})

test('a list of Gemini bears the mark in an entry', async () => {
  vendors.openai[0]!.next({ fault: 'cut', after: 6, text: TEXT })
  vendors.openai[1]!.next(REST)
  const contents = [{ role: 'user', parts: [{ text: 'When?' }] }]
  const response = await gateway.post('/v1beta/models/openai-openai:streamGenerateContent', { contents })
  const list = (await response.json()) as any[]
  expect(list.map((each) => each.candidates[0].content.parts[0].text).join('')).toBe(TEXT)
  expect(list.filter((each) => each.portreeve)).toMatchObject([{ portreeve: { continued: { provider: 'openai1' } } }])
})

test('a target that dies too is followed by the next', async () => {
  vendors.openai[0]!.next({ fault: 'cut', after: 3, text: TEXT })
  vendors.openai[1]!.next({ ...REST, fault: 'cut', after: 3 })
  vendors.openai[2]!.next(REST)
  const text = await (await ask('openai-openai')).text()
  expect(DIALECTS[0]!.read(text, true)).toEqual({ kind: 'answer', text: TEXT })
  const record = await gateway.record()
  expect(record.attempts.map(({ provider, error_code }) => [provider, error_code])).toEqual([
    ['openai0', 'upstream_failed'],
    ['openai1', 'upstream_failed'],
    ['openai2', null],
  ])
})

test.each<[string, Script]>([
  ['refuses a prefix', { status: 400, body: { error: { message: 'no prefill', type: 'invalid_request_error' } } }],
  ['is down', { fault: 'server-error' }],
  ['is silent', { fault: 'silence' }],
])('when the next target %s the client is told of the first failure, and pays what it got', async (_, script) => {
  vendors.openai[0]!.next({ fault: 'error-in-200', after: 6, text: TEXT })
  for (const vendor of vendors.openai.slice(1)) vendor.always(script)
  const text = await (await ask('openai-openai')).text()
  expect(DIALECTS[0]!.read(text, true)).toEqual({ kind: 'broken', text: 'Aye: the harbour opens\n  at' })
  expect(text).toContain('The server had an error')
  expect(text).not.toContain('portreeve')
  const record = await gateway.record()
  expect(record.attempts).toHaveLength(3)
  expect([record.provider, record.error_code]).toEqual(['openai0', 'upstream_failed'])
  expect(record.cost_micros).toBeGreaterThan(0)
  expect(gateway.gateway.inFlight).toBe(0)
})

const tool = { type: 'function', function: { name: 'tide', parameters: { type: 'object', properties: {} } } }

test.each<[string, string, object, string]>([
  ['the policy does not say so', 'never', {}, 'Aye: the harbour opens\n  at'],
  ['no target can', 'unable', {}, 'Aye: the harbour opens\n  at'],
  ['a tool is being called', 'openai-openai', { tools: [tool] }, ''],
  ['several answers were asked', 'openai-openai', { n: 2 }, 'Aye: the harbour opens\n  at'],
  ['JSON was asked', 'openai-openai', { response_format: { type: 'json_object' } }, 'Aye: the harbour opens\n  at'],
  ['a tool is forced', 'openai-openai', { tool_choice: 'required', tools: [tool] }, ''],
])('nothing is continued when %s', async (_, model, change, said) => {
  // A call of a tool takes fewer events than the text, and gives its reason to stop after five.
  vendors.openai[0]!.next({ fault: 'cut', after: said === '' ? 4 : 6, text: TEXT })
  const text = await (await ask(model, change)).text()
  expect(DIALECTS[0]!.read(text, true)).toEqual({ kind: 'broken', text: said })
  expect(vendors.openai.slice(1).map(({ requests }) => requests.length)).toEqual([0, 0])
  expect((await gateway.record()).attempts).toHaveLength(1)
})

test('a stream of the legacy completions ends in an error, and nobody goes on', async () => {
  vendors.openai[0]!.next({ fault: 'cut', after: 3, text: TEXT })
  const response = await gateway.post('/v1/completions', { model: 'openai-openai', prompt: 'When?', stream: true })
  const text = await response.text()
  const said = events(text)
  expect(said.map((event) => event.choices?.[0]?.text ?? '').join('')).toBe('Aye: the harbour')
  expect(said.at(-1)).toMatchObject({ error: { code: 'upstream_failed', type: 'api_error', param: null } })
  expect(text).not.toContain('[DONE]')
  expect(vendors.openai.slice(1).map(({ requests }) => requests.length)).toEqual([0, 0])
  expect((await gateway.record()).error_code).toBe('upstream_failed')
})

test('targets that cannot go on are passed over', async () => {
  vendors.openai[0]!.next({ fault: 'cut', after: 6, text: TEXT })
  vendors.openai[2]!.next(REST)
  const text = await (await ask('skips')).text()
  expect(DIALECTS[0]!.read(text, true)).toEqual({ kind: 'answer', text: TEXT })
  expect(vendors.openai[1]!.requests).toHaveLength(0)
})

test('an open thought is not continued, an ended one is', async () => {
  const thought = (content: object) => ({
    id: 'c',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta: content, finish_reason: null }],
  })
  const stream = (...deltas: object[]): Script => ({
    steps: () => [
      streamHead({ contentType: 'text/event-stream', body: '', terminalEvents: 0 }),
      ...deltas.map((delta) => chunk(`data: ${JSON.stringify(thought(delta))}\n\n`)),
      { wait: 5 },
      { close: 'fin' as const },
    ],
  })
  const think = { role: 'assistant', reasoning_content: 'Hm, the harbour.' }
  vendors.openai[0]!.next(stream(think), stream(think, { content: 'Aye: the' }))
  vendors.openai[1]!.always(REST)
  expect(DIALECTS[0]!.read(await (await ask('openai-openai')).text(), true).kind).toBe('broken')
  expect(DIALECTS[0]!.read(await (await ask('openai-openai')).text(), true)).toEqual({ kind: 'answer', text: TEXT })
})

test('a client that leaves while the next target is asked cancels it, and everything is given back', async () => {
  vendors.openai[0]!.next({ fault: 'cut', after: 6, text: TEXT })
  vendors.openai[1]!.next({ fault: 'silence' })
  const leave = new AbortController()
  const response = await gateway.post(
    '/v1/chat/completions',
    { model: 'openai-openai', stream: true, messages: [{ role: 'user', content: 'When?' }] },
    { signal: leave.signal },
  )
  const reader = response.body!.getReader()
  const asked = await vendors.openai[1]!.received()
  leave.abort()
  await reader.read().catch(() => {})
  expect((await asked.closed).by).toBe('peer')
  const record = await gateway.record()
  expect([record.status, record.error_code, record.provider]).toEqual([499, 'client_closed', 'openai0'])
  expect(record.attempts.map(({ error_code }) => error_code)).toEqual(['upstream_failed', 'client_closed'])
  expect(record.cost_micros).toBeGreaterThan(0)
  expect(gateway.gateway.inFlight).toBe(0)
  // One call at a time at each provider: both places are free again.
  expect((await ask('openai-openai')).status).toBe(200)
})

test('a vendor that is known is asked in its own way, and what it repeats is taken out', async () => {
  const [one, two] = vendors.openai
  const known = startTestGateway({
    providers: [
      sourceProvider('one', `${one!.origin}/v1`, { timeouts }),
      sourceProvider('two', `${two!.origin}/v1`, { type: 'mistral', timeouts }),
    ],
    aliases: [
      {
        name: 'known',
        strategy: 'priority',
        targets: [place('one')],
        fallbacks: [place('two')],
        continue_streams: true,
      },
    ],
  })
  one!.next({ fault: 'cut', after: 6, text: TEXT })
  two!.next({ text: TEXT })
  const body = { model: 'known', stream: true, messages: [{ role: 'user', content: 'When?' }] }
  const text = await (await known.post('/v1/chat/completions', body)).text()
  expect(DIALECTS[0]!.read(text, true)).toEqual({ kind: 'answer', text: TEXT })
  const { messages } = (await two!.received()).json() as { messages: unknown[] }
  expect(messages.at(-1)).toEqual({ role: 'assistant', content: 'Aye: the harbour opens\n  at', prefix: true })
  await known.stop()
})

test('an answer in two voices is not kept for others', async () => {
  const cached = start({ cache: { rules: [{ for: {} }] } })
  vendors.openai[0]!.next({ fault: 'cut', after: 6, text: TEXT })
  vendors.openai[1]!.next(REST)
  const body = { model: 'openai-openai', stream: true, messages: [{ role: 'user', content: 'When?' }] }
  for (const requests of [1, 2]) {
    const response = await cached.post('/v1/chat/completions', body)
    await response.text()
    expect([response.headers.get('x-portreeve-cache'), vendors.openai[0]!.requests.length]).toEqual(['miss', requests])
  }
  const kept = await cached.post('/v1/chat/completions', body)
  await kept.text()
  expect(kept.headers.get('x-portreeve-cache')).toBe('hit')
  await cached.stop()
})

test('a guard that reads answers forbids it', async () => {
  vendors.openai[0]!.next({ fault: 'cut', after: 6, text: TEXT })
  const guarded = start({ guards: [{ name: 'words', kind: 'patterns', on: ['output'], words: ['secret'] }] })
  const body = { model: 'openai-openai', stream: true, messages: [{ role: 'user', content: 'When?' }] }
  const text = await (await guarded.post('/v1/chat/completions', body)).text()
  expect(DIALECTS[0]!.read(text, true).kind).toBe('broken')
  await guarded.stop()
})

describe('official clients see one stream', () => {
  beforeEach(() => {
    vendors.openai[0]!.next({ fault: 'reset-mid-stream', after: 6, text: TEXT })
    vendors.openai[1]!.next(REST)
  })
  const content = 'When does the harbour open?'

  test('openai, chat completions', async () => {
    const client = new OpenAI({ apiKey: SECRET, baseURL: `${gateway.url}/v1`, maxRetries: 0 })
    const stream = client.chat.completions.stream({ model: 'openai-openai', messages: [{ role: 'user', content }] })
    expect((await stream.finalChatCompletion()).choices[0]!.message.content).toBe(TEXT)
  })

  test('openai, responses', async () => {
    const client = new OpenAI({ apiKey: SECRET, baseURL: `${gateway.url}/v1`, maxRetries: 0 })
    const final = await client.responses.stream({ model: 'openai-openai', input: content }).finalResponse()
    expect(final.output_text).toBe(TEXT)
    expect(final.output).toHaveLength(1)
  })

  test('anthropic', async () => {
    const client = new Anthropic({ apiKey: SECRET, baseURL: gateway.url, maxRetries: 0 })
    const stream = client.messages.stream({
      model: 'openai-openai',
      max_tokens: 64,
      messages: [{ role: 'user', content }],
    })
    const final = await stream.finalMessage()
    expect(final.content).toMatchObject([{ type: 'text', text: TEXT }])
    expect(final.stop_reason).toBe('end_turn')
  })

  test('google', async () => {
    const client = new GoogleGenAI({ apiKey: SECRET, httpOptions: { baseUrl: gateway.url } })
    let text = ''
    for await (const each of await client.models.generateContentStream({ model: 'openai-openai', contents: content }))
      text += each.text ?? ''
    expect(text).toBe(TEXT)
  })
})

// Calls that send a file as a form, as the official SDK and others write it.
import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import OpenAI, { APIError, toFile } from 'openai'
import { Configuration } from '../../src/contract/configuration.ts'
import { chunk, head, LAST_CHUNK, whole, type Step } from '../fake-vendor/steps.ts'
import { FakeVendor } from '../fake-vendor/vendor.ts'
import { SECRET, sourceProvider, startTestGateway } from '../helpers/gateway.ts'

const SOUND = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 7919) % 256)
const MAIL = 'jane.doe@example.com'
const PATH = '/v1/audio/transcriptions'

const vendor = new FakeVendor()
const start = (traffic?: object) =>
  startTestGateway(
    {
      providers: [sourceProvider('fake', `${vendor.origin}/v1`)],
      aliases: [{ name: 'ears', targets: [{ provider: 'fake', model: 'whisper-ü' }], retries: { attempts: 1 } }],
      ...(traffic ? { traffic: Configuration.parse(traffic) } : {}),
    },
    { bodyBytes: 100_000 },
  )
const gateway = start()
const client = new OpenAI({ apiKey: SECRET, baseURL: `${gateway.url}/v1`, maxRetries: 0 })

afterAll(async () => {
  await gateway.stop()
  await vendor.stop()
})

beforeEach(() => {
  vendor.reset()
  gateway.records.length = 0
})

const USAGE = {
  type: 'tokens',
  input_tokens: 14,
  input_token_details: { text_tokens: 4, audio_tokens: 10 },
  output_tokens: 5,
  total_tokens: 19,
}
const transcript = (text: string) => ({ status: 200, body: { text, usage: USAGE } })
const file = () => toFile(SOUND, 'a "b" ü.wav', { type: 'audio/wav' })

/** What the vendor got, read by another parser. */
const received = (index = 0) => {
  const { body, headers } = vendor.requests[index]!
  return new Response(body.slice(), { headers: { 'content-type': headers['content-type']! } }).formData()
}

const failure = async (promise: PromiseLike<unknown>) => {
  try {
    await promise
  } catch (error) {
    return error as APIError
  }
  throw new Error('nothing was raised')
}

describe('the SDK', () => {
  test.each(['fake/whisper-1', 'ears'])('transcribes, as %s', async (model) => {
    vendor.next(transcript('Good morning.'))
    const told = await client.audio.transcriptions.create({
      file: await file(),
      model,
      prompt: 'Ports',
      timestamp_granularities: ['word', 'segment'],
    })
    expect(told.text).toBe('Good morning.')
    expect(vendor.requests[0]!.path).toBe(PATH)
    const form = await received()
    expect(form.getAll('model')).toEqual([model === 'ears' ? 'whisper-ü' : 'whisper-1'])
    expect(form.getAll('timestamp_granularities[]')).toEqual(['word', 'segment'])
    expect(form.get('prompt')).toBe('Ports')
    expect(await (form.get('file') as File).bytes()).toEqual(SOUND)
    const record = await gateway.record()
    expect(record).toMatchObject({ endpoint: 'audio.transcriptions', model_asked: model, status: 200 })
    expect(record.usage).toMatchObject({ output: 5, audio_input: 10 })
  })

  test('that is counted in seconds has no tokens on its record, and no cost', async () => {
    vendor.next({ status: 200, body: { text: 'x', usage: { type: 'duration', seconds: 37 } } })
    await client.audio.transcriptions.create({ file: await file(), model: 'ears' })
    expect(await gateway.record()).toMatchObject({ status: 200, usage: null, cost_micros: null })
  })

  test('translates', async () => {
    vendor.next(transcript('Good morning.'))
    const told = await client.audio.translations.create({ file: await file(), model: 'ears' })
    expect(told.text).toBe('Good morning.')
    expect(vendor.requests[0]!.path).toBe('/v1/audio/translations')
    expect((await gateway.record()).endpoint).toBe('audio.translations')
  })

  test('gets text and subtitles as they are', async () => {
    vendor.next({ steps: () => whole(200, 'text/plain; charset=utf-8', 'Good morning.\n') })
    const told = await client.audio.transcriptions.create({ file: await file(), model: 'ears', response_format: 'srt' })
    expect(told).toBe('Good morning.\n')
  })

  test('is told the field of what is wrong', async () => {
    const unknown = await failure(client.audio.transcriptions.create({ file: await file(), model: 'nobody/none' }))
    expect([unknown.status, unknown.param]).toEqual([404, 'model'])
    const missing = await failure(client.audio.transcriptions.create({ file: await file() } as never))
    expect([missing.status, missing.param]).toEqual([400, 'model'])
    expect(vendor.requests).toEqual([])
  })

  test('is told when its file is too large', async () => {
    const large = await toFile(new Uint8Array(100_001), 'a.wav')
    expect((await failure(client.audio.transcriptions.create({ file: large, model: 'ears' }))).status).toBe(413)
    expect(vendor.requests).toEqual([])
  })
})

describe('a stream', () => {
  const event = (data: object) => chunk(`data: ${JSON.stringify(data)}\n\n`)
  const delta = (text: string) => event({ type: 'transcript.text.delta', delta: text })
  const done = event({ type: 'transcript.text.done', text: 'Good morning.', usage: USAGE })
  const DONE = chunk('data: [DONE]\n\n')
  const streamOf = (...steps: readonly Step[]) => ({
    steps: () => [
      { write: head(200, { 'content-type': 'text/event-stream', 'transfer-encoding': 'chunked' }) },
      ...steps,
    ],
  })
  const listen = async () => {
    const events: { type: string; delta?: string }[] = []
    const stream = await client.audio.transcriptions.create({ file: await file(), model: 'ears', stream: true })
    for await (const each of stream) events.push(each)
    return events.map(({ type, delta }) => delta ?? type)
  }

  test.each<[string, readonly Step[]]>([
    ['without a mark', [LAST_CHUNK]],
    ['with a mark', [DONE, LAST_CHUNK]],
    ['cut behind its last event', [{ close: 'reset' }]],
  ])('passes through and ends, %s', async (_, end) => {
    vendor.next(streamOf(delta('Good '), delta('morning.'), done, ...end))
    expect(await listen()).toEqual(['Good ', 'morning.', 'transcript.text.done'])
    const record = await gateway.record()
    expect(record).toMatchObject({ stream: true, status: 200, error_code: null })
    expect(record.usage).toMatchObject({ output: 5, audio_input: 10 })
  })

  test.each<[string, readonly Step[]]>([
    ['ends', [LAST_CHUNK]],
    ['is cut', [{ close: 'reset' }]],
  ])('that %s too early ends in an error', async (_, end) => {
    const quoted = delta('"type":"transcript.text.done"')
    vendor.next(streamOf(delta('Good '), quoted, ...end))
    expect(await failure(listen())).toBeInstanceOf(APIError)
    const record = await gateway.record()
    expect(record.error_code).toBe('upstream_failed')
    // What is not known is guessed for a sound, not for a text of so many bytes.
    expect(record.usage!.input).toBeGreaterThan(1_000)
    expect(record.usage!.input).toBeLessThan(2_000)
  })
})

describe('a form', () => {
  const send = (body: string, contentType = 'multipart/form-data; charset=utf-8; boundary="a b"', at = gateway) =>
    at.post(PATH, body, { headers: { 'content-type': contentType } })
  const part = (name: string, content: string) =>
    `--a b\r\ncontent-disposition: form-data; name=${name}\r\nX-Own: ü\r\n\r\n${content}\r\n`
  const fileOf = (content: string) => part('file; filename="ü.wav"', content)

  test('reaches the vendor byte by byte, with the model that answers', async () => {
    vendor.always(transcript('x'))
    const form = (model: string) => `${part('prompt', 'fake/m\r\n')}${part('model', model)}${fileOf('\0\r\nü')}--a b--`
    expect((await send(form('fake/m'))).status).toBe(200)
    expect((await send(form('fake/other:7'))).status).toBe(200)
    expect(vendor.requests.map(({ text }) => text)).toEqual([form('m'), form('other:7')])
    for (const { headers, body } of vendor.requests) {
      expect(headers['content-type']).toBe('multipart/form-data; charset=utf-8; boundary="a b"')
      expect(headers['content-length']).toBe(String(body.length))
      expect(headers['authorization']).toBe('Bearer vendor-secret')
    }
  })

  test.each<[string, string, string | undefined, string | null, string]>([
    ['two models', `${part('model', 'ears')}${part('model', 'ears')}--a b--`, undefined, 'model', 'given twice'],
    ['a model that is a file', `${part('model; filename=x', 'ears')}--a b--`, undefined, 'model', 'not a file'],
    ['no end', part('model', 'ears'), undefined, null, 'before its last boundary'],
    ['no boundary', `${part('model', 'ears')}--a b--`, 'multipart/form-data', null, 'boundary'],
    [
      'a model that holds the boundary',
      `${part('model', 'fake/--a')}--a--`.replaceAll('--a b', '--a'),
      'multipart/form-data; boundary=a',
      null,
      'inside of a part',
    ],
  ])('is refused with %s', async (_, body, contentType, param, message) => {
    const response = await send(body, contentType)
    expect(response.status).toBe(400)
    const { error } = (await response.json()) as { error: { param: string | null; message: string; code: string } }
    expect(error).toMatchObject({ param, code: 'invalid_request' })
    expect(error.message).toContain(message)
    expect(vendor.requests).toEqual([])
  })

  test('may also be JSON', async () => {
    vendor.next(transcript('x'))
    expect((await gateway.post(PATH, { model: 'ears', url: 'https://example.com/a.wav' })).status).toBe(200)
    expect(vendor.requests[0]!.json()).toEqual({ model: 'whisper-ü', url: 'https://example.com/a.wav' })
    expect(vendor.requests[0]!.headers['content-type']).toBe('application/json')
  })

  test('counts as what its file holds, not as text', async () => {
    const limit = { name: 'l', tokens_per_minute: 2_000 }
    await using limited = stopping(start({ limits: [limit] }))
    vendor.always(transcript('x'))
    const form = `${part('model', 'fake/m')}${fileOf('z'.repeat(60_000))}--a b--`
    expect((await send(form, undefined, limited)).status).toBe(200)
  })

  test('is read by guards as far as it is text', async () => {
    const form = (mail: string) => `${part('prompt', mail)}${part('model', 'fake/m')}${fileOf(MAIL)}--a b--`
    await using masking = stopping(
      start({ guards: [{ name: 'g', kind: 'personal_data', action: 'mask', on: ['input'] }] }),
    )
    vendor.always(transcript('x'))
    expect((await send(form(MAIL), undefined, masking)).status).toBe(200)
    expect(vendor.requests[0]!.text).toBe(form('[EMAIL]').replace('fake/m', 'm'))
    await using refusing = stopping(start({ guards: [{ name: 'g', kind: 'personal_data', unreadable: 'refuse' }] }))
    const refused = await send(form('x'), undefined, refusing)
    expect(refused.status).toBe(400)
    expect(await refused.text()).toContain('cannot be read as text')
    expect(vendor.requests).toHaveLength(1)
  })

  test.each([`Ask ${MAIL}.\n`, '42'])('whose answer is a text has it read by guards: %s', async (said) => {
    await using masking = stopping(start({ guards: [{ name: 'g', kind: 'personal_data', action: 'mask' }] }))
    vendor.next({ steps: () => whole(200, 'text/plain', said) })
    const response = await send(
      `${part('model', 'fake/m')}${part('response_format', 'text')}--a b--`,
      undefined,
      masking,
    )
    expect(await response.text()).toBe(said.replace(MAIL, '[EMAIL]'))
  })
})

const stopping = <T extends { stop(): Promise<void> }>(gateway: T): T & AsyncDisposable =>
  Object.assign(gateway, { [Symbol.asyncDispose]: () => gateway.stop() })

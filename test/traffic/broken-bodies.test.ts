// Bodies that are nearly JSON: whoever reads them, the caller is told what is wrong with them.
import { afterAll, describe, expect, test } from 'bun:test'
import { Configuration } from '../../src/contract/configuration.ts'
import { FakeVendor } from '../fake-vendor/vendor.ts'
import { SECRET, sourceKey, sourceProvider, startTestGateway } from '../helpers/gateway.ts'

const vendor = new FakeVendor()
const own = (name: string) => `${SECRET.slice(0, -9)}${name.padEnd(9, '0')}`
const gateway = startTestGateway({
  keys: ['plain', 'guarded', 'cached', 'budgeted'].map((name) => sourceKey(own(name), { name })),
  providers: [
    sourceProvider('same', `${vendor.origin}/v1`),
    sourceProvider('other', `${vendor.origin}/v1`, { type: 'anthropic' }),
  ],
  prices: [{ provider: 'same', model: 'm', input: 1_000_000, output: 1_000_000 }],
  traffic: Configuration.parse({
    guards: [{ name: 'g', kind: 'personal_data', for: { key: 'guarded' } }],
    cache: { rules: [{ for: { key: 'cached' } }] },
    budgets: [{ name: 'b', amount_micros: 2_000, for: { key: 'budgeted' } }],
  }),
})
afterAll(async () => {
  await gateway.stop()
  await vendor.stop()
})

const LONG = 'x'.repeat(300)
const send = (key: string, body: string) =>
  gateway.post('/v1/chat/completions', body, { headers: { authorization: `Bearer ${own(key)}` } })

/** Whoever must read the whole body: a guard, the cache, a budget that caps the answer, a translation. */
const READERS: [string, string][] = [
  ['guarded', 'same/m'],
  ['cached', 'same/m'],
  ['budgeted', 'same/m'],
  ['plain', 'other/m'],
]

describe.each(READERS)('read for %s to %s', (key, model) => {
  test.each([
    ['an escape that does not exist', `${LONG}\\x`, '"x" at position'],
    ['an escape without its digits', `${LONG}\\u12`, '""" at position'],
    ['a control character', `${LONG}\n`, 'byte 0x0a at position'],
  ])('%s in a long text is the caller’s fault', async (_, content, place) => {
    const before = vendor.requests.length
    const response = await send(key, `{"model":"${model}","messages":[{"role":"user","content":"${content}"}]}`)
    expect(response.status).toBe(400)
    const { error } = (await response.json()) as { error: { code: string; message: string } }
    expect(error.code).toBe('invalid_json')
    expect(error.message).toContain(`the body is not valid JSON: unexpected ${place}`)
    expect(vendor.requests.length).toBe(before)
  })

  test('a byte order mark is passed over', async () => {
    const body = `\ufeff{"model":"${model}","messages":[{"role":"user","content":"Hi"}]}`
    expect((await send(key, body)).status).not.toBe(500)
    expect(gateway.problems).toEqual([])
  })
})

test.each(['user', 'model'])('an escape that does not exist is refused in %s too', async (field) => {
  const body = { model: 'same/m', messages: [], [field]: `same/${LONG}!` }
  const response = await send('plain', JSON.stringify(body).replace('!', '\\x'))
  expect(response.status).toBe(400)
  expect(await response.text()).toContain('invalid_json')
})

test('arguments that nest without end are read as a text', async () => {
  const args = '['.repeat(100_000) + ']'.repeat(100_000)
  const tool_calls = [{ id: 'c', type: 'function', function: { name: 'f', arguments: args } }]
  const body = {
    model: 'same/m',
    messages: [
      { role: 'assistant', tool_calls },
      { role: 'tool', tool_call_id: 'c', content: '' },
    ],
  }
  expect((await send('guarded', JSON.stringify(body))).status).toBe(200)
})

test('a stream that the vendor answers with nothing is refused as a whole', async () => {
  vendor.next({ steps: () => [{ write: 'HTTP/1.1 204 No Content\r\n\r\n' }] })
  const response = await send('plain', JSON.stringify({ model: 'same/m', stream: true, messages: [] }))
  expect(response.status).toBe(502)
  expect(await response.text()).toContain('upstream_invalid')
})

import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { FAULTS, type FaultName } from '../../test/fake-vendor/faults.ts'
import { FakeVendor } from '../../test/fake-vendor/vendor.ts'
import { sourceProvider, startTestGateway } from '../../test/helpers/gateway.ts'

const vendor = new FakeVendor()
const timeouts = { connect_ms: 2_000, first_byte_ms: 400, idle_ms: 400, total_ms: 2_500 }
const gateway = startTestGateway({ providers: [sourceProvider('local', `${vendor.origin}/v1`, { timeouts })] })
afterAll(async () => {
  await gateway.stop()
  await vendor.stop()
})
beforeEach(() => {
  vendor.reset()
  gateway.records.length = 0
})

const MESSAGES = [{ role: 'user', content: 'Say something with ünïcödé 漢字 🚢.' }]

/** What an honest client makes of an answer, without any SDK's kindness. */
async function outcomeOf(
  response: Response,
  stream: boolean,
): Promise<{ kind: 'answer' | 'refused' | 'broken'; text: string }> {
  if (!response.ok) {
    const body = (await response.json()) as { error: Record<string, unknown> }
    expect(Object.keys(body.error).toSorted()).toEqual(['code', 'message', 'param', 'type'])
    return { kind: 'refused', text: String(body.error['message']) }
  }
  let text: string
  try {
    text = await response.text()
  } catch {
    return { kind: 'broken', text: '' }
  }
  if (!stream) {
    const body = JSON.parse(text) as { choices: { message: { content: string } }[] }
    return { kind: 'answer', text: body.choices[0]!.message.content }
  }
  const events = text
    .split(/\r?\n\r?\n/)
    .filter((event) => event.startsWith('data: '))
    .map((event) => event.slice(6))
  const done = events.at(-1) === '[DONE]'
  const parsed = events.filter((event) => event !== '[DONE]').map(parse)
  const failed = parsed.some((event) => event === undefined || 'error' in event)
  const content = parsed.map((event) => event?.choices?.[0]?.delta?.content ?? '').join('')
  expect(parsed.some((event) => event?.choices?.length === 0)).toBe(false)
  return { kind: done && !failed ? 'answer' : 'broken', text: content }
}

type Chunk = { choices?: { delta?: { content?: string } }[]; error?: unknown }

function parse(event: string): Chunk | undefined {
  try {
    return JSON.parse(event) as Chunk
  } catch {
    return undefined
  }
}

for (const stream of [false, true]) {
  describe(stream ? 'streamed' : 'plain', () => {
    test.each(Object.keys(FAULTS) as FaultName[])('%s', async (fault) => {
      vendor.next({ fault, wait: 20, bytes: 1024 * 1024 })
      const controller = new AbortController()
      const response = await gateway.post(
        '/v1/chat/completions',
        { model: 'local/gpt-4o', messages: MESSAGES, stream },
        { signal: controller.signal },
      )
      expect(response.headers.get('x-request-id')).toMatch(/^call_/)
      const expected = FAULTS[fault][stream ? 'stream' : 'plain']
      const { kind, text } = await outcomeOf(response, stream)
      if (expected === 'answer-or-broken') expect(['answer', 'broken']).toContain(kind)
      else expect(kind).toBe(expected)
      const record = await gateway.record()
      expect(record.error_code === null).toBe(kind === 'answer')
      expect(record.id).toBe(response.headers.get('x-request-id')!)
      if (kind === 'answer') expect(text.length).toBeGreaterThan(0)
      vendor.release()
      expect(vendor.requests).toHaveLength(1)
      expect(gateway.records).toHaveLength(1)
      expect(gateway.gateway.inFlight).toBe(0)
      expect(gateway.problems.splice(0)).toEqual([])
      controller.abort()
      // The next call must not race with this one's farewell.
      if (fault === 'idle-close' || fault === 'extra-bytes') await vendor.requests[0]!.closed
    })
  })
}

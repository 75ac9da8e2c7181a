import { expect, test } from 'bun:test'
import { createStreamEncoder } from '../llm/protocols/openai-responses/encode-stream.ts'
import { createResponseTap } from '../llm/protocols/openai-responses/tap.ts'
import { PassThrough } from './transform.ts'
import { callErrorOf } from '../llm/errors.ts'
import { AppError } from '../errors.ts'

const event = (type: string, sequence: number) =>
  `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence, response: { id: 'resp_1', output: [] } })}\n\n`

const BEGUN = event('response.created', 0) + event('response.in_progress', 1) + event('response.output_text.delta', 2)

test.each([
  { name: 'whole events', sent: [BEGUN], next: 3 },
  {
    name: 'a cut inside the next event',
    sent: [BEGUN, 'event: response.output_text.delta\ndata: {"type":"resp'],
    next: 3,
  },
  { name: 'a number cut in two', sent: [`${BEGUN}data: {"sequence_number":3`, '1,"delta":"a"}\n\n'], next: 32 },
  { name: 'nothing', sent: [], next: 0 },
])('an error in a Responses stream goes on counting after $name', ({ sent, next }) => {
  const stream = new PassThrough(createResponseTap(true), (resumed) =>
    createStreamEncoder({
      request: {
        dialect: 'openai-responses',
        model: 'm',
        system: [],
        messages: [],
        tools: [],
        stream: true,
        extra: {},
      },
      model: 'm',
      requestId: 'call_1',
      created: 0,
      resumed,
    }),
  )
  for (const text of sent) stream.push(Buffer.from(text))
  const bytes = stream.fail(callErrorOf(new AppError('upstream_failed', 'cut')))
  const events = [...bytes.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data!))
  expect(events.map(({ type, sequence_number }) => [type, sequence_number])).toEqual([
    ['error', next],
    ['response.failed', next + 1],
  ])
  expect(events[1].response.id).toBe(sent.length > 0 ? 'resp_1' : 'resp_call_1')
})

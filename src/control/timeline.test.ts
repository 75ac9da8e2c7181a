import { expect, test } from 'bun:test'
import { callRecord } from '../../test/records.ts'
import { timelineOf } from './calls.ts'

const attempt = {
  provider: 'one',
  model: 'm',
  key: null,
  status: 200,
  error_code: null,
  started_ms: 1,
  duration_ms: 40,
}

test('a stream that another target ended shows who went on with it', () => {
  const spans = timelineOf(
    callRecord({
      stream: true,
      first_byte_ms: 5,
      total_ms: 90,
      attempts: [
        { ...attempt, error_code: 'upstream_failed' },
        { ...attempt, provider: 'two', started_ms: 41, continues: true },
      ],
    }),
  )
  expect(spans.map(({ label, failed }) => [label, failed])).toEqual([
    ['gateway', false],
    ['one/m', true],
    ['two/m, going on with the stream', false],
  ])
})

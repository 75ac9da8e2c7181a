import { expect, test } from 'bun:test'
import { malformed } from './server.ts'

test.each([
  [408, 'the head did not come in time', 'request_timeout', 'the head did not come in time: send it again', true],
  [431, 'the head is too large', 'invalid_request', 'the head is too large.', false],
  [400, 'there is no Host', 'invalid_request', 'there is no Host.', false],
] as const)(
  '%d is answered in the envelope, with an id and whether to try again',
  (status, problem, code, message, again) => {
    const answer = malformed(status, problem)
    expect(answer.status).toBe(status)
    expect(JSON.parse(answer.body as string)).toEqual({
      error: { message, type: 'invalid_request_error', param: null, code },
    })
    expect(answer.headers).toContain('x-request-id: call_')
    expect(answer.headers).toContain(`x-should-retry: ${again}`)
  },
)

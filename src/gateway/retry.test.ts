import { describe, expect, test } from 'bun:test'
import { Retries } from '../contract/routing.ts'
import { ERRORS, type ErrorCode } from '../errors.ts'
import type { CallError } from '../llm/spec.ts'
import { isTargetFailure, judgeFailure, restReasonOf, RetryBudget, waitBeforeRetry } from './retry.ts'

function failure(code: ErrorCode, vendorStatus?: number): CallError {
  const { status, retryable } = ERRORS[code]
  const vendor = vendorStatus === undefined ? {} : { vendor: { status: vendorStatus } }
  return { code, status, message: '', retryable, ...vendor }
}

test.each<[ErrorCode, number | undefined, string, boolean, string | undefined]>([
  ['upstream_failed', 500, 'again', true, undefined],
  ['upstream_failed', 503, 'again', true, undefined],
  ['overloaded', 529, 'again', true, undefined],
  ['upstream_failed', undefined, 'again', true, undefined],
  ['upstream_invalid', undefined, 'again', true, undefined],
  ['upstream_timeout', undefined, 'elsewhere', true, undefined],
  ['rate_limited', 429, 'again', false, 'rate_limited'],
  ['quota_exceeded', 429, 'elsewhere', false, 'rate_limited'],
  ['upstream_unauthorized', 401, 'elsewhere', false, 'rejected'],
  ['upstream_unauthorized', 403, 'elsewhere', false, 'rejected'],
  ['model_not_found', 404, 'elsewhere', false, undefined],
  ['invalid_request', 400, 'final', false, undefined],
  ['invalid_request', 422, 'final', false, undefined],
  ['body_too_large', 413, 'final', false, undefined],
  ['context_length_exceeded', 400, 'special', false, undefined],
  ['content_filtered', 400, 'special', false, undefined],
  ['client_closed', undefined, 'final', false, undefined],
  ['limits_unavailable', undefined, 'elsewhere', true, undefined],
  ['internal', undefined, 'final', false, undefined],
])('%s from status %p is judged %s', (code, status, kind, target, rest) => {
  const error = failure(code, status)
  expect(judgeFailure(error).kind).toBe(kind as 'final')
  expect(restReasonOf(error)).toBe(rest as 'rejected')
  expect(isTargetFailure(error)).toBe(target)
})

describe('waiting', () => {
  const retries = Retries.parse({})
  test.each([
    [1, undefined, 0, 125],
    [1, undefined, 1, 250],
    [3, undefined, 1, 1_000],
    [9, undefined, 1, 8_000],
    [1, 3_000, 0, 3_000],
    [1, 5_001, 0, undefined],
  ])('try %d, vendor says %p', (tried, vendorMs, random, expected) => {
    expect(waitBeforeRetry(retries, tried, vendorMs, () => random)).toBe(expected as number)
  })
})

test('repetitions stay within a tenth of the traffic', () => {
  const budget = new RetryBudget()
  const now = 1_800_000_000_000
  for (let n = 0; n < 5_000; n++) budget.called(now)
  let taken = 0
  while (budget.take(now)) taken++
  expect(taken).toBe(500)
  expect(budget.take(now + 11_000)).toBe(true)
})

import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { type ErrorCode, ERRORS } from '../src/errors.ts'
import { callError, PASSED_ON, vendorError } from '../src/llm/errors.ts'
import { encodeError } from '../src/llm/protocols/openai-chat/encode-response.ts'
import { ANTHROPIC_ROUTES, OPENAI_ROUTES } from '../src/snapshot/endpoint.ts'

const ERROR_CODES = Object.keys(ERRORS) as ErrorCode[]
const page = await Bun.file(join(import.meta.dir, '..', 'docs', 'api.md')).text()

test('docs/api.md lists every error code with its status and whether to try again', () => {
  const rows = [...page.matchAll(/^\| `(\w+)` *\| (\d{3}) *\| (yes|no) *\| \S/gm)]
  const listed = Object.fromEntries(
    rows.map(([, code, status, again]) => [code, { status: Number(status), retryable: again === 'yes' }]),
  )
  expect(listed as object).toEqual(ERRORS)
})

test('docs/api.md names the codes that OpenAI’s envelope has in other words', () => {
  const rows = [...page.matchAll(/^\| `(\w+)` *\| `(\w+)` *\|$/gm)]
  const words = ERROR_CODES.flatMap((code) => {
    const { body } = encodeError(callError(code, 'x'), 'call_1')
    const said = (body as { error: { code: string } }).error.code
    return said === code ? [] : [[code, said]]
  })
  expect(rows.map(([, code, said]) => [code, said])).toEqual(words as [string, string][])
})

test('docs/api.md names the statuses of vendors that are passed on, and they are', () => {
  const sentence = /failed with ([\d, or]+), the caller sees the\s+vendor's own status/.exec(page)?.[1] ?? ''
  expect(sentence.match(/\d+/g)?.map(Number)).toEqual([...PASSED_ON])
  for (const status of PASSED_ON) expect(vendorError({ status })).toMatchObject({ status })
  expect(vendorError({ status: 500 })).toMatchObject({ status: 500, code: 'upstream_failed', retryable: true })
  expect(vendorError({ status: 502 })).toMatchObject({ status: 502, code: 'upstream_failed', retryable: true })
})

test('docs/api.md lists every path with the name that is recorded', () => {
  const rows = [...page.matchAll(/^\| `POST (\/[\w/]+)` *\| [\w, ]+ \| `([\w.]+)` *\|$/gm)]
  const served = [...OPENAI_ROUTES, ...ANTHROPIC_ROUTES].map(([path, route]) => [path, route.recordedAs])
  // Names no model: the router knows it with the other paths of what providers keep.
  served.push(['/conversations', 'conversations.create'])
  expect(new Map(rows.map(([, path, recordedAs]) => [path, recordedAs]) as [string, string][])).toEqual(
    new Map(served as [string, string][]),
  )
})

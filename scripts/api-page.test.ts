import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { ERRORS } from '../src/errors.ts'
import { ANTHROPIC_ROUTES, OPENAI_ROUTES } from '../src/snapshot/endpoint.ts'

const page = await Bun.file(join(import.meta.dir, '..', 'docs', 'api.md')).text()

test('docs/api.md lists every error code with its status and whether to try again', () => {
  const rows = [...page.matchAll(/^\| `(\w+)` \| (\d{3}) \| (yes|no) \| \S/gm)]
  const listed = Object.fromEntries(
    rows.map(([, code, status, again]) => [code, { status: Number(status), retryable: again === 'yes' }]),
  )
  expect(listed as object).toEqual(ERRORS)
})

test('docs/api.md lists every path with the name that is recorded', () => {
  const rows = [...page.matchAll(/^\| `POST (\/[\w/]+)` \| [\w, ]+ \| `([\w.]+)` \|$/gm)]
  const served = [...OPENAI_ROUTES, ...ANTHROPIC_ROUTES].map(([path, route]) => [path, route.recordedAs])
  expect(new Map(rows.map(([, path, recordedAs]) => [path, recordedAs]) as [string, string][])).toEqual(
    new Map(served as [string, string][]),
  )
})

import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { apiDocs } from './api-docs.ts'

test('docs/management-api.md says what the endpoints say', async () => {
  expect(await Bun.file(join(import.meta.dir, '..', 'docs', 'management-api.md')).text()).toBe(apiDocs())
})

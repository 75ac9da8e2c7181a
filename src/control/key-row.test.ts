import { expect, test } from 'bun:test'
import { DEFAULT_BREAKER, DEFAULT_OVERLOAD, DEFAULT_RETRIES, DEFAULT_SHARING } from '../contract/defaults.ts'
import { Key } from '../contract/key.ts'
import { Breaker, Overload, Retries, Sharing } from '../contract/routing.ts'
import { keyBody, keyFields } from './key-row.ts'

const Stored = Key.omit({ secret: true, name: true, expires_at: true })

test.each([
  [{}],
  [{ models: ['a', 'b/*'], team: 'web', application: 'shop', priority: 'low', on_unsupported: 'refuse' }],
  [{ priority: 'high' }],
])('a row that holds %j is read as its schema says', (body) => {
  expect(keyBody({ body: JSON.stringify(body) })).toEqual(Stored.parse(body))
})

test('a key comes back from its row as it was', () => {
  const { name, ...body } = Key.parse({ name: 'web', models: ['fast'], team: 'web' })
  const fields = keyFields({ name, ...body })
  expect([fields.name, keyBody(fields)]).toEqual(['web', body])
})

test.each([
  ['retries', DEFAULT_RETRIES, Retries],
  ['breaker', DEFAULT_BREAKER, Breaker],
  ['overload', DEFAULT_OVERLOAD, Overload],
  ['sharing', DEFAULT_SHARING, Sharing],
] as const)('the data plane uses the defaults of the schema of %s', (_, defaults, schema) => {
  expect(schema.parse({}) as unknown).toEqual(defaults)
})

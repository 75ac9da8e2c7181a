import { expect, test } from 'bun:test'
import { readerHere, readerInThread } from './read-text.ts'

const SCOPE = { env: { NAME: 'x'.repeat(20) }, folder: '/' }

test.each([
  ['a file', 'keys: [{ name: a, secret: env:NAME }]'],
  ['a file with what is unwise', 'keys: [{ name: a, secret: short }]'],
  ['a wrong file', 'keys:\n  - nam: a\n  - { name: b, secret: env:GONE }'],
  ['no YAML', 'keys: [\n'],
])('%s is read in a thread as it is read here', async (_, text) => {
  const asked = [text, '/etc/portreeve.yaml', SCOPE] as const
  expect(await readerInThread.read(...asked)).toEqual(await readerHere.read(...asked))
})

test('places are found in a thread as they are found here', async () => {
  const text = 'aliases:\n  - name: fast\n    targets: [{ provider: gone, model: m }]\n'
  const findings = [{ place: 'aliases.fast', message: 'targets[0].provider "gone" is not set up' }]
  const found = await readerInThread.locate(text, 'a.yaml', findings)
  expect(found).toEqual(await readerHere.locate(text, 'a.yaml', findings))
  expect(found[0]).toMatchObject({ line: 3, field: 'aliases[0].targets[0].provider' })
})

test('what a thread cannot do is told', async () => {
  const refused: unknown = await readerInThread
    .read(undefined as never, 'a.yaml', SCOPE)
    .catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(Error)
})

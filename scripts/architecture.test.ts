import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { ALLOWED } from './boundaries.ts'

test('docs/architecture.md draws the walls that are enforced', async () => {
  const page = await Bun.file(join(import.meta.dir, '..', 'docs', 'architecture.md')).text()
  const rows = [...page.matchAll(/^\| `([\w-]+)` \|[^|]*\|([^|]*)\|$/gm)]
  const drawn = Object.fromEntries(
    rows.map(([, room = '', rooms = '']) => [
      room,
      rooms
        .split(',')
        .map((name) => name.trim())
        .filter(Boolean)
        .sort(),
    ]),
  )
  const enforced = Object.fromEntries(Object.entries(ALLOWED).map(([room, rooms]) => [room, [...rooms].sort()]))
  expect(drawn).toEqual(enforced)
})

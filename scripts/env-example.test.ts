import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { SETTINGS, type Setting } from '../src/config/setting.ts'

test('.env.example names every setting that the environment can say', async () => {
  const text = await Bun.file(join(import.meta.dir, '..', '.env.example')).text()
  const named = [...text.matchAll(/^#?([A-Z_]+)=/gm)]
    .map(([, name]) => name)
    .filter((name) => !name?.endsWith('_API_KEY'))
  const known = Object.values(SETTINGS).flatMap(({ environment }: Setting) => environment ?? [])
  expect(new Set(named)).toEqual(new Set(known))
})

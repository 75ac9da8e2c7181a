import { expect, it } from 'bun:test'
import { join } from 'node:path'
import { PROVIDERS } from '../src/llm/providers.ts'
import { renderProviderDocs } from './generate-provider-docs.ts'

it('docs/providers.md is current: bun scripts/generate-provider-docs.ts', async () => {
  const written = await Bun.file(join(import.meta.dir, '../docs/providers.md')).text()
  expect(written === renderProviderDocs()).toBe(true)
})

it('shows every provider', () => {
  const text = renderProviderDocs()
  for (const { id } of PROVIDERS) expect(text).toContain(`<br>\`${id}\``)
})

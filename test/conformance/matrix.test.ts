import { describe, expect, it } from 'bun:test'
import { runMatrix } from './matrix.ts'

// The whole matrix is printed by `npm run conformance`; here its cells are a test.
describe('official SDKs through the gateway', () => {
  it('see what the vendor said, in every cell', async () => {
    const cells = await runMatrix()
    expect(cells.length).toBeGreaterThan(600)
    expect(cells.filter((cell) => cell.wrong.length > 0)).toEqual([])
  }, 60_000)
})

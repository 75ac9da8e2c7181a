import { expect, test } from 'bun:test'
import { CASES } from './cases.ts'
import { DIALECTS } from './dialects.ts'
import { runFaults, UPSTREAMS } from './run.ts'

test('every fault, in every format, plain and streamed, ends as it must for client, upstream, record and charge', async () => {
  const cells = await runFaults()
  expect(cells).toHaveLength(CASES.length * DIALECTS.length * UPSTREAMS.length * 2)
  const wrong = cells.filter((cell) => cell.wrong.length > 0)
  expect(wrong).toEqual([])
}, 120_000)

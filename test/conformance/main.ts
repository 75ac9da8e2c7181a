import { DRIVERS, runMatrix, UPSTREAMS } from './matrix.ts'
import { SCENARIOS } from '../vendors/scenario.ts'

const [filter = ''] = process.argv.slice(2)
const started = performance.now()
const cells = await runMatrix({
  only: (cell) =>
    `${cell.driver} ${cell.upstream} ${cell.stream ? 'stream' : 'plain'} ${cell.scenario}`.includes(filter),
})

const widths = [18, 10, ...SCENARIOS.map((scenario) => Math.max(7, scenario.length + 1))]
const row = (values: readonly string[]) => values.map((value, index) => value.padEnd(widths[index] ?? 8)).join('')
console.log('Each cell: plain and streamed. ok = the SDK saw exactly what the vendor said.\n')
console.log(row(['client', 'upstream', ...SCENARIOS]))
for (const driver of DRIVERS) {
  for (const upstream of UPSTREAMS) {
    const values = SCENARIOS.map((scenario) =>
      cells
        .filter((cell) => cell.driver === driver.name && cell.upstream === upstream.id && cell.scenario === scenario)
        .map((cell) => (cell.wrong.length === 0 ? 'ok' : 'NO'))
        .join(' '),
    )
    if (values.some((value) => value !== '')) console.log(row([driver.name, upstream.id, ...values]))
  }
}
for (const driver of DRIVERS)
  if (driver.forgets)
    console.log(
      `\n${driver.name}: the SDK keeps no proofs of thinking from ${driver.forgets.join(', ')}; reasoning is judged without them.`,
    )
const failed = cells.filter((cell) => cell.wrong.length > 0)
for (const cell of failed)
  console.log(
    `\n${cell.driver} → ${cell.upstream}, ${cell.stream ? 'stream' : 'plain'}, ${cell.scenario}\n  ${cell.wrong.join('\n  ')}`,
  )
console.log(
  `\n${cells.length - failed.length} of ${cells.length} ok (${((performance.now() - started) / 1000).toFixed(1)} s)`,
)
if (cells.length === 0) throw new Error('nothing was tested')
process.exit(failed.length > 0 ? 1 : 0)

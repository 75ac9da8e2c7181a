// `npm run faults`: what clients, upstreams and records see of each fault, in every format, with a fallback configured.
import { CASES } from './cases.ts'
import { DIALECTS } from './dialects.ts'
import { runFaults, UPSTREAMS } from './run.ts'

const [filter = ''] = process.argv.slice(2)
const started = performance.now()
const cells = await runFaults(filter)
const width = Math.max(...CASES.map(({ name }) => name.length)) + 2
for (const { wire } of UPSTREAMS) {
  const ofWire = cells.filter(({ upstream }) => upstream === wire.id)
  if (ofWire.length === 0) continue
  console.log(`\nUpstreams speak ${wire.id}. Each cell: what the client saw, requests to the first + second target.\n`)
  console.log(''.padEnd(width + 8) + DIALECTS.map(({ id }) => id.padEnd(16)).join(''))
  for (const { name } of CASES) {
    for (const stream of [false, true]) {
      const row = ofWire.filter((cell) => cell.fault === name && cell.stream === stream)
      if (row.length === 0) continue
      const shown = DIALECTS.map(({ id }) => {
        const cell = row.find(({ dialect }) => dialect === id)
        return (cell ? `${cell.wrong.length ? 'WRONG ' : ''}${cell.client} ${cell.upstreams}` : '').padEnd(16)
      })
      console.log(`${name.padEnd(width)}${(stream ? 'stream' : 'plain').padEnd(8)}${shown.join('')}`)
    }
  }
}
const wrong = cells.filter((cell) => cell.wrong.length > 0)
for (const cell of wrong) {
  console.log(
    `\n${cell.fault}, ${cell.dialect} client, ${cell.upstream} upstream, ${cell.stream ? 'stream' : 'plain'}: ${cell.recorded}`,
  )
  for (const says of cell.wrong) console.log(`  ${says}`)
}
console.log(
  `\n${cells.length - wrong.length} of ${cells.length} right (${((performance.now() - started) / 1000).toFixed(1)} s)`,
)
if (cells.length === 0) throw new Error('nothing was tried')
process.exit(wrong.length ? 1 : 0)

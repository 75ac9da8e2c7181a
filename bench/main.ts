// `npm run bench`: Portreeve beside nginx and a peer, on the same work in one run. See bench/README.md.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CORES, machine } from './machine.ts'
import { asMarkdown, asText, verdicts, type Table } from './report.ts'
import type { Metrics, Running, Scenario } from './scenario.ts'
import { scenarios } from './scenarios/all.ts'
import { installTools, root, versions } from './tools.ts'
import { startUpstreams, type Bench } from './upstreams.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    without: { type: 'string', multiple: true },
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string' },
    list: { type: 'boolean' },
    help: { type: 'boolean' },
  },
})

const chosen = scenarios.filter(
  (scenario) => !values.only || values.only.flatMap((ids) => ids.split(',')).includes(scenario.id),
)
const without = new Set(values.without?.flatMap((ids) => ids.split(',')))

if (values.help || values.list || chosen.length === 0) {
  console.log('npm run bench -- [--only ID,…] [--without CONTENDER,…] [--seconds 3] [--rounds N]\n')
  for (const scenario of scenarios) console.log(`  ${scenario.id.padEnd(14)} ${scenario.title}`)
  process.exit(values.help || values.list ? 0 : 2)
}

/** Starts the scenario's contenders and measures them in turn, round after round. */
async function run(scenario: Scenario, bench: Bench): Promise<Table> {
  const contenders = scenario.contenders.filter(({ id }) => !without.has(id))
  const running: Running[] = []
  const rounds: Metrics[][] = contenders.map(() => [])
  try {
    for (const contender of contenders) running.push(await contender.start(bench))
    for (let round = 0; round < Number(values.rounds ?? scenario.rounds); round++) {
      for (const [index, contender] of contenders.entries()) {
        process.stderr.write(`\r\u001b[K${scenario.id}: round ${round + 1}, ${contender.title} …`)
        rounds[index]!.push(await scenario.measure(running[index]!, bench, contender))
      }
    }
  } finally {
    process.stderr.write('\r\u001b[K')
    await Promise.all(running.map((gateway) => gateway.stop()))
  }
  return {
    scenario,
    rows: contenders.map(({ id, title }, index) => ({ contender: id, title, rounds: rounds[index]! })),
  }
}

installTools(!without.has('portkey') && chosen.some(({ contenders }) => contenders.some(({ id }) => id === 'portkey')))
const ran = versions()
const started = new Date()
const bench = await startUpstreams(Number(values.seconds))
const heading = [
  `Portreeve ${ran['portreeve']} (${ran['commit']}) on Bun ${ran['bun']}, nginx ${ran['nginx']}, Portkey ${ran['portkey']} on Node ${ran['node']}, wrk ${ran['wrk']}`,
  `${machine}; ${CORES ? 'gateway on one core, load and upstream on another' : 'one core for everything: ratios only'}; ${started.toISOString()}`,
]
console.log(`${heading.join('\n')}\n`)

const tables: Table[] = []
let broken = 0
try {
  for (const scenario of chosen) {
    try {
      const table = await run(scenario, bench)
      tables.push(table)
      console.log(`${asText(table)}\n`)
    } catch (error) {
      broken++
      console.log(`${scenario.title}\nFAILED  ${error instanceof Error ? error.message : String(error)}\n`)
    }
  }
} finally {
  await bench.stop()
  rmSync(bench.folder, { recursive: true, force: true })
}

const noisy = Math.max(
  0,
  ...tables.flatMap(({ rows }) => rows.flatMap(({ rounds }) => rounds.map((round) => round['othersPercent'] ?? 0))),
)
if (noisy > 10)
  console.log(
    `Other work took up to ${Math.round(noisy)} % of the gateways' core: run it again on an idle machine (load ${loadavg()[0]?.toFixed(1)}).`,
  )

const missed = tables.flatMap(verdicts).filter(({ ok }) => !ok).length
const name = values.only || values.without ? `part-${chosen.map(({ id }) => id).join('-')}` : 'latest'
const folder = join(root, 'bench', 'results')
mkdirSync(folder, { recursive: true })
const data = tables.map((table) => ({
  id: table.scenario.id,
  title: table.scenario.title,
  rows: table.rows,
  goals: verdicts(table),
}))
writeFileSync(
  join(folder, `${name}.json`),
  `${JSON.stringify({ at: started.toISOString(), machine, versions: ran, scenarios: data }, null, 2)}\n`,
)
writeFileSync(join(folder, `${name}.md`), `# Bench\n\n${heading.join('  \n')}\n\n${tables.map(asMarkdown).join('\n')}`)
console.log(
  `${tables.flatMap(verdicts).length - missed} goals reached, ${missed} missed${broken ? `, ${broken} scenarios failed` : ''}. Figures: bench/results/${name}.md`,
)
process.exit(broken ? 1 : 0)

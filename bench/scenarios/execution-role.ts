import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { launchWork } from '../execution-role.ts'
import { pinned } from '../machine.ts'
import { defineScenario } from '../scenario.ts'
import { root } from '../tools.ts'

const BINARY = join(root, 'dist', 'portreeve')

/** The pure half: no gateway takes part, so the contender is this process and starts nothing but the binary's build. */
export const executionRole = defineScenario({
  id: 'execution-role',
  title: 'IAM decisions and predicted launches, on one core, from a cold start',
  contenders: [
    {
      id: 'portreeve',
      title: 'Portreeve',
      async start(bench) {
        if (!existsSync(BINARY)) {
          const build = Bun.spawn([process.execPath, join(root, 'scripts', 'build.ts')], {
            stdout: 'ignore',
            cwd: root,
          })
          if ((await build.exited) !== 0) throw new Error('npm run build failed')
        }
        const target = { url: `http://127.0.0.1:${bench.plainPort}/`, headers: {}, model: String }
        return { pid: process.pid, plain: target, paced: target, stop: async () => {} }
      },
    },
  ],
  columns: [
    { id: 'decisions', title: 'IAM decisions', unit: '/s' },
    { id: 'preflights', title: 'preflights', unit: '/s' },
    { id: 'commandMs', title: 'role preflight, whole command', unit: 'ms' },
  ],
  rounds: 5,
  async measure(_, bench) {
    const measured = Bun.spawn(
      pinned('gateway', [process.execPath, join(root, 'bench', 'execution-role.ts'), '--json']),
    )
    const { decisions, preflights } = (await new Response(measured.stdout).json()) as {
      decisions: number
      preflights: number
    }
    const folder = join(bench.folder, 'execution-role')
    mkdirSync(folder, { recursive: true })
    const [launch] = launchWork(2).slice(1)
    for (const part of ['task', 'role', 'facts'] as const) {
      writeFileSync(join(folder, `${part}.json`), JSON.stringify(launch?.[part]))
    }
    const files = ['--task-definition', 'task.json', '--role', 'role.json', '--facts', 'facts.json']
    const started = performance.now()
    const command = Bun.spawn(pinned('gateway', [BINARY, 'role', 'preflight', ...files, '--json']), { cwd: folder })
    const { ok } = (await new Response(command.stdout).json()) as { ok: boolean }
    if (!ok) throw new Error('the launch of the bench does not succeed')
    return { decisions, preflights, commandMs: performance.now() - started }
  },
  goals: [
    {
      says: 'IAM decisions a second',
      value: (median) => median('portreeve', 'decisions'),
      unit: '/s',
      atLeast: 100_000,
    },
    {
      says: 'preflights of different pairs a second',
      value: (median) => median('portreeve', 'preflights'),
      unit: '/s',
      atLeast: 1000,
    },
    {
      says: 'portreeve role preflight of the binary',
      value: (median) => median('portreeve', 'commandMs'),
      unit: ' ms',
      atMost: 300,
    },
  ],
})

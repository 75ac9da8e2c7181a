import { existsSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { configurationFor, KEY } from '../contenders.ts'
import { treeOf } from '../machine.ts'
import { defineScenario, type Contender } from '../scenario.ts'
import { root } from '../tools.ts'
import { requestBody } from '../upstreams.ts'

const BINARY = join(root, 'dist', 'portreeve')

const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  npm: ['npm', 'start', '--silent', '--'],
  binary: [BINARY, 'start'],
}

/** The start is what is measured, so nothing runs before the rounds; the binary is built when it is missing. */
function contender(id: string, title: string): Contender {
  return {
    id,
    title,
    async start(bench) {
      if (id === 'binary' && !existsSync(BINARY)) {
        const build = Bun.spawn([process.execPath, join(root, 'scripts', 'build.ts')], { stdout: 'ignore', cwd: root })
        if ((await build.exited) !== 0) throw new Error('npm run build failed')
      }
      const target = { url: `http://127.0.0.1:${bench.plainPort}/v1/chat/completions`, headers: {}, model: String }
      return { pid: process.pid, plain: target, paced: target, stop: async () => {} }
    },
  }
}

export const start = defineScenario({
  id: 'start',
  title: 'From process start to the first answer through the gateway, in an empty folder',
  contenders: [contender('npm', 'npm start'), contender('binary', 'dist/portreeve')],
  columns: [{ id: 'firstAnswerMs', title: 'first answer', unit: 'ms' }],
  rounds: 5,
  async measure(_, bench, { id }) {
    const folder = join(bench.folder, `start-${id}`)
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    const configuration = join(folder, 'portreeve.yaml')
    writeFileSync(configuration, configurationFor(bench))
    const port = bench.nextPort()
    const out = openSync(join(folder, 'log'), 'w')
    const started = performance.now()
    const child = Bun.spawn(
      [...COMMANDS[id]!, '--port', String(port), '--data', join(folder, 'data'), '--config', configuration],
      {
        cwd: id === 'npm' ? root : folder,
        stdout: out,
        stderr: out,
        env: { ...process.env, BENCH_KEY: KEY, BENCH_VENDOR_KEY: 'sk-bench' },
      },
    )
    const request = {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: requestBody('plain/gpt-4o-mini'),
      keepalive: false,
    }
    let firstAnswerMs = 0
    while (!firstAnswerMs && performance.now() - started < 20_000) {
      const status = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, request).then(
        async (response) => (await response.text(), response.status),
        () => 0,
      )
      if (status === 200) firstAnswerMs = performance.now() - started
      else await Bun.sleep(2)
    }
    // The last of the tree is Portreeve itself: npm and the launcher end with it.
    process.kill(treeOf(child.pid).at(-1)!, 'SIGTERM')
    await child.exited
    if (!firstAnswerMs) throw new Error(`no answer within 20 s: see ${folder}/log`)
    return { firstAnswerMs }
  },
  goals: [
    {
      says: 'first answer after npm start',
      value: (median) => median('npm', 'firstAnswerMs'),
      unit: ' ms',
      atMost: 1000,
    },
    {
      says: 'first answer of the binary',
      value: (median) => median('binary', 'firstAnswerMs'),
      unit: ' ms',
      atMost: 300,
    },
  ],
})

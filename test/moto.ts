import { existsSync } from 'node:fs'
import { join } from 'node:path'

const VENV = join(import.meta.dir, '../.cache/moto')
const SERVER = join(VENV, 'bin/moto_server')
const VERSION = '5.2.2'

/** moto in server mode: AWS's APIs on a free port of this machine. */
export type Moto = {
  readonly endpoint: string
  readonly reset: () => Promise<void>
  readonly close: () => Promise<void>
}

/**
 * Why moto cannot be used here, or undefined when it can. In CI it is installed when it is missing, and a failure of that fails the
 * tests; elsewhere: python3 -m venv .cache/moto && .cache/moto/bin/pip install 'moto[server]==5.2.2'
 */
export function motoIsMissing(): string | undefined {
  if (existsSync(SERVER)) return undefined
  if (!process.env['CI'])
    return `moto is not installed: python3 -m venv .cache/moto && .cache/moto/bin/pip install 'moto[server]==${VERSION}'`
  const run = (command: string[]) => {
    const { exitCode, stderr } = Bun.spawnSync(command)
    if (exitCode !== 0) throw new Error(`${command.join(' ')}: ${stderr.toString().slice(-800)}`)
  }
  run(['python3', '-m', 'venv', VENV])
  run([join(VENV, 'bin/pip'), 'install', '--quiet', `moto[server]==${VERSION}`])
  return undefined
}

export async function startMoto(): Promise<Moto> {
  const probe = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const { port } = probe
  probe.stop(true)
  const child = Bun.spawn([SERVER, '-H', '127.0.0.1', '-p', String(port)], { stdout: 'ignore', stderr: 'ignore' })
  const endpoint = `http://127.0.0.1:${port}`
  const deadline = Date.now() + 60_000
  for (;;) {
    const up = await fetch(`${endpoint}/moto-api/`).then(
      (response) => response.ok,
      () => false,
    )
    if (up) break
    if (child.exitCode !== null || Date.now() > deadline) throw new Error('moto did not start')
    await Bun.sleep(100)
  }
  return {
    endpoint,
    reset: async () => void (await fetch(`${endpoint}/moto-api/reset`, { method: 'POST' })),
    close: async () => {
      child.kill()
      await child.exited
    },
  }
}

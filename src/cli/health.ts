import { loadConfig } from '../config/config.ts'
import { settingOptions } from '../config/setting.ts'
import { AppError } from '../errors.ts'
import { defineCommand } from './command.ts'

/** Milliseconds: a process that cannot answer this in two seconds is not well. */
const PATIENCE_MS = 2_000

/** Asks the process on this machine whether it lives, for container health checks: no database, no vendor is asked. */
export const health = defineCommand({
  name: 'health',
  summary: 'ask the gateway on this machine whether it is alive (for container health checks)',
  options: { ...settingOptions(['port', 'host', 'configFile']) },
  async run(input, io) {
    const flags = { port: input.text('port'), host: input.text('host'), config: input.text('config') }
    const { config } = await loadConfig({ flags, env: io.env, cwd: io.cwd, withoutBrokenFile: true })
    const host = config.host === '0.0.0.0' || config.host === '::' ? '127.0.0.1' : config.host
    const address = `http://${host.includes(':') ? `[${host}]` : host}:${config.port}/healthz`
    const status = await ask(address)
    if (input.json) io.out(`${JSON.stringify({ ok: status === 200, address, status })}\n`)
    else io.out(`${status === 200 ? 'alive' : `answers ${status}`}: ${address}\n`)
    return status === 200 ? 0 : 1
  },
})

async function ask(address: string): Promise<number> {
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(PATIENCE_MS) })
    await response.arrayBuffer()
    return response.status
  } catch (error) {
    const why =
      error instanceof Error && error.name === 'TimeoutError'
        ? `no answer within ${PATIENCE_MS} ms`
        : 'nobody answers; give the port of the start with --port or PORT'
    throw new AppError('not_ready', `${address}: ${why}.`, {}, error)
  }
}

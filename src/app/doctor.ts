import { existsSync, readFileSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import type { Config, StartFile } from '../config/config.ts'
import { openDataFolder, readRunning } from '../control/data-folder.ts'
import { openSealer } from '../control/sealing.ts'
import { AppError } from '../errors.ts'
import { providersInEnvironment } from '../llm/providers.ts'
import { openStore } from '../store/open.ts'

/** One thing that was looked at, and what to do about it when it is not well. */
export type Check = { readonly name: string; readonly state: 'ok' | 'warning' | 'failed'; readonly detail: string }

/** Looks at everything that a start needs. Changes nothing that a start would not change. */
export async function examine(config: Config, file: StartFile | null = null): Promise<Check[]> {
  const running = readRunning(config.dataFolder)
  const checks: Check[] = [runtime(), descriptors()]
  const folder = attempt(() => openDataFolder(config.dataFolder))
  const busy = folder instanceof AppError && folder.code === 'conflict'
  if (busy) {
    checks.push({
      name: 'gateway',
      state: 'ok',
      detail: `runs as process ${running?.pid ?? '?'}${running?.address ? ` at ${running.address}` : ''}`,
    })
    if (running?.address) checks.push(await databaseInUse(running.address))
  } else if (folder instanceof AppError) checks.push({ name: 'data folder', state: 'failed', detail: folder.message })
  else {
    checks.push({ name: 'gateway', state: 'ok', detail: 'does not run on this data folder' })
    checks.push({ name: 'data folder', state: 'ok', detail: `${config.dataFolder} can be written` })
    const sealer = attempt(() => openSealer(folder.path, config.encryptionKey))
    checks.push(
      sealer instanceof AppError ? { name: 'sealing key', state: 'failed', detail: sealer.message } : sealing(config),
    )
    checks.push(await database(config))
    checks.push(await port(config))
    folder.close()
  }
  const found = providersInEnvironment(config.env)
  const vendors = found.map(({ provider, key }) => (key ? `${provider.name} (${key})` : provider.name)).join(', ')
  const own = file?.configuration.providers.filter(({ enabled }) => enabled).map(({ id }) => id) ?? []
  const said = [
    ...(own.length > 0 ? [`portreeve.yaml sets up ${own.join(', ')}`] : []),
    ...(vendors ? [`the environment switches on ${vendors}`] : []),
  ]
  checks.push({
    name: 'vendors',
    state: 'ok',
    detail: said.join('; ') || 'neither portreeve.yaml nor the environment sets one up; the demo answers',
  })
  if (!/^(127\.|localhost|::1)/.test(config.host) && config.publicUrl === null) {
    checks.push({
      name: 'address',
      state: 'warning',
      detail: `--host ${config.host} listens beyond this machine: set PUBLIC_URL to the address people use, and put TLS before it`,
    })
  }
  return checks
}

function attempt<T>(run: () => T): T | AppError {
  try {
    return run()
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
}

function runtime(): Check {
  return { name: 'runtime', state: 'ok', detail: `Bun ${Bun.version} on ${process.platform} ${process.arch}` }
}

function descriptors(): Check {
  const limit = process.platform === 'linux' ? Number(/Max open files\s+(\d+)/.exec(readLimits())?.[1] ?? 0) : 0
  if (limit === 0 || limit >= 8_192)
    return { name: 'open files', state: 'ok', detail: limit ? `${limit} may be open` : 'not known on this system' }
  return {
    name: 'open files',
    state: 'warning',
    detail: `only ${limit} may be open, so about ${Math.floor(limit / 2)} calls at once: raise it with "ulimit -n 65536"`,
  }
}

function readLimits(): string {
  return readFileSync('/proc/self/limits', 'utf8')
}

function sealing({ dataFolder, encryptionKey }: Config): Check {
  if (encryptionKey !== null) return { name: 'sealing key', state: 'ok', detail: 'from ENCRYPTION_KEY' }
  const path = `${dataFolder}/sealing.key`
  const open = existsSync(path) && (statSync(path).mode & 0o077) !== 0
  return open
    ? { name: 'sealing key', state: 'warning', detail: `${path} can be read by others: chmod 600 it` }
    : {
        name: 'sealing key',
        state: 'ok',
        detail: `${path}; back it up with the database, which is of no use without it`,
      }
}

async function database(config: Config): Promise<Check> {
  try {
    const store = await openStore(config.databaseUrl)
    await store.close()
    return {
      name: 'database',
      state: 'ok',
      detail: store.kind === 'sqlite' ? config.databaseUrl : 'PostgreSQL answers',
    }
  } catch (error) {
    return { name: 'database', state: 'failed', detail: error instanceof AppError ? error.message : String(error) }
  }
}

const PATIENCE_MS = 15_000

/** The database as the gateway that runs finds it. */
async function databaseInUse(address: string): Promise<Check> {
  const name = 'database'
  try {
    const answer = await fetch(`${address}/api/v1/health`, { signal: AbortSignal.timeout(PATIENCE_MS) })
    if (answer.ok) return { name, state: 'ok', detail: 'the gateway works with it' }
    const { detail } = (await answer.json()) as { readonly detail?: string }
    return { name, state: 'failed', detail: detail ?? `the gateway answers ${answer.status}` }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return { name, state: 'failed', detail: `${address} does not answer: ${why}` }
  }
}

function port({ host, port: number }: Config): Promise<Check> {
  if (number === 0) return Promise.resolve({ name: 'port', state: 'ok', detail: 'a free one will be taken' })
  return new Promise((resolve) => {
    const socket = connect({ host: host === '0.0.0.0' ? '127.0.0.1' : host, port: number, timeout: 1_000 })
    const done = (check: Omit<Check, 'name'>) => {
      socket.destroy()
      resolve({ name: 'port', ...check })
    }
    socket.on('connect', () =>
      done({ state: 'failed', detail: `another program listens on ${host}:${number}: choose another with --port` }),
    )
    socket.on('error', () => done({ state: 'ok', detail: `${host}:${number} is free` }))
    socket.on('timeout', () => done({ state: 'ok', detail: `${host}:${number} is free` }))
  })
}

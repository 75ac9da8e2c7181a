import { type Config, type ConfigInput, dataFolderOf, loadConfig, type StartFile } from '../config/config.ts'
import { settingOptions } from '../config/setting.ts'
import { type Client, createClient } from '../contract/client.ts'
import { readRunning } from '../app/running.ts'
import { AppError } from '../errors.ts'
import type { Input, Option } from './command.ts'
import type { Io } from './io.ts'
import { version } from '../lib/version.ts'

/** Options of every command that speaks to the management API. */
export const MANAGEMENT_OPTIONS: Readonly<Record<string, Option>> = {
  ...settingOptions(['dataFolder', 'configFile']),
  url: { about: 'gateway on another machine; its token comes from PORTREEVE_TOKEN', value: 'URL' },
}

/** A management API to speak to: of the gateway that runs on the data folder, or else opened here for the one command. */
export type Management = {
  readonly api: Client
  /** Sends a request that the client does not cover, such as one for events. `path` is below the address. */
  readonly open: (path: string, signal?: AbortSignal) => Promise<Response>
  /** Whether a gateway runs. */
  readonly running: boolean
}

/** The settings as the flags of a command, the environment and the file say. */
export function configOf(input: Input, io: Io): Promise<{ config: Config; file: StartFile | null }> {
  return loadConfig(inputOf(input, io))
}

function inputOf(input: Input, io: Io): ConfigInput {
  const flags = Object.fromEntries(['data', 'config'].map((name) => [name, input.text(name)]))
  return { flags, env: io.env, cwd: io.cwd }
}

export async function withManagement<T>(input: Input, io: Io, run: (management: Management) => Promise<T>): Promise<T> {
  const remote = input.text('url')
  if (remote !== undefined) {
    const token = io.env['PORTREEVE_TOKEN']
    if (!token)
      throw new AppError('invalid_usage', '--url needs a management token in PORTREEVE_TOKEN.', { field: '--url' })
    if (!URL.canParse(remote) || !/^https?:$/.test(new URL(remote).protocol))
      throw new AppError('invalid_usage', `--url ${remote}: use an address, as https://gateway.example.com.`, {
        field: '--url',
      })
    return run(over(remote.replace(/\/+$/, ''), token, (request) => reach(request, remote), true))
  }
  const running = await runningGateway(dataFolderOf(inputOf(input, io)))
  if (running) return run(over(running.address, running.token, (request) => fetch(request), true))
  const { config, file } = await configOf(input, io)
  // With a gateway that runs, a command needs neither a database nor the management itself.
  const { openOffline } = await import('../app/offline.ts')
  const offline = await openOffline(config, file, version)
  if (offline.untouched)
    io.err(
      `No gateway has run on the data folder ${config.dataFolder} yet: only what is in it is seen here. Name another with --data.\n`,
    )
  try {
    const host = config.host.includes(':') ? `[${config.host}]` : config.host
    const address =
      config.publicUrl ?? `http://${/^(0\.0\.0\.0|\[::\])$/.test(host) ? '127.0.0.1' : host}:${config.port}`
    return await run(over(address, offline.token, offline.send, false))
  } finally {
    await offline.close()
  }
}

function over(
  address: string,
  token: string,
  send: (request: Request) => Promise<Response>,
  running: boolean,
): Management {
  const headers = { authorization: `Bearer ${token}`, host: new URL(address).host }
  return {
    api: createClient(send, address, () => headers),
    open: (path, signal) => send(new Request(address + path, { headers, ...(signal && { signal }) })),
    running,
  }
}

/** The gateway of the folder, if it answers: one that was killed left its word behind. */
async function runningGateway(dataFolder: string): Promise<{ address: string; token: string } | undefined> {
  const said = readRunning(dataFolder)
  if (!said?.address || !said.token) return undefined
  const alive = await fetch(`${said.address}/api/v1/session`, {
    headers: { authorization: `Bearer ${said.token}` },
    signal: AbortSignal.timeout(3_000),
  }).catch(() => undefined)
  return alive?.ok || alive?.status === 503 ? { address: said.address, token: said.token } : undefined
}

async function reach(request: Request, remote: string): Promise<Response> {
  try {
    return await fetch(request)
  } catch (error) {
    throw new AppError(
      'provider_unavailable',
      `${remote} cannot be reached: ${(error as Error).message}`,
      { field: '--url' },
      error,
    )
  }
}

import { loadConfig } from '../config/config.ts'
import { readerInThread } from '../config/read-text.ts'
import { settingOptions } from '../config/setting.ts'
import { defineCommand } from './command.ts'
import { surviveReaders, type Io } from './io.ts'

const GRACE_MS = 110_000

export const start = defineCommand({
  name: 'start',
  summary: 'start the gateway, its management API and the console',
  about:
    'Everything runs in one process on an embedded database; nothing has to be installed. The first start makes an API key and prints it once.\n' +
    'Vendor keys in the environment (OPENAI_API_KEY, ANTHROPIC_API_KEY, …) switch their providers on; without any, the demo provider answers.',
  options: settingOptions([
    'port',
    'host',
    'dataFolder',
    'configFile',
    'workers',
    'adminHost',
    'adminPort',
    'logLevel',
  ]),
  examples: [
    'portreeve start',
    'portreeve start --port 9000 --workers auto',
    'portreeve start --config portreeve.yaml --data /var/lib/portreeve',
  ],
  async run(input, io) {
    const names = ['port', 'host', 'data', 'config', 'workers', 'admin-host', 'admin-port', 'log-level']
    const flags = Object.fromEntries(names.map((name) => [name, input.text(name)]))
    // While a thread reads the file, this one loads what serves.
    const [{ config, file }, { startPortreeve }, { createLog }, { welcome }] = await Promise.all([
      loadConfig({ flags, env: io.env, cwd: io.cwd, reader: readerInThread }),
      import('../app/start.ts'),
      import('../app/log.ts'),
      import('../app/welcome.ts'),
    ])
    surviveReaders()
    const log = createLog(config.logLevel, io.err)
    const running = await startPortreeve(config, file, log)
    // Whoever reads that it is ready may stop it at once.
    const stopped = untilStopped(running, log, io)
    io.out(input.json ? welcome.json(running, config) : welcome.text(running, config))
    return stopped
  },
})

type Stoppable = {
  readonly stop: (graceMs: number) => Promise<number>
  readonly management: { readonly reload: () => Promise<void> }
}
type Log = (level: 'info' | 'warn' | 'error', message: string) => void

/** SIGTERM and SIGINT drain and end; a second one ends at once. SIGHUP reads portreeve.yaml again. */
function untilStopped(running: Stoppable, log: Log, io: Io): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>()
  let stopping = false
  const stop = () => {
    if (stopping) return resolve(1)
    stopping = true
    log('info', 'stopping: running calls may finish')
    running.stop(GRACE_MS).then(
      (cut) => {
        if (cut > 0) log('warn', `${cut} calls were cut: they took longer than ${GRACE_MS / 1000} s`)
        resolve(0)
      },
      (error: unknown) => {
        io.err(`stopping failed: ${error instanceof Error ? error.message : String(error)}\n`)
        resolve(1)
      },
    )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  process.on('SIGHUP', () => {
    running.management
      .reload()
      .catch((error: unknown) => log('error', error instanceof Error ? error.message : String(error)))
  })
  return promise
}

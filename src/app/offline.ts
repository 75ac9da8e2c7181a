import { existsSync } from 'node:fs'
import { DATABASE_FILE, type Config, type StartFile } from '../config/config.ts'
import { openControl } from '../control/control.ts'
import { openDataFolder } from '../control/data-folder.ts'
import { openSealer } from '../control/sealing.ts'
import { createSecret } from '../control/secret.ts'
import { createControlHandler } from '../http/server.ts'
import { newId } from '../lib/id.ts'
import { openStore } from '../store/open.ts'
import { pathOfSqlite } from '../store/sqlite-file.ts'
import { LAST_SOURCE } from './last-source.ts'

/** The management API inside a command, while no gateway runs. */
export type Offline = {
  readonly send: (request: Request) => Promise<Response>
  readonly token: string
  /** Whether its database is in a data folder that no gateway has run on: the folder may not be the one that was meant. */
  readonly untouched: boolean
  readonly close: () => Promise<void>
}

/** Opens data folder and store under the same lock as the gateway. Throws `conflict` when another process has them. */
export async function openOffline(config: Config, file: StartFile | null, version: string): Promise<Offline> {
  const folder = openDataFolder(config.dataFolder)
  try {
    const sealer = openSealer(folder.path, config.encryptionKey)
    const store = await openStore(config.databaseUrl)
    const token = createSecret('pra_')
    const control = await openControl({ config, file, store, sealer, publish: () => {}, localToken: token, version })
    const handler = createControlHandler({
      control: () => control,
      rules: { host: config.host, publicUrl: config.publicUrl, trustedProxies: config.trustedProxies },
      newRequestId: () => newId('call'),
    })
    return {
      token,
      untouched:
        pathOfSqlite(config.databaseUrl) === folder.file(DATABASE_FILE) && !existsSync(folder.file(LAST_SOURCE)),
      send: (request) => handler(request, {}),
      async close() {
        control.close()
        await store.close()
        folder.close()
      },
    }
  } catch (error) {
    folder.close()
    throw error
  }
}

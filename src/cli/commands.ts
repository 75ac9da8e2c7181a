import type { Command } from './command.ts'
import { gatewayWorker } from './gateway-worker.ts'
import { health } from './health.ts'
import { iamCommands } from './iam.ts'
import { ledgerVerify } from './ledger.ts'
import { liveCommands } from './role-live.ts'
import { roleLint } from './role-lint.ts'
import { roleCommands } from './role.ts'
import { start } from './start.ts'

/** Every command, in the order of the help. A command that is not listed here does not exist. */
export const commands: readonly Command[] = [
  start,
  ...iamCommands,
  roleLint,
  ...roleCommands,
  ...liveCommands,
  ledgerVerify,
  health,
  gatewayWorker,
]

import { callCommands } from './calls.ts'
import type { Command } from './command.ts'
import { configCommands } from './config.ts'
import { doctor } from './doctor.ts'
import { gatewayWorker } from './gateway-worker.ts'
import { health } from './health.ts'
import { iamCommands } from './iam.ts'
import { keyCommands } from './keys.ts'
import { ledgerVerify } from './ledger.ts'
import { modelCommands } from './models.ts'
import { providerCommands } from './providers.ts'
import { liveCommands } from './role-live.ts'
import { roleLint } from './role-lint.ts'
import { roleCommands } from './role.ts'
import { ruleCommands } from './rules.ts'
import { start } from './start.ts'
import { tryModel } from './try.ts'
import { userCommands } from './users.ts'

/** Every command, in the order of the help. A command that is not listed here does not exist. */
export const commands: readonly Command[] = [
  start,
  tryModel,
  ...keyCommands,
  ...callCommands,
  ...modelCommands,
  ...providerCommands,
  ...ruleCommands,
  ...userCommands,
  ...configCommands,
  doctor,
  ...iamCommands,
  roleLint,
  ...roleCommands,
  ...liveCommands,
  ledgerVerify,
  health,
  gatewayWorker,
]

import { commands } from './cli/commands.ts'
import { runCommandLine } from './cli/run.ts'
import { processIo } from './cli/io.ts'

process.exitCode = await runCommandLine(process.argv.slice(2), commands, processIo())

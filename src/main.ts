import { commandsFor } from './cli/commands.ts'
import { runCommandLine } from './cli/run.ts'
import { processIo } from './cli/io.ts'

const words = process.argv.slice(2)
process.exitCode = await runCommandLine(words, await commandsFor(words), processIo())

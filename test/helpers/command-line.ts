import type { Command } from '../../src/cli/command.ts'
import { runCommandLine } from '../../src/cli/run.ts'

/** Runs one command line in a folder, in this process, and gives what it printed. */
export async function runCommands(
  commands: readonly Command[],
  cwd: string,
  line: string,
  { stdin = '', env = {} }: { readonly stdin?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<{ code: number; out: string; err: string }> {
  let out = ''
  let err = ''
  const io = {
    out: (text: string) => void (out += text),
    err: (text: string) => void (err += text),
    env,
    cwd,
    colour: false,
    readStdin: async () => stdin,
  }
  return { code: await runCommandLine(line.split(' '), commands, io), out, err }
}

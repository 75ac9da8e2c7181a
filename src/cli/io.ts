/** Where a command reads and writes. Tests pass one that collects. */
export type Io = {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** Whether standard output is a terminal that shows colour. */
  readonly colour: boolean
  readonly readStdin: () => Promise<string>
}

export function processIo(): Io {
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    env: process.env,
    cwd: process.cwd(),
    colour: process.stdout.isTTY && !process.env['NO_COLOR'],
    readStdin: () => Bun.stdin.text(),
  }
}

/** For a process that serves: whoever reads what it prints may go away: lines are lost then, and nothing else. */
export function surviveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
}

// Starts the vendors of the soak and asks them what they have seen.
import { join } from 'node:path'
import { pinned } from './machine.ts'

/** What the upstream counts: `open` are its connections, the others requests. */
export type Seen = {
  readonly requests: number
  readonly holding: number
  readonly left: number
  readonly heldTooLong: number
  readonly open: number
}

export async function startVendor() {
  const child = Bun.spawn(pinned('load', [process.execPath, join(import.meta.dir, 'soak-upstream.ts')]), {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'inherit',
  })
  process.on('exit', () => child.kill('SIGKILL'))
  const lines = readLines(child.stdout)
  const line = async () => String((await lines.next()).value)
  const origin = `http://127.0.0.1:${await line()}`
  return {
    origin,
    async seen(): Promise<Seen> {
      void child.stdin.write('\n')
      await child.stdin.flush()
      return JSON.parse(await line()) as Seen
    },
    stop: () => child.kill(),
  }
}

async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let pending = ''
  const decoder = new TextDecoder()
  for await (const chunk of stream) {
    const lines = (pending + decoder.decode(chunk)).split('\n')
    pending = lines.pop() ?? ''
    yield* lines
  }
}

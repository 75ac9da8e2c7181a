import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dir, '..', '..')

/** A gateway as a newcomer starts it: in an empty folder, with nothing in the environment, on a free port. */
export async function startGateway(...flags: string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-console-'))
  const { PATH = '', HOME = '' } = process.env
  const child = Bun.spawn([process.execPath, join(root, 'src', 'main.ts'), 'start', '--port', '0', ...flags], {
    cwd: folder,
    env: { PATH, HOME, NO_COLOR: '1', BUN_CONFIG_MAX_HTTP_REQUESTS: '65336' },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  let printed = ''
  const reader = child.stdout
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .getReader()
  const find = (pattern: RegExp) => pattern.exec(printed)?.[1] ?? ''
  while (!/Try it:[\s\S]*curl.*\n/.test(printed)) {
    const { done, value } = await reader.read()
    if (done) throw new Error(`portreeve start ended: ${printed}${await new Response(child.stderr).text()}`)
    printed += value
  }
  return {
    printed,
    url: find(/ready at (\S+)/),
    ownerLink: find(/(http\S+\/console\/join#\S+)/),
    key: find(/API key\s+(prk_live_\S+)/),
    async stop() {
      child.kill('SIGTERM')
      await child.exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { health } from './health.ts'
import { runCommandLine } from './run.ts'

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch: (request) => new Response('', { status: new URL(request.url).pathname === '/healthz' ? 200 : 404 }),
})
const sick = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('', { status: 503 }) })
afterAll(() => Promise.all([server.stop(true), sick.stop(true)]))

/** Broken since the process started: it runs on what the file said before, and must not be killed for it. */
const cwd = mkdtempSync(join(tmpdir(), 'health-'))
writeFileSync(join(cwd, 'portreeve.yaml'), 'providrs: [')

test.each([
  [server.port, 0, `alive: http://127.0.0.1:${server.port}/healthz`],
  [sick.port, 1, 'answers 503'],
  [1, 1, 'nobody answers'],
] as const)('port %p', async (port, code, says) => {
  let printed = ''
  const io = {
    out: (text: string) => void (printed += text),
    err: (text: string) => void (printed += text),
    env: { PORT: String(port), HOST: '0.0.0.0' },
    cwd,
    colour: false,
    readStdin: () => Promise.resolve(''),
  }
  expect(await runCommandLine(['health'], [health], io)).toBe(code)
  expect(printed).toContain(says)
})

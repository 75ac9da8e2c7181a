import { expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folder = () => mkdtempSync(join(tmpdir(), 'install-lock-'))

/** Launchers that all want to install: each writes when it came in and when it left. */
const LAUNCHER = `
import { appendFileSync } from 'node:fs'
import { takeInstallLock } from ${JSON.stringify(join(import.meta.dir, 'install-lock.mjs'))}
const [path, log, dies] = process.argv.slice(2)
const held = takeInstallLock(path)
appendFileSync(log, 'in ')
if (dies) process.kill(process.pid, 'SIGKILL')
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
appendFileSync(log, 'out ')
held.release()
`

const launch = (where: string, dies = false) =>
  Bun.spawn(
    [
      'node',
      '--input-type=module',
      '-e',
      LAUNCHER,
      '-',
      join(where, '.installing'),
      join(where, 'log'),
      ...(dies ? ['1'] : []),
    ],
    { stdout: 'inherit', stderr: 'inherit' },
  )

test('launchers that start at once install one after the other, and take over from one that was killed', async () => {
  const where = folder()
  writeFileSync(join(where, 'log'), '')
  await launch(where, true).exited
  expect(existsSync(join(where, '.installing'))).toBe(true)
  const codes = await Promise.all(Array.from({ length: 6 }, () => launch(where).exited))
  expect(codes).toEqual([0, 0, 0, 0, 0, 0])
  expect(await Bun.file(join(where, 'log')).text()).toBe(`in ${'in out '.repeat(6)}`)
  expect(readdirSync(where)).toEqual(['log'])
})

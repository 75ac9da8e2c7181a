import { expect, test } from 'bun:test'
import { mkdtempSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDataFolder, readRunning } from './data-folder.ts'

const temporary = () => join(mkdtempSync(join(tmpdir(), 'folder-')), 'data')
const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)

test('a folder and what names its secrets are for the owner alone', () => {
  const folder = openDataFolder(temporary())
  folder.announce({ address: 'http://127.0.0.1:1', token: 'pra_x' })
  expect([folder.path, folder.file('running.json'), folder.file('lock')].map(mode)).toEqual(['700', '600', '600'])
  expect(readRunning(folder.path)).toMatchObject({ pid: process.pid, address: 'http://127.0.0.1:1' })
  folder.close()
  expect(readRunning(folder.path)).toBeUndefined()
})

test('a second process is refused and told who is there; after a kill the folder is free', async () => {
  const path = temporary()
  const script = `import { openDataFolder } from ${JSON.stringify(join(import.meta.dir, 'data-folder.ts'))}
    openDataFolder(${JSON.stringify(path)}).announce({ address: 'http://127.0.0.1:9', token: null }); console.log('held'); setTimeout(() => {}, 20_000)`
  const child = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe', stderr: 'ignore' })
  await child.stdout.getReader().read()
  try {
    expect(() => openDataFolder(path)).toThrow(`Another Portreeve (process ${child.pid}, since `)
  } finally {
    child.kill('SIGKILL')
    await child.exited
  }
  openDataFolder(path).close()
})

import { beforeAll, expect, test } from 'bun:test'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { version } from '../src/lib/version.ts'
import { builtExecutable, emptyFolder, GatewayProcess, run } from './helpers/process.ts'

beforeAll(() => builtExecutable(), 60_000)

test('one file, with everything in it', async () => {
  const { size, mode } = statSync(join(import.meta.dir, '..', 'dist', 'portreeve'))
  expect(size).toBeLessThan(160e6)
  expect(mode & 0o111).toBe(0o111)
  const { out, code } = await run(emptyFolder(), ['--version'], { entry: 'executable' })
  expect([out, code]).toEqual([`${version}\n`, 0])
})

test('it says the same as the sources', async () => {
  const folder = emptyFolder()
  const [source, executable] = await Promise.all([
    run(folder, ['help']),
    run(folder, ['help'], { entry: 'executable' }),
  ])
  expect(executable).toEqual(source)
})

test('files of the folder it starts in do not change how it runs', async () => {
  const folder = emptyFolder()
  await Bun.write(join(folder, '.env'), 'PORTREEVE_DATA=elsewhere\nPORT=1\n')
  await Bun.write(join(folder, 'bunfig.toml'), 'preload = ["./no-such-file.ts"]\n')
  await Bun.write(join(folder, 'package.json'), 'not json')
  await using gateway = new GatewayProcess({ entry: 'executable', folder })
  await gateway.address()
  expect(await Bun.file(join(folder, 'portreeve-data', 'portreeve.db')).exists()).toBe(true)
})

test('it serves the console from inside itself', async () => {
  await using gateway = new GatewayProcess({ entry: 'executable' })
  const address = await gateway.address()
  const page = await (await fetch(`${address}/console/`)).text()
  expect(page).toContain('<div id="root"')
  const scripts = [...page.matchAll(/(?:src|href)="([^"]+\.(?:js|css))"/g)].map(([, path]) => path!)
  expect(scripts.length).toBeGreaterThan(0)
  for (const script of scripts) expect((await fetch(new URL(script, address))).status).toBe(200)
})

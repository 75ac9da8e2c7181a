#!/usr/bin/env node
// Starts every project command on the pinned Bun. Plain Node, so that a clean clone needs nothing but Node and npm.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { takeInstallLock } from './install-lock.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const bun = join(root, 'node_modules', 'bun', 'bin', 'bun.exe')
// The stamp holds the lock file that was installed, so that a pull that changes it installs again.
const stamp = join(root, 'node_modules', '.installed-lock')
const lock = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex')

const isInstalled = () => existsSync(bun) && existsSync(stamp) && readFileSync(stamp, 'utf8') === lock

if (!isInstalled()) {
  const held = takeInstallLock(join(root, '.installing'), () =>
    console.error('Another process installs the packages here; waiting for it …'),
  )
  try {
    if (!isInstalled()) await install(held)
  } finally {
    held.release()
  }
}

async function install(held) {
  console.error('Installing the packages pinned in package-lock.json (once) …')
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const code = await new Promise((resolve) => {
    const child = spawn(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: root,
      stdio: ['ignore', 2, 2],
    })
    if (child.pid !== undefined) held.alsoFor(child.pid)
    child.on('error', (error) => {
      console.error(`npm cannot be run: ${error.message}. It comes with Node.`)
      resolve(1)
    })
    child.on('exit', resolve)
  })
  if (code !== 0) {
    console.error(
      'npm ci failed: see its message above. A proxy or a registry that cannot be reached is the usual reason.',
    )
    held.release()
    process.exit(1)
  }
  writeFileSync(stamp, lock)
}

const [first = 'help', ...rest] = process.argv.slice(2)
const TASKS = {
  ':console': ['scripts/build-console.ts'],
  ':screenshots': ['scripts/screenshots.ts'],
  ':test': ['test', '--timeout', '30000'],
  ':check': ['scripts/check.ts'],
  ':bench': ['bench/main.ts'],
  ':conformance': ['test/conformance/main.ts'],
  ':faults': ['test/faults/main.ts'],
  ':build': ['scripts/build.ts'],
}
// Project tasks run in the repository; the product itself runs in the caller's folder.
const task = TASKS[first]
const args = task ? [...task, ...rest] : [join(root, 'src', 'main.ts'), first, ...rest]
const child = spawn(bun, args, {
  cwd: task ? root : (process.env.INIT_CWD ?? process.cwd()),
  stdio: 'inherit',
  // Both are read once, when the process starts.
  env: {
    // The default of 256 lets the 257th upstream call hang.
    BUN_CONFIG_MAX_HTTP_REQUESTS: '65336',
    // Milliseconds between two searches of the allocator for memory to give back: it searches all the time else, on the core that calls need.
    MIMALLOC_PURGE_HOLES_MIN_INTERVAL: '10000',
    ...process.env,
  },
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)))

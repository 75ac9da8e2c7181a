// nginx, wrk and the peer gateway: found, or installed once.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const PEER_VERSION = '1.15.2'

export const root = join(import.meta.dir, '..')
export const cache = join(root, '.cache')
const peerFolder = join(cache, 'peer')

/** Where the peer's package stands once `installTools` has run. It is a tool of the bench, not a dependency. */
export const peerPackage = join(peerFolder, 'node_modules', '@portkey-ai', 'gateway')

function run(command: readonly string[], env: Record<string, string> = {}): void {
  const { exitCode } = Bun.spawnSync([...command], {
    stdout: 'ignore',
    stderr: 'inherit',
    env: { ...process.env, ...env },
  })
  if (exitCode !== 0) throw new Error(`${command.join(' ')} ended with exit code ${exitCode}`)
}

/** Makes the tools available, or says what to install. */
export function installTools(peer: boolean): void {
  const missing = ['nginx', 'wrk', 'taskset'].filter((name) => !Bun.which(name))
  if (missing.length) {
    const packages = missing.map((name) => (name === 'taskset' ? 'util-linux' : name))
    if (process.getuid?.() !== 0 || !Bun.which('apt-get')) {
      throw new Error(
        `The bench needs ${missing.join(', ')}: install the packages ${packages.join(' ')} and run it again.`,
      )
    }
    console.error(`Installing ${packages.join(', ')} …`)
    run(['apt-get', 'update', '-qq'])
    run(['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...packages], {
      DEBIAN_FRONTEND: 'noninteractive',
    })
  }
  if (!peer || existsSync(join(peerPackage, 'package.json'))) return
  console.error(`Installing @portkey-ai/gateway ${PEER_VERSION} into .cache/ …`)
  mkdirSync(peerFolder, { recursive: true })
  // With the newest HTTP server that its range admits, this release answers every stream with 500: it gets the one it was built with.
  writeFileSync(
    join(peerFolder, 'package.json'),
    JSON.stringify({ private: true, overrides: { '@hono/node-server': '1.3.3' } }),
  )
  run([
    'npm',
    'install',
    '--prefix',
    peerFolder,
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    `@portkey-ai/gateway@${PEER_VERSION}`,
  ])
}

/** What ran, for the results. */
export function versions(): Record<string, string> {
  const said = (command: string[]) => {
    const { stdout, stderr } = Bun.spawnSync(command)
    return /\d+\.\d+(\.\d+)?/.exec(`${stdout.toString()}${stderr.toString()}`)?.[0] ?? 'unknown'
  }
  const manifest = (path: string) => (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
  const peer = join(peerPackage, 'package.json')
  return {
    portreeve: manifest(join(root, 'package.json')),
    commit:
      Bun.spawnSync(['git', 'describe', '--always', '--dirty'], { cwd: root }).stdout.toString().trim() || 'unknown',
    bun: Bun.version,
    node: said(['node', '--version']),
    nginx: said(['nginx', '-v']),
    wrk: said(['wrk', '-v']),
    portkey: existsSync(peer) ? manifest(peer) : 'not installed',
  }
}

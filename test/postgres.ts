import { SQL } from 'bun'
import { chownSync, existsSync, mkdtempSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const BINARIES = ['/usr/lib/postgresql/15/bin', '/usr/lib/postgresql/16/bin', '/usr/lib/postgresql/17/bin', '/usr/bin']

let server: Promise<string> | undefined
let databases = 0

/** Why PostgreSQL tests cannot run here, or null. In CI a missing server fails instead. */
export const noPostgres: string | null = findBinaries() ? null : 'PostgreSQL is not installed'

/** The URL of a new, empty database on a private server that lives as long as the test process. */
export async function freshPostgres(): Promise<string> {
  server ??= startServer()
  const base = await server
  const name = `test_${process.pid}_${++databases}`
  const sql = new SQL({ url: `${base}/postgres`, max: 1 })
  await sql.unsafe(`create database ${name}`)
  await sql.close()
  return `${base}/${name}`
}

function findBinaries(): string | undefined {
  return BINARIES.find((folder) => existsSync(join(folder, 'initdb')))
}

async function startServer(): Promise<string> {
  const binaries = findBinaries()
  if (!binaries) throw new Error(noPostgres ?? '')
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-postgres-'))
  const data = join(folder, 'data')
  const user = postgresUser()
  if (user) chownSync(folder, user.uid, user.gid)
  // PostgreSQL refuses to run as root; root steps down to the server's own user.
  const as = user ? ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'] : []
  const made = Bun.spawnSync(
    [...as, join(binaries, 'initdb'), '-D', data, '-U', 'test', '-A', 'trust', '-N', '-E', 'UTF8'],
    {
      cwd: folder,
    },
  )
  if (made.exitCode !== 0) throw new Error(`initdb failed: ${made.stderr.toString()}`)
  const port = await freePort()
  // The shell ends the server when its own input closes: also when the tests are killed.
  const guard = 'folder=$1; shift; "$@" & server=$!; cat; kill -QUIT $server; wait; rm -rf "$folder"'
  const run = [...as, join(binaries, 'postgres'), '-D', data, '-p', String(port), '-k', folder, '-h', '127.0.0.1', '-F']
  Bun.spawn(['sh', '-c', guard, 'sh', folder, ...run], {
    cwd: '/',
    stdin: 'pipe',
    stdout: 'ignore',
    stderr: 'ignore',
  }).unref()
  const url = `postgres://test@127.0.0.1:${port}`
  for (const deadline = Date.now() + 20_000; ;) {
    const sql = new SQL({ url: `${url}/postgres`, max: 1 })
    const answers = await sql`select 1`.then(() => true).catch(() => false)
    await sql.close().catch(() => {})
    if (answers) return url
    if (Date.now() > deadline) throw new Error('PostgreSQL did not start within 20 s')
    await Bun.sleep(50)
  }
}

function postgresUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string) => Number(Bun.spawnSync(['id', flag, 'postgres']).stdout.toString())
  return { uid: id('-u'), gid: id('-g') }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number }
      probe.close(() => resolve(port))
    })
  })
}

// Who may import whom inside src/ and console/: docs/architecture.md draws the same table. Prints each import that crosses a wall.
import { Glob } from 'bun'
import { dirname, join, normalize } from 'node:path'

/** Folder → what it may import. `lib` and `errors` are open to all; a folder may always import itself. */
export const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  lib: [],
  contract: ['iam', 'ecs'],
  config: ['contract'],
  iam: [],
  llm: [],
  ecs: ['iam'],
  store: ['contract'],
  snapshot: ['contract', 'llm', 'config'],
  quota: ['contract', 'store'],
  record: ['contract', 'store'],
  gateway: ['snapshot', 'llm', 'quota', 'record', 'contract'],
  aws: ['iam', 'ecs'],
  control: ['store', 'snapshot', 'llm', 'quota', 'record', 'iam', 'ecs', 'aws', 'contract', 'config'],
  http: ['control', 'contract'],
  cli: ['contract', 'config', 'app', 'ecs', 'iam', 'aws'],
  'execution-role': ['iam', 'ecs'],
  main: ['cli'],
  console: ['contract', 'errors'],
}

const OPEN = new Set(['lib', 'errors'])

/** The room of a path: its folder under src/, the file's own name for files directly in src/, or `console`. */
export function roomOf(path: string): string {
  const [top, second = ''] = path.split('/')
  return top === 'src' ? second.replace(/\.tsx?$/, '') : (top ?? '')
}

/** The walls that one file's imports cross, in words; `app` may import everything. */
export function crossings(path: string, source: string): string[] {
  const room = roomOf(path)
  if (room === 'app') return []
  const allowed = ALLOWED[room]
  if (!allowed) return [`${path}: "${room}" is not a room of the architecture; add it to scripts/boundaries.ts first`]
  const found: string[] = []
  for (const [, specifier = ''] of source.matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g)) {
    const target = normalize(join(dirname(path), specifier))
    if (!target.startsWith('src/') && !target.startsWith('console/')) continue
    const to = roomOf(target)
    const open =
      room === 'console' ? to === 'errors' : room === 'lib' ? to === 'errors' : room !== 'errors' && OPEN.has(to)
    if (to !== room && !open && !allowed.includes(to))
      found.push(`${path}: ${room} may not import ${to} (${specifier})`)
  }
  return found
}

if (import.meta.main) {
  const root = join(import.meta.dir, '..')
  const files = [...new Glob('{src,console}/**/*.{ts,tsx}').scanSync(root)].filter(
    (path) => !/\.test\.tsx?$/.test(path),
  )
  if (files.length < 5) throw new Error('boundaries looked at nothing: run it in the repository')
  const found = (
    await Promise.all(files.map(async (path) => crossings(path, await Bun.file(join(root, path)).text())))
  ).flat()
  for (const line of found) console.error(line)
  console.log(`boundaries: ${files.length} files, ${found.length} crossings`)
  process.exit(found.length ? 1 : 0)
}

// `npm run check`: types, lint, format, unused code and import boundaries. Runs all of them, then fails if one did.
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dir, '..')
const bun = process.execPath
const bin = (name: string) => join(root, 'node_modules', '.bin', name)

const FORMATTED = ['src', 'console', 'scripts', 'test', 'bench', 'package.json', 'tsconfig.json'].filter((path) =>
  existsSync(join(root, path)),
)

const CHECKS: readonly (readonly [string, readonly string[]])[] = [
  ['types', [bun, 'check', '--no-script', '--no-pretty']],
  ['lint', [bin('oxlint'), '--type-aware', '--quiet']],
  ['format', [bun, 'fmt', '--no-script', '--check', ...FORMATTED]],
  ['unused code', [bin('knip'), '--no-progress']],
  ['import boundaries', [bun, 'scripts/boundaries.ts']],
  ['file size', [bun, 'scripts/file-size.ts']],
  ['vendor names', [bun, 'scripts/check-vendor-names.ts']],
  ['unsafe calls', [bun, 'scripts/check-unsafe.ts']],
  ['text', [bun, 'scripts/check-text.ts']],
  ['dependencies', [bun, 'scripts/check-dependencies.ts']],
]

const only = process.argv.slice(2)
let failed = 0
for (const [name, command] of CHECKS) {
  if (only.length && !only.includes(name)) continue
  const started = performance.now()
  const child = Bun.spawn([...command], {
    cwd: root,
    stdout: 'pipe',
    stderr: 'pipe',
    env: { ...process.env, FORCE_COLOR: '0' },
  })
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  if (code !== 0) {
    failed++
    process.stderr.write(`\n${name}\n${out}${err}`)
  }
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`)
}
process.exit(failed ? 1 : 0)

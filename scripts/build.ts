// `npm run build`: one executable file, dist/portreeve, with the runtime, the console and the migrations inside.
import { Glob } from 'bun'
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildConsole } from './build-console.ts'

const root = join(import.meta.dir, '..')

const { values } = parseArgs({
  options: {
    outfile: { type: 'string', default: join(root, 'dist', 'portreeve') },
    /** A Bun target such as `bun-linux-arm64`; this machine's by default. */
    target: { type: 'string' },
  },
})

// A thread's file is not found by following imports: every `*-worker.ts` becomes an entry of its own, under its bare name, which is
// where `new Worker(new URL('./name-worker.ts', import.meta.url))` looks inside the executable.
const threads = [...new Glob('src/**/*-worker.ts').scanSync({ cwd: root, absolute: true })]

mkdirSync(join(root, 'dist'), { recursive: true })
await buildConsole(join(root, 'dist', 'console'))
rmSync(values.outfile, { force: true })
const started = performance.now()
const result = await Bun.build({
  entrypoints: [join(root, 'src', 'main.ts'), ...threads],
  naming: { entry: '[name].[ext]' },
  target: 'bun',
  format: 'esm',
  minify: { whitespace: true, syntax: true, identifiers: false },
  sourcemap: 'inline',
  // Compiled ahead of time: the start parses nothing.
  bytecode: true,
  // What is loaded on demand lies apart, so that a start does not even read it.
  splitting: true,
  compile: {
    outfile: values.outfile,
    assets: [join(root, 'dist', 'console')],
    ...(values.target ? { target: values.target as Bun.Build.CompileTarget } : {}),
    // What stands in the caller's folder is the caller's: no .env, bunfig.toml, tsconfig.json or package.json is read at run time.
    autoloadDotenv: false,
    autoloadBunfig: false,
    autoloadTsconfig: false,
    autoloadPackageJson: false,
  },
})
for (const log of result.logs) console.error(log.message)
if (!result.success || !existsSync(values.outfile)) {
  console.error('The build failed: see the messages above.')
  process.exit(1)
}
// The executable holds its source map; the copy beside it serves nobody.
for (const map of new Glob('*.map').scanSync({ cwd: join(root, 'dist'), absolute: true })) rmSync(map)
const megabytes = Math.round(statSync(values.outfile).size / 1e6)
console.log(`${values.outfile}: ${megabytes} MB in ${((performance.now() - started) / 1000).toFixed(1)} s`)

// Bundles the console into a folder that src/http/console-files.ts serves: hashed names, code split by page, fonts included.
// `bun scripts/build-console.ts [DIR]` prints the size of the first view and fails when it is over its limit.
import { mkdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'

/** Compressed script that the first view may load. */
const FIRST_VIEW_LIMIT = 300 * 1024

const root = join(import.meta.dir, '..')
const DEFAULT_FOLDER = join(root, 'dist', 'console')

/** Where the built console is served. Kept apart from `/v1`, `/models` and all other paths of the data plane. */
const BASE = '/console/'

export type ConsoleSizes = { readonly files: number; readonly firstView: number; readonly script: number }

/** Builds into `folder`, replacing it whole, so that a reader never sees half of a build. */
export async function buildConsole(folder: string): Promise<ConsoleSizes> {
  const fresh = `${folder}.${process.pid}`
  await rm(fresh, { recursive: true, force: true })
  const shared = {
    target: 'browser',
    minify: true,
    define: { 'process.env.NODE_ENV': '"production"' },
    sourcemap: 'none',
  } as const
  const app = await Bun.build({
    ...shared,
    entrypoints: [join(root, 'console', 'main.tsx')],
    outdir: join(fresh, 'assets'),
    splitting: true,
    publicPath: `${BASE}assets/`,
    naming: { entry: '[name]-[hash].[ext]', chunk: '[name]-[hash].[ext]', asset: '[name]-[hash].[ext]' },
    metafile: true,
  })
  // A classic script of its own: it must run before the first paint, and the content security policy allows no inline script.
  const boot = await Bun.build({
    ...shared,
    entrypoints: [join(root, 'console', 'boot.ts')],
    outdir: join(fresh, 'assets'),
    format: 'iife',
    naming: '[name]-[hash].[ext]',
  })
  const named = (suffix: string, from: typeof app) =>
    from.outputs
      .filter((file) => file.kind !== 'chunk' && file.path.endsWith(suffix))
      .map((file) => basename(file.path))
  const main = named('.js', app)[0]!
  const page = (await Bun.file(join(root, 'console', 'index.html')).text())
    .replace('__BOOT__', `${BASE}assets/${named('.js', boot)[0]}`)
    .replace('__MAIN__', `${BASE}assets/${main}`)
    .replace(
      '<!-- styles -->',
      named('.css', app)
        .map((name) => `<link rel="stylesheet" href="${BASE}assets/${name}" />`)
        .join('\n    '),
    )
  for (const file of app.outputs) if (file.path.endsWith('.css')) await takeFontsOut(file.path)
  const scripts = new Map<string, number>()
  for (const file of [...app.outputs, ...boot.outputs]) {
    if (file.path.endsWith('.js'))
      scripts.set(basename(file.path), Bun.gzipSync(new Uint8Array(await file.arrayBuffer())).length)
  }
  await mkdir(fresh, { recursive: true })
  await Bun.write(join(fresh, 'index.html'), page)
  await Bun.write(join(fresh, 'icon.svg'), Bun.file(join(root, 'console', 'icon.svg')))
  await rm(folder, { recursive: true, force: true })
  await rename(fresh, folder)

  const first = new Set(named('.js', boot))
  const outputs = new Map(Object.entries(app.metafile?.outputs ?? {}).map(([path, meta]) => [basename(path), meta]))
  const visit = (name: string) => {
    if (first.has(name)) return
    first.add(name)
    for (const { path, kind } of outputs.get(name)?.imports ?? [])
      if (kind === 'import-statement') visit(basename(path))
  }
  visit(main)
  return {
    files: app.outputs.length + boot.outputs.length + 2,
    firstView: [...first].reduce((sum, name) => sum + (scripts.get(name) ?? 0), 0),
    script: [...scripts.values()].reduce((sum, size) => sum + size, 0),
  }
}

/** The bundler writes small fonts into the style sheet, where the content security policy refuses them: they become files. */
async function takeFontsOut(sheet: string): Promise<void> {
  const writes: Promise<number>[] = []
  const css = (await Bun.file(sheet).text()).replace(
    /url\("?data:font\/woff2;base64,([^")]+)"?\)/g,
    (_, base64: string) => {
      const bytes = Buffer.from(base64, 'base64')
      const name = `font-${Bun.hash(bytes).toString(36)}.woff2`
      writes.push(Bun.write(join(dirname(sheet), name), bytes))
      return `url("${name}")`
    },
  )
  if (writes.length === 0) throw new Error('the style sheet holds no fonts: see takeFontsOut')
  await Promise.all([...writes, Bun.write(sheet, css)])
}

if (import.meta.main) {
  const folder = process.argv[2] ?? DEFAULT_FOLDER
  const started = performance.now()
  const { files, firstView, script } = await buildConsole(folder)
  const kib = (bytes: number) => `${(bytes / 1024).toFixed(0)} KiB`
  console.log(
    `console: ${files} files in ${relative(process.cwd(), folder) || folder}, first view ${kib(firstView)} of script (gzip), all pages ${kib(script)}, ${((performance.now() - started) / 1000).toFixed(1)} s`,
  )
  if (firstView > FIRST_VIEW_LIMIT) {
    console.error(
      `console: the first view may load ${kib(FIRST_VIEW_LIMIT)}; load more of it with the page that needs it`,
    )
    process.exit(1)
  }
}

import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'

/** Where the console lives on the port. `/` of a browser is sent here. */
export const CONSOLE_BASE = '/console/'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

/** No inline script, no other host. Styles that Mantine makes at run time carry the nonce of the page. */
function policy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "font-src 'self'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}

const SECURITY = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=()',
} as const

type Asset = {
  readonly body: Uint8Array<ArrayBuffer>
  readonly gzip: Uint8Array<ArrayBuffer> | null
  readonly type: string
}

/** Serves the built console: give it a request, get an answer for each path under {@link CONSOLE_BASE}. */
export type ConsoleFiles = { serve(request: Request): Promise<Response> }

let folder: Promise<string> | undefined

/**
 * Finds the console of this process. The compiled binary holds it; a checkout builds it once, in a child process so that the bundler's
 * memory is given back, and again when a source file has changed. A request that comes before the build has finished waits for it, so
 * whoever expects one asks early; a build that failed is tried again.
 */
export function prepareConsole(): Promise<string> {
  folder ??= findFolder().catch((error: unknown) => {
    folder = undefined
    throw error
  })
  return folder
}

export function openConsole(): ConsoleFiles {
  const assets = new Map<string, Promise<Asset | null>>()
  const read = async (name: string): Promise<Asset | null> => {
    const path = join(await prepareConsole(), name)
    if (!existsSync(path)) return null
    const body = new Uint8Array(await Bun.file(path).arrayBuffer())
    const type = TYPES[extname(name)] ?? 'application/octet-stream'
    const gzip = type.startsWith('text/') || type.includes('svg') ? Bun.gzipSync(body, { level: 9 }) : null
    return { body, gzip, type }
  }
  const load = (name: string) => {
    const known = assets.get(name)
    if (known) return known
    const asset = read(name)
    // Only names that exist are kept: the map stays as small as the build.
    assets.set(name, asset)
    asset.then(
      (found) => found ?? assets.delete(name),
      () => assets.delete(name),
    )
    return asset
  }
  return {
    async serve(request) {
      if (request.method !== 'GET' && request.method !== 'HEAD')
        return new Response('method not allowed\n', { status: 405, headers: { allow: 'GET, HEAD' } })
      const path = new URL(request.url).pathname.slice(CONSOLE_BASE.length)
      if (!/^[\w./-]*$/.test(path) || path.includes('..')) return page(await load('index.html'), 404)
      if (path.startsWith('assets/') || path === 'icon.svg') return file(request, await load(path), path !== 'icon.svg')
      return page(await load('index.html'), 200)
    },
  }
}

async function page(asset: Asset | null, status: number): Promise<Response> {
  if (!asset) return new Response('the console was not built\n', { status: 500 })
  const nonce = randomBytes(16).toString('base64')
  return new Response(new TextDecoder().decode(asset.body).replaceAll('__NONCE__', nonce), {
    status,
    headers: {
      'content-type': asset.type,
      'cache-control': 'no-store',
      'content-security-policy': policy(nonce),
      ...SECURITY,
    },
  })
}

function file(request: Request, asset: Asset | null, immutable: boolean): Response {
  if (!asset) return new Response('not found\n', { status: 404, headers: { 'cache-control': 'no-store', ...SECURITY } })
  const gzip = asset.gzip && /\bgzip\b/.test(request.headers.get('accept-encoding') ?? '') ? asset.gzip : null
  return new Response(request.method === 'HEAD' ? null : (gzip ?? asset.body), {
    headers: {
      'content-type': asset.type,
      'cache-control': immutable ? 'public, max-age=31536000, immutable' : 'public, max-age=3600',
      vary: 'accept-encoding',
      ...(gzip ? { 'content-encoding': 'gzip' } : {}),
      ...SECURITY,
    },
  })
}

async function findFolder(): Promise<string> {
  if (import.meta.dir.startsWith('/$bunfs') || import.meta.dir.includes('~BUN')) {
    const folder = join(import.meta.dir, 'console')
    if (!existsSync(join(folder, 'index.html'))) throw new Error('this binary was built without the console')
    return folder
  }
  const root = join(import.meta.dir, '..', '..')
  const folder = join(root, 'node_modules', '.cache', 'portreeve', `console-${await fingerprint(root)}`)
  if (!existsSync(join(folder, 'index.html'))) {
    const child = Bun.spawn([process.execPath, join(root, 'scripts', 'build-console.ts'), folder], {
      cwd: root,
      stdout: 'ignore',
      stderr: 'pipe',
    })
    const [errors, code] = await Promise.all([new Response(child.stderr).text(), child.exited])
    if (code !== 0) throw new Error(`the console could not be built: ${errors.trim().slice(0, 2000)}`)
  }
  return folder
}

/** Changes with each file that the build reads: names, sizes and times of the sources, and the installed packages. */
async function fingerprint(root: string): Promise<string> {
  const hash = createHash('sha256')
  for (const folder of ['console', 'src/contract', 'scripts']) {
    const names = (await readdir(join(root, folder), { recursive: true })).sort()
    for (const name of names) {
      const facts = await stat(join(root, folder, name))
      if (facts.isFile()) hash.update(`${folder}/${name} ${facts.size} ${facts.mtimeMs}\n`)
    }
  }
  hash.update(await Bun.file(join(root, 'package-lock.json')).text())
  return hash.digest('hex').slice(0, 16)
}

import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../src/config/config.ts'
import type { TextReader } from '../src/config/read-text.ts'
import type { Runtime } from '../src/control/context.ts'
import { openControl, type Control } from '../src/control/control.ts'
import { openSealer } from '../src/control/sealing.ts'
import { createSecret } from '../src/control/secret.ts'
import type { MetricsRules } from '../src/http/metrics.ts'
import { createControlHandler, type ControlHandler } from '../src/http/server.ts'
import type { SnapshotSource } from '../src/snapshot/source.ts'
import { openStore, type Store } from '../src/store/open.ts'

export type TestControl = {
  readonly control: Control
  readonly handler: ControlHandler
  /** A request of a program with a token; the local one unless another is given. */
  readonly api: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Response>
  readonly token: string
  readonly published: SnapshotSource[]
  readonly folder: string
  readonly clock: { now: number }
  readonly log: string[]
}

/** The whole management in memory: what a test needs to send requests to it. */
export async function openTestControl(
  options: {
    store?: Store
    env?: Record<string, string>
    file?: string
    flags?: Record<string, string>
    runtime?: Runtime
    reader?: TextReader
    metrics?: MetricsRules
  } = {},
): Promise<TestControl> {
  const folder = mkdtempSync(join(tmpdir(), 'control-'))
  if (options.file !== undefined) await Bun.write(join(folder, 'portreeve.yaml'), options.file)
  const { config, file } = await loadConfig({ flags: options.flags ?? {}, env: options.env ?? {}, cwd: folder })
  const store = options.store ?? (await openStore('sqlite::memory:'))
  const published: SnapshotSource[] = []
  const clock = { now: 1_800_000_000_000 }
  const token = createSecret('pra_')
  const log: string[] = []
  const control = await openControl({
    config,
    file,
    store,
    sealer: openSealer(folder, null),
    publish: (source) => void published.push(source),
    localToken: token,
    version: '0.0.0',
    clock: () => clock.now,
    log: (_, message) => void log.push(message),
    ...(options.runtime && { runtime: options.runtime }),
    ...(options.reader && { reader: options.reader }),
  })
  let requests = 0
  const handler = createControlHandler({
    control: () => control,
    rules: { host: config.host, publicUrl: config.publicUrl, trustedProxies: config.trustedProxies },
    newRequestId: () => `req_${++requests}`,
    ...(options.metrics && { metrics: options.metrics }),
    log: (_, message) => void log.push(message),
  })
  const api: TestControl['api'] = (method, path, body, headers = {}) =>
    handler(
      new Request(`http://127.0.0.1:8080${path.startsWith('/api') ? path : `/api/v1${path}`}`, {
        method,
        headers: withoutEmpty({
          host: '127.0.0.1:8080',
          authorization: `Bearer ${token}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        }),
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
      { requestIP: () => ({ address: '127.0.0.1' }) },
    )
  return { control, handler, api, token, published, folder, clock, log }
}

/** An empty text takes a header away. */
function withoutEmpty(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== ''))
}

import { Alias } from '../../src/contract/alias.ts'
import type { CallRecord } from '../../src/contract/call.ts'
import { createGateway } from '../../src/gateway/create.ts'
import type { World } from '../../src/llm/auth/world.ts'
import type { GatewayLimits } from '../../src/gateway/gateway.ts'
import { openGatewayServer } from '../../src/gateway/server.ts'
import type { TrafficState } from '../../src/gateway/traffic.ts'
import { compileSnapshot } from '../../src/snapshot/compile.ts'
import type { SnapshotSource, SourceKey, SourceProvider } from '../../src/snapshot/source.ts'

export const SECRET = `prk_live_${'a'.repeat(43)}`

export function sourceKey(secret: string, change: Partial<SourceKey> = {}): SourceKey {
  return {
    id: `key_${change.name ?? 'test'}`,
    name: 'test',
    hash: new Bun.CryptoHasher('sha256').update(secret).digest('hex'),
    models: ['*'],
    expiresAt: null,
    revokedAt: null,
    on_unsupported: 'drop',
    ...change,
  } as SourceKey
}

export function sourceProvider(id: string, baseUrl: string, change: Partial<SourceProvider> = {}): SourceProvider {
  return {
    id,
    type: 'openai-compatible',
    base_url: baseUrl,
    enabled: true,
    credentials: [{ id: 'main', secret: 'vendor-secret', weight: 1, expiresAt: null }],
    origin: 'file',
    ...change,
  } as SourceProvider
}

export type TestGateway = ReturnType<typeof startTestGateway>

/** A data plane on a free port without store or management around it: its records are in `records`. */
export function startTestGateway(
  source: Partial<Omit<SnapshotSource, 'aliases'>> & { aliases?: readonly object[] },
  limits: Partial<GatewayLimits> = {},
  world?: World,
  traffic?: TrafficState,
) {
  const records: CallRecord[] = []
  let arrival = Promise.withResolvers<void>()
  const complete: SnapshotSource = {
    version: 1,
    providers: [],
    keys: [sourceKey(SECRET)],
    prices: [],
    ...source,
    aliases: (source.aliases ?? []).map((alias) => Alias.parse(alias)),
  }
  const snapshot = compileSnapshot(complete)
  const problems: unknown[] = []
  const gateway = createGateway({
    snapshot: () => snapshot,
    record: async (record) => {
      records.push(record)
      arrival.resolve()
      arrival = Promise.withResolvers()
    },
    report: (error) => void problems.push(error),
    limits,
    ...(world && { world }),
    ...(traffic && { traffic }),
  })
  // Clients, vendors and gateway share one loop here: how late it is says nothing of the gateway.
  if (!complete.traffic?.overload) gateway.load.stop()
  const server = openGatewayServer({ host: '127.0.0.1', port: 0, gateway, notReady: () => undefined })
  return {
    url: server.url,
    port: server.port,
    gateway,
    records,
    problems,
    /** Resolves to the record with this index as soon as there is one. */
    async record(index = 0): Promise<CallRecord> {
      while (records.length <= index) await arrival.promise
      return records[index]!
    },
    post: (path: string, body: unknown, init: RequestInit = {}) =>
      fetch(server.url + path, {
        method: 'POST',
        ...init,
        headers: {
          authorization: `Bearer ${SECRET}`,
          'content-type': 'application/json',
          ...(init.headers as Record<string, string>),
        },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    async stop() {
      await server.stop(0)
      gateway.close()
    },
  }
}

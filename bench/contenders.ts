// The gateways under test, each on the gateways' core: what they are started with, and how their clients address them.
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pinned } from './machine.ts'
import type { Contender, Running, Target } from './scenario.ts'
import { peerPackage, root } from './tools.ts'
import { startNginx, untilListening, type Bench } from './upstreams.ts'

export const KEY = 'prk-bench-0000000000000000000000000000000000'
const JSON_HEADERS = { 'content-type': 'application/json' }

function target(port: number, path: string, headers: Record<string, string>, model: (name: string) => string): Target {
  return { url: `http://127.0.0.1:${port}${path}/chat/completions`, headers: { ...JSON_HEADERS, ...headers }, model }
}

export const nginx: Contender = {
  id: 'nginx',
  title: 'nginx proxy_pass',
  async start(bench) {
    const port = bench.nextPort()
    const location = (path: string, upstream: string) =>
      `location ${path} { proxy_pass http://${upstream}/v1/; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; proxy_read_timeout 600s; }`
    const child = await startNginx(
      bench.folder,
      'proxy',
      'gateway',
      port,
      `upstream plain { server 127.0.0.1:${bench.plainPort}; keepalive 256; keepalive_requests 1000000000; }
upstream paced { server 127.0.0.1:${bench.pacedPort}; keepalive 2048; keepalive_requests 1000000000; }
server { listen 127.0.0.1:${port} backlog=4096; ${location('/v1/', 'plain')} ${location('/paced/', 'paced')} }`,
    )
    const headers = { authorization: `Bearer ${KEY}` }
    return {
      pid: child.pid,
      plain: target(port, '/v1', headers, (name) => name),
      paced: target(port, '/paced', headers, (name) => name),
      stop: () => ended(child),
    }
  },
}

export const portkey: Contender = {
  id: 'portkey',
  title: 'Portkey',
  async start(bench) {
    const port = bench.nextPort()
    const log = join(bench.folder, 'portkey.log')
    const out = openSync(log, 'w')
    const command = ['node', join(peerPackage, 'build', 'start-server.js'), `--port=${port}`, '--headless']
    const child = Bun.spawn(pinned('gateway', command), {
      stdout: out,
      stderr: out,
      env: { ...process.env, NODE_ENV: 'production' },
    })
    await untilListening(port, child, log)
    const headers = (upstream: number, provider = 'openai') => ({
      authorization: `Bearer ${KEY}`,
      'x-portkey-provider': provider,
      'x-portkey-custom-host': `http://127.0.0.1:${upstream}/v1`,
    })
    return {
      pid: child.pid,
      plain: target(port, '/v1', headers(bench.plainPort), (name) => name),
      paced: target(port, '/v1', headers(bench.pacedPort), (name) => name),
      translated: {
        plain: target(port, '/v1', headers(bench.plainPort, 'anthropic'), (name) => name),
        paced: target(port, '/v1', headers(bench.pacedPort, 'anthropic'), (name) => name),
      },
      stop: () => ended(child),
    }
  },
}

export type PortreeveOptions = {
  readonly args?: readonly string[]
  /** Further keys of `portreeve.yaml`, as entries of the list. */
  readonly keys?: string
  /** Further sections of `portreeve.yaml`. */
  readonly configuration?: string
  /** The key that the load presents, when it is not the good one. */
  readonly key?: string
  /** What the load names, when it is not `provider/model`. */
  readonly model?: string
}

/** Portreeve as its users run it: key check, usage, price and record on. */
export function portreeve(id = 'portreeve', title = 'Portreeve', options: PortreeveOptions = {}): Contender {
  return {
    id,
    title,
    start: (bench) =>
      startPortreeve(bench, id, pinned('gateway', [process.execPath, join(root, 'src', 'main.ts')]), options),
  }
}

/** Writes the configuration, starts the command with `start` and waits until the gateway listens. */
export async function startPortreeve(
  bench: Bench,
  id: string,
  command: readonly string[],
  { args = [], keys = '', configuration: more = '', key = KEY, model }: PortreeveOptions,
): Promise<Running> {
  const folder = join(bench.folder, id)
  mkdirSync(folder, { recursive: true })
  const port = bench.nextPort()
  const configuration = join(folder, 'portreeve.yaml')
  writeFileSync(configuration, configurationFor(bench) + keys + more)
  const log = join(folder, 'log')
  const out = openSync(log, 'w')
  const child = Bun.spawn(
    [...command, 'start', '--port', String(port), '--data', join(folder, 'data'), '--config', configuration, ...args],
    { cwd: folder, stdout: out, stderr: out, env: { ...process.env, BENCH_KEY: KEY, BENCH_VENDOR_KEY: 'sk-bench' } },
  )
  await untilListening(port, child, log).catch((error: unknown) => {
    throw new Error(`Portreeve did not start: ${String(error)}\n${readFileSync(log, 'utf8').slice(-2000)}`)
  })
  const headers = { authorization: `Bearer ${key}` }
  return {
    pid: child.pid,
    plain: target(port, '/v1', headers, (name) => model ?? `plain/${name}`),
    paced: target(port, '/v1', headers, (name) => `paced/${name}`),
    translated: {
      plain: target(port, '/v1', headers, (name) => `plain-anthropic/${name}`),
      paced: target(port, '/v1', headers, (name) => `paced-anthropic/${name}`),
    },
    stop: () => ended(child),
  }
}

export function configurationFor(bench: Bench): string {
  const provider = (id: string, type: string, port: number) =>
    `  - { id: ${id}, type: ${type}, base_url: "http://127.0.0.1:${port}/v1", api_key: "env:BENCH_VENDOR_KEY" }\n`
  const providers = [
    provider('plain', 'openai', bench.plainPort),
    provider('paced', 'openai', bench.pacedPort),
    provider('plain-anthropic', 'anthropic', bench.plainPort),
    provider('paced-anthropic', 'anthropic', bench.pacedPort),
  ]
  return `providers:
${providers.join('')}keys:
  - { name: bench, secret: "env:BENCH_KEY", models: ["*"] }
`
}

async function ended(child: { kill: (signal?: NodeJS.Signals) => void; exited: Promise<number> }): Promise<void> {
  child.kill('SIGTERM')
  const hard = setTimeout(() => child.kill('SIGKILL'), 3000)
  await child.exited
  clearTimeout(hard)
}

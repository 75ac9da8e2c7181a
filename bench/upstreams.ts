// The vendors of the bench: nginx with a fixed JSON answer, and a paced stream. Both live on the load's core.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pinned } from './machine.ts'
import { cache } from './tools.ts'

/** A small real-looking answer of about 700 bytes. */
const ANSWER = JSON.stringify({
  id: 'chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT',
  object: 'chat.completion',
  created: 1_760_000_000,
  model: 'gpt-4o-mini-2024-07-18',
  choices: [
    {
      index: 0,
      message: {
        role: 'assistant',
        content: 'A portreeve was the king’s officer in a harbour town: he kept the gate, the market and the tolls.',
        refusal: null,
        annotations: [],
      },
      logprobs: null,
      finish_reason: 'stop',
    },
  ],
  usage: {
    prompt_tokens: 41,
    completion_tokens: 23,
    total_tokens: 64,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0, accepted_prediction_tokens: 0 },
  },
  service_tier: 'default',
  system_fingerprint: 'fp_06737a9306',
})

/** The same answer in Anthropic's format. */
const MESSAGE = JSON.stringify({
  id: 'msg_01XFDUDYJgAACzvnptvVoYEL',
  type: 'message',
  role: 'assistant',
  model: 'claude-haiku-4-5-20251001',
  content: [
    {
      type: 'text',
      text: 'A portreeve was the king’s officer in a harbour town: he kept the gate, the market and the tolls.',
    },
  ],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: {
    input_tokens: 41,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
    output_tokens: 23,
    service_tier: 'standard',
  },
})

/** The request that every load sends, about 300 bytes. */
export function requestBody(model: string, stream = false): string {
  return JSON.stringify({
    model,
    messages: [
      { role: 'system', content: 'You are a historian of medieval harbour towns. Answer in one sentence.' },
      { role: 'user', content: 'What did a portreeve do, and to whom did he answer? Name one town that had one.' },
    ],
    temperature: 0.2,
    max_tokens: 128,
    ...(stream ? { stream: true } : {}),
  })
}

export type Bench = {
  /** A folder for configurations and logs of this run. */
  readonly folder: string
  readonly plainPort: number
  readonly pacedPort: number
  readonly seconds: number
  readonly nextPort: () => number
}

let lastPort = 20_000 + Math.floor(Math.random() * 20_000)

/** A free port. Asked of the kernel each time, so that two benches on one machine do not meet. */
export function freePort(): number {
  for (;;) {
    try {
      const probe = Bun.listen({ hostname: '127.0.0.1', port: ++lastPort, socket: { data() {} } })
      probe.stop(true)
      return lastPort
    } catch {
      // Taken: the next one.
    }
  }
}

/** Waits until somebody listens on the port, at most ten seconds. */
export async function untilListening(port: number, child: { exitCode: number | null }, log: string): Promise<void> {
  const end = performance.now() + 10_000
  while (performance.now() < end) {
    if (child.exitCode !== null)
      throw new Error(`ended with exit code ${child.exitCode} before it listened: see ${log}`)
    try {
      const socket = await Bun.connect({ hostname: '127.0.0.1', port, socket: { data() {} } })
      socket.end()
      return
    } catch {
      await Bun.sleep(10)
    }
  }
  throw new Error(`nobody listens on ${port} after 10 s: see ${log}`)
}

/** One nginx in the foreground with the given `http` block. */
export async function startNginx(folder: string, name: string, core: 'gateway' | 'load', port: number, http: string) {
  const place = join(folder, name)
  mkdirSync(place, { recursive: true })
  const configuration = join(place, 'nginx.conf')
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  writeFileSync(
    configuration,
    `${user} daemon off; worker_processes 1; pid ${place}/nginx.pid; error_log ${place}/error.log warn;
events { worker_connections 8192; }
http { access_log off; client_body_temp_path ${place}/body; proxy_temp_path ${place}/proxy; fastcgi_temp_path ${place}/fastcgi;
uwsgi_temp_path ${place}/uwsgi; scgi_temp_path ${place}/scgi; keepalive_requests 1000000000; keepalive_timeout 600s; tcp_nodelay on;
${http}
}`,
  )
  const child = Bun.spawn(pinned(core, ['nginx', '-c', configuration, '-p', place]), {
    stdout: 'ignore',
    stderr: 'ignore',
  })
  await untilListening(port, child, join(place, 'error.log'))
  return child
}

/** Starts both vendors and makes the run's folder. */
export async function startUpstreams(seconds: number): Promise<Bench & { stop: () => Promise<void> }> {
  const folder = join(cache, 'bench', String(process.pid))
  mkdirSync(folder, { recursive: true })
  const plainPort = freePort()
  const pacedPort = freePort()
  const answers = (path: string, body: string) =>
    `location ${path} { default_type application/json; return 200 '${body}'; }`
  const nginx = await startNginx(
    folder,
    'upstream',
    'load',
    plainPort,
    `server { listen 127.0.0.1:${plainPort} backlog=4096; ${answers('/', ANSWER)} ${answers('= /v1/messages', MESSAGE)} }`,
  )
  const paced = Bun.spawn(
    pinned('load', [process.execPath, join(import.meta.dir, 'paced-upstream.ts'), String(pacedPort)]),
    {
      stdout: 'ignore',
      stderr: 'inherit',
    },
  )
  await untilListening(pacedPort, paced, 'its standard error')
  return {
    folder,
    plainPort,
    pacedPort,
    seconds,
    nextPort: freePort,
    stop: async () => {
      nginx.kill()
      paced.kill()
      await Promise.all([nginx.exited, paced.exited])
    },
  }
}

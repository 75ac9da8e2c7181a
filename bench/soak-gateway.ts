// The gateway of the soak as its users run it, and the questions that the soak asks it.
import { Database } from 'bun:sqlite'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seqFrom } from '../src/store/call-seq.ts'
import { cpuMicros, pinned, rssMiB } from './machine.ts'
import type { Probe } from './soak-probe.ts'

export const KEY = `prk_live_${'s'.repeat(43)}`
const SLOTS = 500

const configuration = (upstream: string) => `keys: [{ name: soak, secret: "${KEY}" }]
providers:
${['one', 'two'].map((id) => `  - { id: ${id}, type: openai-compatible, base_url: "${upstream}/${id}/v1", timeouts: { first_byte_ms: 5000, idle_ms: 1500 } }`).join('\n')}
aliases:
  - { name: soaked, strategy: priority, targets: [{ provider: one, model: m }], fallbacks: [{ provider: two, model: m, continues_prefix: true }],
      continue_streams: true, retries: { backoff_ms: 5 }, mirror: { provider: two, model: m, percent: 5 } }
prices:
  - { provider: one, model: m, input: 150000, output: 600000 }
  - { provider: two, model: m, input: 150000, output: 600000 }
limits: [{ name: slots, in_flight: ${SLOTS} }, { name: users, per: [end_user], requests_per_minute: 100000 }]
budgets: [{ name: money, amount_micros: 900000000000 }]
`

/** Calls on record that clients made, by status and error code. */
export type Recorded = { readonly status: number; readonly error_code: string | null; readonly calls: number }

export class SoakGateway {
  readonly port: number
  readonly #folder: string
  readonly #child: Bun.Subprocess
  readonly #said: () => string
  #probes = 0

  private constructor(folder: string, child: Bun.Subprocess, port: number, said: () => string) {
    this.#folder = folder
    this.#child = child
    this.port = port
    this.#said = said
  }

  static async start(upstream: string): Promise<SoakGateway> {
    const folder = mkdtempSync(join(tmpdir(), 'portreeve-soak-'))
    writeFileSync(join(folder, 'portreeve.yaml'), configuration(upstream))
    const main = join(import.meta.dir, '..', 'src', 'main.ts')
    const probe = join(import.meta.dir, 'soak-probe.ts')
    const command = [process.execPath, '--preload', probe, main, 'start', '--port', '0', '--data', join(folder, 'data')]
    const child = Bun.spawn(pinned('gateway', command), {
      cwd: folder,
      env: { ...process.env, SOAK_PROBE: join(folder, 'probe.json') },
      stdout: 'pipe',
      stderr: 'inherit',
    })
    process.on('exit', () => child.kill('SIGKILL'))
    let text = ''
    const { promise: port, resolve, reject } = Promise.withResolvers<number>()
    const read = async () => {
      const decoder = new TextDecoder()
      for await (const chunk of child.stdout) {
        text += decoder.decode(chunk)
        const found = /http:\/\/127\.0\.0\.1:(\d+)/.exec(text)
        if (found) resolve(Number(found[1]))
      }
      reject(new Error(`the gateway did not start: ${text}`))
    }
    void read()
    return new SoakGateway(folder, child, await port, () => text)
  }

  get rssMiB(): number {
    return rssMiB([this.#child.pid])
  }

  get descriptors(): number {
    return readdirSync(`/proc/${this.#child.pid}/fd`).length
  }

  get cpuMicros(): number {
    return cpuMicros([this.#child.pid])
  }

  /** What lives after a full collection. */
  async probe(): Promise<Probe> {
    const path = join(this.#folder, 'probe.json')
    rmSync(path, { force: true })
    this.#probes++
    this.#child.kill('SIGUSR2')
    for (let waited = 0; !existsSync(path); waited += 10) {
      if (waited > 60_000) throw new Error(`probe ${this.#probes} was not answered`)
      await Bun.sleep(10)
    }
    return JSON.parse(readFileSync(path, 'utf8')) as Probe
  }

  /** Slots and money that the gateway itself says are held. */
  async held(): Promise<{ slots: number; reserved: number }> {
    return {
      slots: await this.#use('limits', 'slots', (used) => used['used'] ?? 0),
      reserved: await this.#use('budgets', 'money', (used) => used['reserved_micros'] ?? 0),
    }
  }

  async #use(things: string, name: string, of: (used: Record<string, number>) => number): Promise<number> {
    const { address, token } = JSON.parse(readFileSync(join(this.#folder, 'data', 'running.json'), 'utf8'))
    const response = await fetch(`${address}/api/v1/${things}`, {
      headers: { authorization: `Bearer ${token}`, connection: 'close' },
    })
    const { data } = (await response.json()) as { data: { name: string; used: Record<string, number>[] | null }[] }
    const used = data.find((thing) => thing.name === name)?.used
    if (!used) throw new Error(`${things} says nothing of the use of ${name}`)
    return used.reduce((sum, each) => sum + of(each), 0)
  }

  /** Ends it as an operator does; what is still in flight would be cut, and said. The records are those of calls begun at or after a time. */
  async stop(since: number): Promise<{ code: number; cut: boolean; records: Recorded[] }> {
    this.#child.kill('SIGTERM')
    const code = await this.#child.exited
    const database = new Database(join(this.#folder, 'data', 'portreeve.db'), { readonly: true })
    const records = database
      .query(
        `select kind.status, kind.error_code, count(*) as calls from call_row row join call_kind kind on kind.id = row.kind
         where kind.endpoint not like 'mirror.%' and row.seq >= ? group by 1, 2`,
      )
      .all(seqFrom(since)) as Recorded[]
    database.close()
    rmSync(this.#folder, { recursive: true, force: true })
    return { code, cut: this.#said().includes('calls were cut'), records }
  }
}

import { connect, createServer, type Socket } from 'node:net'

/** What a proxy does with connections: carries them, each piece late, nothing for the time being, or ends and refuses them. */
export type ProxyMode = 'carries' | 'delays' | 'stalls' | 'refuses'

const DELAY_MS = 100

type Carried = { readonly client: Socket; readonly target: Socket; readonly held: (() => void)[] }

/** A TCP proxy that can misbehave, to stand before a database. */
export class Proxy {
  /** The most connections that were open at the same time. */
  most = 0
  #mode: ProxyMode = 'carries'
  readonly #open = new Set<Carried>()
  readonly #server
  readonly #target: { readonly host: string; readonly port: number }

  constructor(host: string, port: number) {
    this.#target = { host, port }
    this.#server = createServer((client) => this.#accept(client))
  }

  /** Resolves to the port. */
  listen(): Promise<number> {
    return new Promise((resolve) => {
      this.#server.listen(0, '127.0.0.1', () => resolve((this.#server.address() as { port: number }).port))
    })
  }

  set mode(mode: ProxyMode) {
    this.#mode = mode
    for (const { client, target, held } of this.#open) {
      if (mode === 'carries' || mode === 'delays') for (const write of held.splice(0)) write()
      if (mode !== 'refuses') continue
      client.resetAndDestroy()
      target.destroy()
    }
  }

  close(): void {
    this.mode = 'refuses'
    this.#server.close()
  }

  #accept(client: Socket): void {
    if (this.#mode === 'refuses') {
      client.on('error', () => {})
      client.resetAndDestroy()
      return
    }
    const target = connect(this.#target)
    const carried: Carried = { client, target, held: [] }
    this.#open.add(carried)
    this.most = Math.max(this.most, this.#open.size)
    const end = () => {
      this.#open.delete(carried)
      client.destroy()
      target.destroy()
    }
    for (const [from, to] of [
      [client, target],
      [target, client],
    ] as const) {
      from.on('data', (bytes) => {
        if (this.#mode === 'stalls') carried.held.push(() => void to.write(bytes))
        else if (this.#mode === 'delays') setTimeout(() => void to.write(bytes), DELAY_MS)
        else to.write(bytes)
      })
      from.on('error', end)
      from.on('close', end)
    }
  }
}

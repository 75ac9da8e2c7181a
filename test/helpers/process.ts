import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dir, '..', '..')

/** How the gateway is started: from source, by the launcher that `npm start` uses, or as the built executable. */
export type Entry = 'source' | 'launcher' | 'executable'

const COMMANDS: Readonly<Record<Entry, readonly string[]>> = {
  source: [process.execPath, join(root, 'src', 'main.ts')],
  launcher: ['node', join(root, 'scripts', 'run.mjs')],
  executable: [join(root, 'dist', 'portreeve')],
}

export type StartOptions = {
  readonly entry?: Entry
  /** Text of `portreeve.yaml`. */
  readonly config?: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** An existing folder, to start again where an earlier gateway ran; a new one otherwise. */
  readonly folder?: string
}

/** A gateway in a process of its own, on a free port, in a folder of its own. */
export class GatewayProcess {
  readonly folder: string
  readonly #child: Bun.Subprocess<'ignore', 'pipe', 'pipe'>
  readonly #entry: Entry
  #output = ''
  #grown = Promise.withResolvers<void>()
  readonly #read: Promise<unknown>

  constructor({ entry = 'source', config, args = [], env = {}, folder }: StartOptions = {}) {
    this.folder = folder ?? emptyFolder()
    this.#entry = entry
    if (config !== undefined) writeFileSync(join(this.folder, 'portreeve.yaml'), config)
    this.#child = Bun.spawn([...COMMANDS[entry], 'start', '--port', '0', ...args], {
      cwd: this.folder,
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
      env: { ...bareEnvironment(), ...env },
    })
    this.#read = Promise.all([this.#collect(this.#child.stdout), this.#collect(this.#child.stderr)])
    void this.#child.exited.then(() => this.#wake())
  }

  /** All that was printed so far, both streams. */
  get output(): string {
    return this.#output
  }

  get pid(): number {
    return this.#child.pid
  }

  /** Resolves with the first match in what is printed; rejects when the process ends without it. */
  async printed(pattern: RegExp): Promise<RegExpMatchArray> {
    for (;;) {
      const match = pattern.exec(this.#output)
      if (match) return match
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        await this.#read
        const last = pattern.exec(this.#output)
        if (last) return last
        throw new Error(`the gateway ended (${this.#child.exitCode ?? this.#child.signalCode}):\n${this.#output}`)
      }
      await this.#grown.promise
    }
  }

  /** `http://127.0.0.1:PORT`, as printed. */
  async address(): Promise<string> {
    return (await this.printed(/http:\/\/127\.0\.0\.1:\d+/))[0]
  }

  /** The API key that the first start prints once. */
  async key(): Promise<string> {
    return (await this.printed(/prk_live_[\w-]{20,}/))[0]
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Resolves to the exit code, or the signal's name. */
  async exited(): Promise<number | string> {
    await this.#child.exited
    await this.#read
    return this.#child.signalCode ?? this.#child.exitCode ?? -1
  }

  async stop(): Promise<number | string> {
    this.#child.kill(this.#entry === 'source' || this.#entry === 'executable' ? 'SIGTERM' : 'SIGINT')
    return this.exited()
  }

  /** Ends it the hard way, for the end of a test. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill(this.#entry === 'launcher' ? 'SIGTERM' : 'SIGKILL')
    await this.#child.exited
  }

  async #collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder()
    for await (const chunk of stream) {
      this.#output += decoder.decode(chunk, { stream: true })
      this.#wake()
    }
  }

  #wake(): void {
    this.#grown.resolve()
    this.#grown = Promise.withResolvers()
  }
}

export function emptyFolder(): string {
  return mkdtempSync(join(tmpdir(), 'portreeve-test-'))
}

/** Runs one command to its end, as typed in the folder. */
export async function run(
  folder: string,
  args: readonly string[],
  { entry = 'source', env = {} }: { entry?: Entry; env?: Readonly<Record<string, string>> } = {},
) {
  const child = Bun.spawn([...COMMANDS[entry], ...args], {
    cwd: folder,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    env: { ...bareEnvironment(), ...env },
  })
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { code, out, err }
}

/** The environment of somebody who has set nothing: what a developer has in his own must not decide a test. */
export function bareEnvironment(): Record<string, string> {
  const { PATH = '', HOME = '', TMPDIR } = process.env
  return { PATH, HOME, ...(TMPDIR ? { TMPDIR } : {}), NO_COLOR: '1' }
}

let built: Promise<void> | undefined

/** Builds dist/portreeve once a test run, from the sources as they are. */
export function builtExecutable(): Promise<void> {
  built ??= (async () => {
    const child = Bun.spawn([process.execPath, join(root, 'scripts', 'build.ts')], {
      cwd: root,
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const [err, code] = await Promise.all([new Response(child.stderr).text(), child.exited])
    if (code !== 0 || !existsSync(COMMANDS.executable[0]!)) throw new Error(`the build failed: ${err}`)
  })()
  return built
}

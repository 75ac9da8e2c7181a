// Every command in the README and in docs/ is typed as it stands there, in an empty folder.
import { afterAll, describe, expect, test } from 'bun:test'
import { Glob } from 'bun'
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { blocksOf, commandsOf, showsSame, type Block } from './helpers/markdown.ts'
import { bareEnvironment, emptyFolder, GatewayProcess } from './helpers/process.ts'

const root = join(import.meta.dir, '..')
/** Pages whose examples need files of their own, and have a test that brings them. */
const ELSEWHERE = new Set(['docs/execution-role.md'])

const PAGES = ['README.md', ...new Glob('docs/*.md').scanSync(root)].filter((page) => !ELSEWHERE.has(page)).sort()

/** What a page may tell its reader to do that a test does not: it installs, builds, or needs another machine. */
const NOT_HERE = /^(git clone|cd |docker |npm (ci|install|test|run)|aws |terraform |cdk |export )/
const START = /^(?:npm start|portreeve start)\b(?: --(?= |$))?\s*(.*?)\s*&?$/

/** One reader of one page: a folder, the command on the path, and the gateway that the page starts. */
class Reader {
  readonly folder = emptyFolder()
  #gateway: GatewayProcess | undefined
  #address = ''
  #admin = ''
  #key = ''

  constructor() {
    const bin = join(this.folder, 'bin')
    mkdirSync(bin)
    writeFileSync(join(bin, 'portreeve'), `#!/bin/sh\nexec ${process.execPath} ${join(root, 'src', 'main.ts')} "$@"\n`)
    chmodSync(join(bin, 'portreeve'), 0o755)
    symlinkSync(join(root, 'docs'), join(this.folder, 'docs'))
  }

  async read(block: Block): Promise<number> {
    const { notes, text, language } = block
    if ('file' in notes) writeFileSync(join(this.folder, notes['file']!), `${text}\n`)
    if ((language !== 'sh' && language !== 'console') || 'skip' in notes) return 0
    let typed = 0
    for (const { command, shown } of commandsOf(block)) {
      if (NOT_HERE.test(command)) continue
      typed++
      const [start, args = ''] = START.exec(command) ?? []
      // Reference pages do not begin with the start: their reader has a gateway that runs.
      if (start || !this.#gateway) await this.#start(args)
      if (start) continue
      await this.#run(command, shown, Number(notes['exits'] ?? 0))
    }
    return typed
  }

  async #start(args: string): Promise<void> {
    await this.#gateway?.stop()
    const free = args.replace('--admin-port 9090', '--admin-port 0')
    this.#gateway = new GatewayProcess({ folder: this.folder, args: free.split(' ').filter(Boolean) })
    this.#address = (await this.#gateway.address()).replace('http://', '')
    this.#admin = /http:\/\/([\d.:]+)\/console/.exec(this.#gateway.output)?.[1] ?? this.#address
    this.#key = /prk_live_[\w-]{20,}/.exec(this.#gateway.output)?.[0] ?? this.#key
  }

  async #run(command: string, shown: readonly string[], exits: number): Promise<void> {
    const text = this.#address
      ? command.replaceAll(/(127\.0\.0\.1|localhost):8080/g, this.#address).replaceAll('127.0.0.1:9090', this.#admin)
      : command
    const child = Bun.spawn(['bash', '-euo', 'pipefail', '-c', text], {
      cwd: this.folder,
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
      env: {
        ...bareEnvironment(),
        PATH: `${join(this.folder, 'bin')}:${process.env['PATH']}`,
        PORTREEVE_KEY: this.#key,
      },
    })
    const [out, err, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ])
    if (code !== exits) throw new Error(`exit code ${code}, not ${exits}: ${command}\n${out}${err}`)
    if (shown.length > 0 && !showsSame(shown, out + err))
      throw new Error(`the page shows\n${shown.join('\n')}\nbut ${command} prints\n${out}${err}`)
  }

  async leave(): Promise<void> {
    await this.#gateway?.stop()
  }
}

describe.each(PAGES)('%s', (page) => {
  const blocks = blocksOf(readFileSync(join(root, page), 'utf8'))
  const reader = new Reader()
  afterAll(() => reader.leave())
  let typed = 0
  const live = blocks.filter(({ language, notes }) => language === 'sh' || language === 'console' || 'file' in notes)
  for (const block of live) {
    test(`line ${block.line}`, async () => {
      typed += await reader.read(block)
    })
  }
  if (page === 'README.md') test('the README was typed at all', () => expect(typed).toBeGreaterThan(1))
})

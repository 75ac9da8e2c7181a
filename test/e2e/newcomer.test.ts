// What somebody sees who has just cloned the repository or downloaded the executable, in an empty folder.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { bareEnvironment, builtExecutable, emptyFolder, GatewayProcess, run, type Entry } from '../helpers/process.ts'

/** Runs text as it would be pasted into a shell. */
async function paste(text: string): Promise<{ code: number; out: string }> {
  const child = Bun.spawn(['bash', '-c', text], { stdout: 'pipe', stderr: 'pipe', env: bareEnvironment() })
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { code, out: out + (code === 0 ? '' : err) }
}

/** The `curl` line of the start, with its continuation lines. */
function pastedLine(output: string): string {
  const [line] = /curl (?:.*\\\n)*.*/.exec(output) ?? []
  if (!line) throw new Error(`no curl line in:\n${output}`)
  return line
}

describe.each(['launcher', 'executable'] as const)('started by %s', (entry: Entry) => {
  const folder = emptyFolder()
  let gateway: GatewayProcess
  beforeAll(async () => {
    if (entry === 'executable') await builtExecutable()
    gateway = new GatewayProcess({ entry, folder })
  }, 60_000)
  afterAll(() => gateway[Symbol.asyncDispose]())

  test('it prints address, key and a line that works as pasted', async () => {
    const address = await gateway.address()
    const key = await gateway.key()
    await gateway.printed(/curl/)
    const { code, out } = await paste(pastedLine(gateway.output))
    expect({ code, out }).toMatchObject({ code: 0 })
    expect(out).toMatch(/chat\.completion/)
    expect((await fetch(`${address}/healthz`)).status).toBe(200)
    expect((await fetch(`${address}/readyz`)).status).toBe(200)
    expect(await Bun.file(join(folder, 'portreeve-data', 'portreeve.db')).exists()).toBe(true)
    expect(key.length).toBeGreaterThan(40)
  })

  test('the call is on record, with its tokens', async () => {
    let calls: { status: number; model_asked: string; usage: { output: number } | null }[] = []
    // A record is in the store a moment after its call.
    while (calls.length === 0) {
      const { code, out, err } = await run(folder, ['calls', 'list', '--json'], { entry })
      expect({ code, err }).toEqual({ code: 0, err: '' })
      calls = JSON.parse(out) as typeof calls
    }
    expect(calls[0]).toMatchObject({ status: 200, model_asked: 'demo/parley' })
    expect(calls[0]!.usage!.output).toBeGreaterThan(0)
  })

  test('health, as a container asks it', async () => {
    const { port } = new URL(await gateway.address())
    expect((await run(folder, ['health', '--port', port], { entry })).code).toBe(0)
  })

  test('a second process on the same folder is refused, and says why', async () => {
    const { code, err } = await run(folder, ['start', '--port', '0'], { entry })
    expect(code).toBe(1)
    expect(err).toContain('uses the data folder')
  })

  test('it ends cleanly, and the next start shows no key but knows it', async () => {
    const key = await gateway.key()
    expect(await gateway.stop()).toBe(0)
    gateway = new GatewayProcess({ entry, folder })
    const address = await gateway.address()
    await gateway.printed(/ready|listen|http/i)
    expect(gateway.output).not.toContain(key)
    const models = await fetch(`${address}/v1/models`, { headers: { authorization: `Bearer ${key}` } })
    expect(models.status).toBe(200)
    expect(((await models.json()) as { data: { id: string }[] }).data.map(({ id }) => id)).toContain('demo/parley')
    expect(await gateway.stop()).toBe(0)
  })
})

test('the printed line works also where an alias leads to what does not run yet', async () => {
  const config = `
providers:
  - { id: local, type: openai-compatible, base_url: "http://127.0.0.1:9/v1" }
aliases:
  - { name: fast, targets: [{ provider: local, model: x }] }
`
  await using gateway = new GatewayProcess({ config })
  await gateway.printed(/curl/)
  expect(await paste(pastedLine(gateway.output))).toMatchObject({ code: 0, out: expect.stringMatching(/^data: /) })
})

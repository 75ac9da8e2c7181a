// Whoever watches calls (receivers of alerts, services of guards, readers of the tail, of metrics and of the log) can fail as it likes: calls go on.
import { afterAll, describe, expect, test } from 'bun:test'
import { spawn } from 'node:child_process'
import { connect } from 'node:net'
import { join } from 'node:path'
import { readRunning } from '../../src/control/data-folder.ts'
import { FakeVendor } from '../fake-vendor/vendor.ts'
import { BAD_RECEIVERS, openBadReceiver, type BadReceiver } from '../helpers/bad-receiver.ts'
import { sourceProvider, startTestGateway } from '../helpers/gateway.ts'
import { readOpenMetrics, sumOf } from '../helpers/open-metrics.ts'
import { bareEnvironment, emptyFolder, GatewayProcess } from '../helpers/process.ts'

const KEY = `prk_live_${'e'.repeat(49)}`
const RECEIVERS = Object.keys(BAD_RECEIVERS) as BadReceiver[]
const vendor = new FakeVendor()
afterAll(() => vendor.stop())

async function ask(address: string, model = 'fake/m') {
  const began = performance.now()
  const response = await fetch(`${address}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, max_tokens: 20, messages: [{ role: 'user', content: 'hi' }] }),
  })
  await response.text()
  return { status: response.status, ms: performance.now() - began }
}

const base = `providers:
  - { id: fake, type: openai-compatible, base_url: "${vendor.origin}/v1" }
keys:
  - { name: test, secret: "${KEY}" }
prices:
  - { provider: fake, model: m, input: 1000000, output: 1000000 }
`

function residentBytes(pid: number): number {
  return Number(Bun.spawnSync(['ps', '-o', 'rss=', '-p', String(pid)]).stdout.toString()) * 1_024
}

test('receivers of alerts fail in every way there is, all at once, and calls go on', async () => {
  const receivers = await Promise.all(RECEIVERS.map(openBadReceiver))
  const alerts = (url: string, secret: string) =>
    `{ url: "${url}", secret: "${secret}", at: [1, 2, 3, 5, 10, 20, 50, 100] }`
  const budgets = receivers.map(
    ({ url }, n) => `  - { name: b${n}, mode: soft, amount_micros: 1000, alerts: ${alerts(url, 's')} }\n`,
  )
  budgets.push(
    `  - { name: unsigned, mode: soft, amount_micros: 1000, alerts: ${alerts(receivers[6]!.url, 'whsec_')} }\n`,
  )
  await using gateway = new GatewayProcess({
    config: `${base}budgets:\n${budgets.join('')}`,
    args: ['--admin-port', '0'],
  })
  const address = await gateway.address()
  await ask(address)
  const before = residentBytes(gateway.pid)
  const answers = []
  for (let n = 0; n < 100; n++) answers.push(await ask(address))
  expect(answers.filter(({ status, ms }) => status !== 200 || ms > 1_000)).toEqual([])
  for (const [n, { asked }] of receivers.entries())
    if (RECEIVERS[n] !== 'refuses connections') expect([RECEIVERS[n], asked.times > 0]).toEqual([RECEIVERS[n], true])
  const { address: admin } = readRunning(join(gateway.folder, 'portreeve-data'))!
  const metrics = readOpenMetrics(await (await fetch(`${admin}/metrics`)).text())
  expect(sumOf(metrics, 'portreeve_alerts_dropped_total')).toBeGreaterThanOrEqual(8)
  expect(residentBytes(gateway.pid) - before).toBeLessThan(150_000_000)
  expect(await gateway.stop()).toBe(0)
  for (const receiver of receivers) receiver.close()
}, 60_000)

describe('the service of a guard', () => {
  test.each(RECEIVERS)(
    '%s: its rule decides, in time, and other calls notice nothing',
    async (how) => {
      const receiver = await openBadReceiver(how)
      const guard = (name: string, model: string, on_failure: string) => ({
        name,
        for: { model },
        kind: 'webhook' as const,
        on: ['input' as const],
        url: receiver.url,
        secret: 's',
        timeout_ms: 300,
        on_failure,
      })
      const gateway = startTestGateway({
        providers: [sourceProvider('fake', `${vendor.origin}/v1`)],
        traffic: { guards: [guard('open', 'fake/open', 'open'), guard('closed', 'fake/closed', 'closed')] } as never,
      })
      const send = async (model: string) => {
        const began = performance.now()
        const response = await gateway.post('/v1/chat/completions', {
          model,
          messages: [{ role: 'user', content: 'hi' }],
        })
        return { status: response.status, text: await response.text(), ms: performance.now() - began }
      }
      await send('fake/m')
      const before = process.memoryUsage.rss()
      const [open, closed, ...others] = await Promise.all([
        Promise.all(Array.from({ length: 10 }, () => send('fake/open'))),
        Promise.all(Array.from({ length: 10 }, () => send('fake/closed'))),
        ...Array.from({ length: 10 }, () => send('fake/m')),
      ])
      expect(open.map(({ status }) => status)).toEqual(open.map(() => 200))
      expect(closed.map(({ status }) => status)).toEqual(closed.map(() => 400))
      expect(closed[0]!.text).toContain('guard \\"closed\\" refuses the request')
      expect(others.map(({ status }) => status)).toEqual(others.map(() => 200))
      for (const { ms } of [...open, ...closed]) expect(ms).toBeLessThan(2_000)
      expect(process.memoryUsage.rss() - before).toBeLessThan(400_000_000)
      expect(gateway.gateway.inFlight).toBe(0)
      expect(gateway.problems).toEqual([])
      await gateway.stop()
      for (let round = 0; receiver.open() > 0 && round < 200; round++) await Bun.sleep(10)
      expect(receiver.open()).toBe(0)
      receiver.close()
    },
    20_000,
  )

  test('that is given a secret which signs nothing is never asked', async () => {
    const receiver = await openBadReceiver('answers 500')
    const guard = {
      name: 'g',
      for: {},
      kind: 'webhook',
      on: ['input'],
      url: receiver.url,
      secret: 'whsec_',
      timeout_ms: 300,
      on_failure: 'open',
    }
    const gateway = startTestGateway({
      providers: [sourceProvider('fake', `${vendor.origin}/v1`)],
      traffic: { guards: [guard] } as never,
    })
    const { status } = await gateway.post('/v1/chat/completions', { model: 'fake/m', messages: [] })
    expect([status, receiver.asked.times, gateway.problems]).toEqual([200, 0, []])
    await gateway.stop()
    receiver.close()
  })
})

test('readers of the tail and of metrics that never read, or leave in the middle, hold up nobody', async () => {
  await using gateway = new GatewayProcess({ config: base, args: ['--admin-port', '0'] })
  const address = await gateway.address()
  const { address: admin, token } = readRunning(join(gateway.folder, 'portreeve-data'))!
  const { port } = new URL(admin!)
  const sockets = Array.from({ length: 40 }, (_, n) => {
    const socket = connect(Number(port), '127.0.0.1')
    socket.on('error', () => {})
    socket.pause()
    const path = n % 2 === 0 ? '/api/v1/calls/tail' : '/metrics'
    socket.write(
      `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer ${token}\r\n\r\n`.repeat(
        n % 2 === 0 ? 1 : 20,
      ),
    )
    return socket
  })
  const answers = []
  for (let n = 0; n < 200; n++) {
    answers.push(await ask(address))
    if (n > 100) sockets.pop()?.resetAndDestroy()
  }
  expect(answers.filter(({ status, ms }) => status !== 200 || ms > 1_000)).toEqual([])
  let calls = 0
  while (calls < 200)
    calls = sumOf(readOpenMetrics(await (await fetch(`${admin}/metrics`)).text()), 'portreeve_calls_total')
  for (const socket of sockets) socket.destroy()
  expect(await gateway.stop()).toBe(0)
}, 60_000)

test.each([1, 2])(
  'whoever reads the log leaves, and %d gateway processes go on and end well',
  async (workers) => {
    const folder = emptyFolder()
    const file = join(folder, 'portreeve.yaml')
    await Bun.write(file, base)
    const main = join(import.meta.dir, '..', '..', 'src', 'main.ts')
    const child = spawn(process.execPath, [main, 'start', '--port', '0', '--workers', String(workers)], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: bareEnvironment(),
    })
    const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve(code ?? signal)))
    const address = await new Promise<string>((resolve) => {
      let text = ''
      child.stdout.on('data', (more: Buffer) => {
        text += more.toString()
        const found = /http:\/\/127\.0\.0\.1:\d+/.exec(text)
        if (found) resolve(found[0])
      })
    })
    child.stdout.destroy()
    child.stderr.destroy()
    // Each reading of a file that is wrong is a line for the log.
    for (let n = 0; n < 5; n++) {
      await Bun.write(file, `${base}nonsense${n}: true\n`)
      child.kill('SIGHUP')
      await Bun.sleep(100)
      expect((await ask(address)).status).toBe(200)
    }
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
  },
  60_000,
)

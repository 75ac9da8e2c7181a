// The figures of /metrics from the outside: a hundred calls of several kinds, compared with the records that `portreeve calls list` shows.
import { afterAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import type { CallRecord } from '../../src/contract/call.ts'
import { readRunning } from '../../src/control/data-folder.ts'
import { FakeVendor } from '../fake-vendor/vendor.ts'
import { readOpenMetrics, sumOf, type ReadFamily } from '../helpers/open-metrics.ts'
import { GatewayProcess, run } from '../helpers/process.ts'

const KEY = `prk_live_${'c'.repeat(49)}`
const vendor = new FakeVendor()
afterAll(() => vendor.stop())

const config = `providers:
  - { id: fake, type: openai-compatible, base_url: "${vendor.origin}/v1" }
  - { id: gone, type: openai-compatible, base_url: "http://127.0.0.1:9/v1" }
keys:
  - { name: test, secret: "${KEY}" }
aliases:
  - name: safe
    strategy: priority
    targets: [{ provider: gone, model: g, priority: 1 }, { provider: fake, model: m, priority: 2 }]
prices:
  - { provider: fake, model: m, input: 1000000, output: 2000000 }
  - { provider: gone, model: g, input: 1000000, output: 2000000 }
  - { provider: fake, model: cached, input: 1000000, output: 2000000 }
cache: { rules: [{ for: { model: fake/cached }, ttl_ms: 60000 }] }
guards:
  - { name: mail, kind: personal_data, action: mask }
budgets:
  - { name: month, amount_micros: 100000000 }
`

type Kind = { model: string; stream?: boolean; content?: string; key?: string; path?: string }

const KINDS: Kind[] = [
  { model: 'fake/m' },
  { model: 'fake/m', stream: true },
  { model: 'safe' },
  { model: 'fake/cached', content: 'the same' },
  { model: 'fake/m', content: 'write to ada@harbour.example' },
  { model: 'nowhere/m' },
  { model: 'gone/g' },
  { model: 'fake/m', key: 'prk_live_wrong' },
]

async function send(address: string, { model, stream = false, content = 'hi', key = KEY }: Kind): Promise<void> {
  const response = await fetch(`${address}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, stream, max_tokens: 20, messages: [{ role: 'user', content }] }),
  })
  await response.text()
}

async function recordsOf(folder: string): Promise<CallRecord[]> {
  const { out, err, code } = await run(folder, ['calls', 'list', '--json', '--limit', '200'])
  if (code !== 0) throw new Error(err)
  return JSON.parse(out) as CallRecord[]
}

async function scrape(admin: string, headers: Record<string, string> = {}): Promise<ReadFamily[]> {
  const response = await fetch(`${admin}/metrics`, { headers })
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  return readOpenMetrics(await response.text())
}

/** Groups and counts, so that both sides can be compared as a whole. */
function counts(keys: Iterable<string>): Record<string, number> {
  const found: Record<string, number> = {}
  for (const key of keys) found[key] = (found[key] ?? 0) + 1
  return found
}

describe.each([1, 2])('with %d gateway processes', (workers) => {
  test('metrics say what the records say', async () => {
    await using gateway = new GatewayProcess({ config, args: ['--workers', String(workers), '--admin-port', '0'] })
    const address = await gateway.address()
    const admin = (await gateway.printed(/(http:\/\/127\.0\.0\.1:\d+)\/console/))[1]!
    const before = await scrape(admin)
    expect(sumOf(before, 'portreeve_calls_total')).toBe(0)
    for (let n = 0; n < 104; n++) await send(address, KINDS[n % KINDS.length]!)

    let records: CallRecord[] = []
    while (records.length < 104) records = await recordsOf(gateway.folder)
    const families = await scrape(admin)
    const sum = (name: string, labels: Record<string, string> = {}) => sumOf(families, `portreeve_${name}`, labels)

    expect(sum('calls_total')).toBe(104)
    expect(sum('records_written_total')).toBe(104)
    expect(sum('spool_bytes')).toBe(0)
    const samples = families.flatMap((family) => family.samples)
    const byStatus = counts(records.map(({ status }) => `${Math.trunc(status / 100)}xx`))
    for (const [status, count] of Object.entries(byStatus))
      expect([status, sum('calls_total', { status })]).toEqual([status, count])
    expect(Object.keys(byStatus).length).toBeGreaterThan(2)
    const byProvider = counts(records.map(({ provider }) => provider ?? ''))
    for (const [provider, count] of Object.entries(byProvider)) {
      const told = samples.filter(
        ({ name, labels }) => name === 'portreeve_calls_total' && (labels['provider'] ?? '') === provider,
      )
      expect([provider, told.reduce((all, { value }) => all + value, 0)]).toEqual([provider, count])
    }
    const micros = records.reduce((all, { cost_micros }) => all + (cost_micros ?? 0), 0)
    expect(micros).toBeGreaterThan(0)
    expect(Math.round(sum('cost_usd_total') * 1e6)).toBe(micros)
    const usages = records.flatMap(({ usage }) => (usage ? [usage] : []))
    expect(sum('tokens_total', { class: 'input' })).toBe(usages.reduce((all, { input }) => all + input, 0))
    expect(sum('tokens_total', { class: 'output' })).toBe(usages.reduce((all, { output }) => all + output, 0))
    expect(sum('attempts_total')).toBe(records.reduce((all, { attempts }) => all + attempts.length, 0))
    const failing = records.filter(({ error_code }) => error_code !== null)
    expect(sum('refusals_total')).toBe(failing.filter(({ attempts }) => attempts.length === 0).length)
    expect(sum('failures_total')).toBe(failing.filter(({ attempts }) => attempts.length > 0).length)
    for (const [code, count] of Object.entries(counts(failing.map((record) => record.error_code!))))
      expect([code, sum('refusals_total', { code }) + sum('failures_total', { code })]).toEqual([code, count])
    const fellBack = records.filter(({ model_asked, attempts }) => model_asked === 'safe' && attempts.length > 1).length
    expect(fellBack).toBeGreaterThan(0)
    expect(sum('fallbacks_total')).toBe(fellBack)
    for (const [result, count] of Object.entries(
      counts(records.flatMap(({ cache }) => (cache === null ? [] : [cache]))),
    ))
      expect([result, sum('cache_lookups_total', { result })]).toEqual([result, count])
    expect(sum('cache_lookups_total', { result: 'hit' })).toBeGreaterThan(0)
    expect(sum('guard_actions_total', { guard: 'mail' })).toBe(
      records.reduce((all, { guards }) => all + (guards?.['mail'] ?? 0), 0),
    )
    expect(sum('guard_actions_total')).toBeGreaterThan(0)
    expect(sum('call_duration_seconds_count')).toBe(104)
    const total = records.reduce((all, { total_ms }) => all + total_ms, 0)
    expect(sum('call_duration_seconds_sum')).toBeCloseTo(total / 1_000, 3)
    expect(sum('time_to_first_token_seconds_count')).toBe(
      records.filter(({ stream, first_byte_ms }) => stream && first_byte_ms !== null).length,
    )
    expect(sum('overhead_seconds_count')).toBe(records.filter(({ overhead_ms }) => overhead_ms !== null).length)
    expect(Math.round(sum('budget_spent_usd', { budget: 'month' }) * 1e6)).toBe(micros)
    expect(sum('calls_in_flight')).toBe(0)
    const processes = workers === 1 ? ['main'] : ['main', 'gateway-0', 'gateway-1']
    expect(
      samples
        .filter(({ name, value }) => name === 'portreeve_process_up' && value === 1)
        .map(({ labels }) => labels['process']),
    ).toEqual(processes)
    expect(sumOf(families, 'process_resident_memory_bytes')).toBeGreaterThan(10_000_000)
    expect(sum('database_up')).toBe(1)
    // The port of calls knows nothing of them.
    expect((await fetch(`${address}/metrics`, { headers: { authorization: `Bearer ${KEY}` } })).status).toBe(404)
    // A restart begins anew: what was recorded before is not counted again.
    expect(await gateway.stop()).toBe(0)
    await using again = new GatewayProcess({ folder: gateway.folder, args: ['--admin-port', '0'] })
    const later = (await again.printed(/(http:\/\/127\.0\.0\.1:\d+)\/console/))[1]!
    expect(sumOf(await scrape(later), 'portreeve_calls_total')).toBe(0)
  }, 60_000)

  test('on the port of calls a token is needed, and is enough', async () => {
    await using gateway = new GatewayProcess({ config, args: ['--workers', String(workers)] })
    const address = await gateway.address()
    await send(address, KINDS[0]!)
    const statusOf = async (headers: Record<string, string>) => (await fetch(`${address}/metrics`, { headers })).status
    expect(await statusOf({})).toBe(401)
    expect(await statusOf({ authorization: `Bearer ${KEY}` })).toBe(401)
    const local = readRunning(join(gateway.folder, 'portreeve-data'))
    const made = await fetch(`${address}/api/v1/tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${local?.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'prometheus', role: 'viewer' }),
    })
    expect(made.status).toBe(201)
    const { secret } = (await made.json()) as { secret: string }
    let families: ReadFamily[] = []
    while (sumOf(families, 'portreeve_calls_total') < 1)
      families = await scrape(address, { authorization: `Bearer ${secret}` })
    expect(sumOf(families, 'portreeve_calls_total', { model: 'fake/m' })).toBe(1)
    expect(await gateway.stop()).toBe(0)
  }, 60_000)
})

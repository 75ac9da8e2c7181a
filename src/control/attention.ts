import type { Attention } from '../contract/api/overview.ts'
import { placeOf } from '../config/finding.ts'
import { keysIn } from '../store/api-key.ts'
import { rollupsIn } from '../store/rollup.ts'
import { budgetUse } from './budget-use.ts'
import type { Context } from './context.ts'
import { listProviders } from './providers.ts'
import { entriesOf } from './things.ts'
import { timestamp } from './time.ts'

const DAY = 86_400_000
const SOON_MS = 7 * DAY
const NEAR_PERCENT = 80

/** What a person should look at, worst first. */
export async function listAttention(context: Context): Promise<Attention[]> {
  const found = await Promise.all([providers(context), keys(context), unpriced(context), budgets(context)])
  const all = [...refusedFile(context), ...found.flat(), ...resting(context), ...records(context)]
  const rank = { critical: 0, warning: 1 }
  return all.toSorted((a, b) => rank[a.severity] - rank[b.severity])
}

function refusedFile({ refused }: Context): Attention[] {
  const [first, ...others] = refused()
  if (!first) return []
  const more = others.length ? ` and ${others.length} more` : ''
  return [
    {
      kind: 'file-refused',
      severity: 'critical',
      message: `${placeOf(first)} was refused, so the configuration before goes on: ${first.field} ${first.message}${more}.`,
      values: { place: placeOf(first), field: first.field, reason: first.message, more: others.length },
      path: '/settings',
    },
  ]
}

async function providers(context: Context): Promise<Attention[]> {
  const { data } = await listProviders(context, { limit: 200 })
  return data.flatMap(({ id, label, status, origin }): Attention[] => {
    const values = { provider: id, label, calls: status.calls, failures: status.failures, reason: status.detail }
    const path = `/providers/${id}`
    if (status.state === 'failing')
      return [{ kind: 'provider-failing', severity: 'critical', message: `${label}: ${status.detail}`, values, path }]
    if (status.state === 'no-key' && origin !== 'environment') {
      return [
        { kind: 'provider-without-key', severity: 'warning', message: `${label}: ${status.detail}`, values, path },
      ]
    }
    return []
  })
}

async function keys({ store, clock }: Context): Promise<Attention[]> {
  const now = clock()
  return (await keysIn(store.db).all())
    .filter(
      (row) =>
        row.revoked_at === null && row.expires_at !== null && row.expires_at > now && row.expires_at < now + SOON_MS,
    )
    .map((row) => ({
      kind: 'key-expiring',
      severity: 'warning',
      message: `The key ${row.name} expires ${timestamp(row.expires_at ?? 0)}.`,
      values: { key: row.id, name: row.name, expires_at: timestamp(row.expires_at ?? 0) },
      path: `/keys/${row.id}`,
    }))
}

async function unpriced({ store, clock }: Context): Promise<Attention[]> {
  const to = clock() + 3_600_000
  const rows = await rollupsIn(store.db).sum({ grain: 'hour', from: to - DAY, to }, 'provider', 'model')
  return rows
    .filter((row) => row.unpriced_calls > 0)
    .map((row) => ({
      kind: 'unpriced-calls',
      severity: 'warning',
      message: `${row.unpriced_calls} calls to ${row.provider}/${row.model} in the last day have no known price: set one, or their cost stays unknown.`,
      values: { provider: row.provider, model: row.model, calls: row.unpriced_calls },
      path: `/models?search=${encodeURIComponent(`${row.provider}/${row.model}`)}`,
    }))
}

async function budgets(context: Context): Promise<Attention[]> {
  const found = await Promise.all(
    entriesOf(context, 'budget').map(async ({ id, value }) => {
      const uses = await budgetUse(context, value)
      return uses.map((use): Attention => {
        const percent = value.amount_micros ? Math.floor((use.spent_micros * 100) / value.amount_micros) : 100
        const who = Object.values(use.share).join(', ')
        return {
          kind: 'budget-near-end',
          severity: percent >= 100 && value.mode === 'hard' ? 'critical' : 'warning',
          message: `The budget ${id}${who ? ` of ${who}` : ''} is used to ${percent} %.`,
          values: { budget: id, share: who, percent },
          path: `/budgets/${id}`,
        }
      })
    }),
  )
  return found.flat().filter(({ values }) => Number(values['percent']) >= NEAR_PERCENT)
}

function resting({ runtime, clock }: Context): Attention[] {
  return (runtime.restingKeys?.() ?? []).map(({ provider, key, until, reason }) => ({
    kind: 'provider-key-resting',
    severity: 'warning',
    message: `The key ${key} of ${provider} rests for ${Math.max(1, Math.ceil((until - clock()) / 1000))} s: ${reason}.`,
    values: { provider, key, until: timestamp(until), reason },
    path: `/providers/${provider}`,
  }))
}

function records({ runtime }: Context): Attention[] {
  const waiting = runtime.recordsWaiting?.() ?? 0
  if (waiting < 10) return []
  return [
    {
      kind: 'records-waiting',
      severity: 'warning',
      message: `${waiting} files of call records wait for the database. Nothing is lost; look at the log for the reason.`,
      values: { files: waiting },
      path: null,
    },
  ]
}

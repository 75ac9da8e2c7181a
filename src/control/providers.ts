import type { ProviderView, RegistryEntry, SecretView } from '../contract/api/providers.ts'
import { HIDDEN } from '../config/hidden.ts'
import { isReference, resolveReference, type ReferenceScope } from '../config/reference.ts'
import { scopeOf } from '../config/config.ts'
import type { Page } from '../contract/listing.ts'
import type { Provider } from '../contract/provider.ts'
import { AppError } from '../errors.ts'
import { modelsOf } from '../llm/catalog.ts'
import type { Provider as Vendor } from '../llm/provider.ts'
import { findProvider, PROVIDERS, searchProviders } from '../llm/providers.ts'
import { unknownType } from '../snapshot/describe-provider.ts'
import { rollupsIn } from '../store/rollup.ts'
import type { Sums } from '../store/tally.ts'
import type { Actor } from './actor.ts'
import type { Context } from './context.ts'
import type { Entry } from './entry.ts'
import { pageOfAll } from './page.ts'
import { lastFour } from './secret.ts'
import { createThing, entriesOf, entryOf, keptOf, updateThing } from './things.ts'
import { timestamp } from './time.ts'

type Paging = { readonly limit: number; readonly after?: string | undefined }

const HOUR = 3_600_000

export function searchRegistry(query: Paging & { readonly search?: string | undefined }): Page<RegistryEntry> {
  const found = query.search === undefined ? PROVIDERS : searchProviders(query.search)
  const page = pageOfAll(found, query, ({ id }) => id)
  return { ...page, data: page.data.map(toRegistryEntry) }
}

export async function listProviders(context: Context, query: Paging): Promise<Page<ProviderView>> {
  const recent = await recentUse(context)
  const page = pageOfAll(entriesOf(context, 'provider'), query, ({ id }) => id)
  return { ...page, data: page.data.map((entry) => toView(context, entry, recent.get(entry.id))) }
}

export async function getProvider(context: Context, id: string): Promise<ProviderView> {
  const entry = entryOf(context, 'provider', id)
  return toView(context, entry, (await recentUse(context)).get(id))
}

export async function createProvider(context: Context, actor: Actor, provider: Provider): Promise<ProviderView> {
  refuseUnknownType(provider.type)
  const { id } = await createThing(context, actor, 'provider', provider)
  return getProvider(context, id)
}

export async function updateProvider(
  context: Context,
  actor: Actor,
  id: string,
  patch: Readonly<Record<string, unknown>>,
  version: number | null,
): Promise<ProviderView> {
  if (typeof patch['type'] === 'string') refuseUnknownType(patch['type'])
  await updateThing(context, actor, 'provider', id, patch, version, (merged, before) =>
    withKeptKeys(merged as Provider, before, patch),
  )
  return getProvider(context, id)
}

/**
 * Keys left out stay. A key that was entered for one address is never sent to another: who could change the address alone would
 * read the key there.
 */
function withKeptKeys(merged: Provider, before: Provider, patch: Readonly<Record<string, unknown>>): Provider {
  const moved =
    merged.base_url !== before.base_url ||
    merged.type !== before.type ||
    JSON.stringify(merged.variables) !== JSON.stringify(before.variables)
  if (moved && before.api_key !== undefined && patch['api_key'] === undefined) throw keyAgain('api_key')
  const entered = patch['headers'] as Readonly<Record<string, unknown>> | null | undefined
  if (moved && Object.keys(before.headers ?? {}).some((name) => entered !== null && entered?.[name] === undefined))
    throw keyAgain('headers')
  if (!Array.isArray(patch['api_keys'])) {
    if (moved && before.api_keys?.length && patch['api_keys'] === undefined) throw keyAgain('api_keys')
    return merged
  }
  const kept = (merged.api_keys ?? []).map((key) => {
    if (key.secret) return key
    const old = before.api_keys?.find(({ id }) => id === key.id)
    if (!old)
      throw new AppError('invalid_request', `api_keys: ${key.id} is new and needs its secret.`, { field: 'api_keys' })
    if (moved) throw keyAgain('api_keys')
    return { ...key, secret: old.secret }
  })
  return { ...merged, api_keys: kept }
}

function keyAgain(field: string): AppError {
  return new AppError(
    'invalid_request',
    `${field}: enter the key again, because it would now be sent to another address.`,
    { field },
  )
}

function refuseUnknownType(type: string): void {
  if (!findProvider(type)) throw new AppError('invalid_request', `${unknownType(type).message}.`, { field: 'type' })
}

async function recentUse({ store, clock }: Context): Promise<Map<string, Sums & { last: number }>> {
  const to = clock()
  const rows = await rollupsIn(store.db).sum(
    { grain: 'minute', from: to - HOUR, to: to + 60_000 },
    'provider',
    'starts_at',
  )
  const found = new Map<string, Sums & { last: number }>()
  for (const row of rows) {
    const known = found.get(row.provider)
    if (!known) found.set(row.provider, { ...row, last: row.starts_at })
    else {
      known.calls += row.calls
      known.server_errors += row.server_errors
      known.last = Math.max(known.last, row.starts_at)
    }
  }
  return found
}

/** Failures from which on a provider counts as failing: half of at least five calls. */
export function isFailing(calls: number, failures: number): boolean {
  return calls >= 5 && failures * 2 >= calls
}

function statusOf(
  context: Context,
  entry: Entry<'provider'>,
  recent: (Sums & { last: number }) | undefined,
): ProviderView['status'] {
  const { value } = entry
  const calls = recent?.calls ?? 0
  const failures = recent?.server_errors ?? 0
  const counts = { calls, failures, last_call_at: recent ? timestamp(recent.last) : null }
  const problem = context.live.merged().problems.get(`provider ${entry.id}`)
  const source = context.live.merged().source.providers.find(({ id }) => id === entry.id)
  if (!value.enabled) return { state: 'disabled', detail: 'Switched off.', ...counts }
  if (problem) return { state: 'no-key', detail: problem, ...counts }
  if (source?.credentials.length === 0 && needsKey(findProvider(value.type))) {
    return { state: 'no-key', detail: 'It has no key: enter one.', ...counts }
  }
  if (calls === 0) return { state: 'unused', detail: 'No calls in the last hour.', ...counts }
  if (isFailing(calls, failures)) {
    return {
      state: 'failing',
      detail: `${failures} of ${calls} calls failed in the last hour: test it, and look at the failed calls.`,
      ...counts,
    }
  }
  return {
    state: 'healthy',
    detail: failures
      ? `${failures} of ${calls} calls failed in the last hour.`
      : `${calls} ${calls === 1 ? 'call' : 'calls'} in the last hour, none failed.`,
    ...counts,
  }
}

function toView(
  context: Context,
  entry: Entry<'provider'>,
  recent: (Sums & { last: number }) | undefined,
): ProviderView {
  const { api_key, api_keys, headers, ...value } = entry.value
  const file = context.live.file()
  const scope =
    entry.origin === 'file' && file ? scopeOf(file.path, context.config.env) : { env: context.config.env, folder: '.' }
  return {
    ...value,
    ...(headers && { headers: Object.fromEntries(Object.keys(headers).map((name) => [name, HIDDEN])) }),
    ...keptOf(entry),
    label: findProvider(value.type)?.name ?? value.type,
    api_key: api_key === undefined ? null : secretView(api_key, entry, scope),
    api_keys: (api_keys ?? []).map((key) => ({ ...key, secret: secretView(key.secret, entry, scope) })),
    status: statusOf(context, entry, recent),
  }
}

function secretView(secret: string | undefined, entry: Entry, scope: ReferenceScope): SecretView {
  if (secret === undefined) return { reference: null, last4: null, found: false }
  if (entry.origin === 'database' || !isReference(secret))
    return { reference: null, last4: lastFour(secret), found: true }
  const resolved = resolveReference(secret, scope)
  return { reference: secret, last4: 'value' in resolved ? lastFour(resolved.value) : null, found: 'value' in resolved }
}

function needsKey(vendor: Vendor | undefined): boolean {
  return (
    vendor !== undefined &&
    vendor.auth.scheme !== 'none' &&
    vendor.auth.scheme !== 'sigv4' &&
    vendor.auth.scheme !== 'google'
  )
}

function toRegistryEntry(vendor: Vendor): RegistryEntry {
  return {
    type: vendor.id,
    label: vendor.name,
    base_url: vendor.baseUrl,
    variables: Object.keys(vendor.variables),
    environment: [...vendor.keys],
    needs_key: needsKey(vendor),
    documentation: vendor.docs || null,
    models: modelsOf(vendor.id).length,
  }
}

import { z } from 'zod'
import { Paging, pageOf, Search } from '../listing.ts'
import { mergePatchOf } from '../merge.ts'
import { Provider, ProviderKey } from '../provider.ts'
import { route } from '../route.ts'
import { Timestamp } from '../shared.ts'
import { IdParam, Kept } from './shared.ts'

/** What may be said about a stored secret: where it comes from and its end, never more. */
export const SecretView = z.object({
  /** The reference (`env:OPENAI_API_KEY`); null for a value that is stored sealed. */
  reference: z.string().nullable(),
  /** The last four characters, where there are enough others to guess. */
  last4: z.string().nullable(),
  /** False when the reference leads nowhere. */
  found: z.boolean(),
})
export type SecretView = z.infer<typeof SecretView>

export const ProviderStatus = z.object({
  state: z.enum(['healthy', 'failing', 'unused', 'no-key', 'disabled']),
  /** In words, with the remedy when something is wrong. */
  detail: z.string(),
  /** In the last hour. */
  calls: z.int(),
  failures: z.int(),
  last_call_at: Timestamp.nullable(),
})

/** A provider as people see it: no secret, and header values hidden. */
export const ProviderView = z.object({
  ...Provider.omit({ api_key: true, api_keys: true }).shape,
  ...Kept.shape,
  /** The vendor's name. */
  label: z.string(),
  api_key: SecretView.nullable(),
  api_keys: z.array(ProviderKey.omit({ secret: true }).extend({ secret: SecretView })),
  status: ProviderStatus,
})
export type ProviderView = z.infer<typeof ProviderView>

export const ProviderTest = z.object({
  ok: z.boolean(),
  /** What was tried and what came of it, in words, with the remedy. */
  detail: z.string(),
  duration_ms: z.number(),
  status: z.int().nullable(),
  /** Models that the vendor listed for this key; null when it was not asked or lists none. */
  models: z.array(z.string()).nullable(),
})
export type ProviderTest = z.infer<typeof ProviderTest>

/** A vendor that can be set up. */
export const RegistryEntry = z.object({
  type: z.string(),
  label: z.string(),
  base_url: z.string().nullable(),
  /** Placeholders of the base URL that `variables` must fill. */
  variables: z.array(z.string()),
  /** Names of environment variables that switch the vendor on. */
  environment: z.array(z.string()),
  needs_key: z.boolean(),
  documentation: z.string().nullable(),
  models: z.int(),
})
export type RegistryEntry = z.infer<typeof RegistryEntry>

export const searchRegistry = route({
  method: 'GET',
  path: '/registry',
  action: 'registry:Search',
  summary: 'Find a vendor to set up',
  query: Paging.extend({ search: Search.optional() }),
  result: pageOf(RegistryEntry),
})

export const listProviders = route({
  method: 'GET',
  path: '/providers',
  action: 'providers:List',
  summary: 'List the providers that are set up',
  query: Paging,
  result: pageOf(ProviderView),
})

export const createProvider = route({
  method: 'POST',
  path: '/providers',
  action: 'providers:Create',
  summary: 'Set up a provider; its keys are sealed and never shown again',
  body: Provider,
  result: ProviderView,
  status: 201,
})

export const testProviderDraft = route({
  method: 'POST',
  path: '/providers/test',
  action: 'providers:Test',
  summary: 'Try a provider before it is saved',
  body: Provider,
  result: ProviderTest,
})

export const getProvider = route({
  method: 'GET',
  path: '/providers/{id}',
  action: 'providers:Read',
  summary: 'Read one provider',
  params: IdParam,
  result: ProviderView,
  versioned: true,
})

export const updateProvider = route({
  method: 'PATCH',
  path: '/providers/{id}',
  action: 'providers:Update',
  summary: 'Change a provider; keys left out stay as they are',
  about:
    'In `api_keys`, an entry without `secret` keeps the secret stored under its id. A changed `base_url` needs the key again, so that a stored key is never sent to a new address.',
  params: IdParam,
  body: mergePatchOf(
    Provider.omit({ id: true, api_keys: true }).extend({
      api_keys: z.array(ProviderKey.extend({ secret: ProviderKey.shape.secret.optional() })).optional(),
    }),
  ),
  result: ProviderView,
  versioned: true,
  merge: true,
})

export const deleteProvider = route({
  method: 'DELETE',
  path: '/providers/{id}',
  action: 'providers:Delete',
  summary: 'Remove a provider with its keys',
  params: IdParam,
  versioned: true,
})

export const testProvider = route({
  method: 'POST',
  path: '/providers/{id}/test',
  action: 'providers:Test',
  summary: 'Ask the vendor whether the key works; costs nothing',
  params: IdParam,
  result: ProviderTest,
})

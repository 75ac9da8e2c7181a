import { z } from 'zod'
import { Paging, pageOf } from '../listing.ts'
import { route } from '../route.ts'
import { Timestamp } from '../shared.ts'

export const AuditEvent = z.object({
  id: z.string(),
  at: Timestamp,
  /** A person’s e-mail, `token NAME`, `command line`, or `portreeve` itself. */
  actor: z.string(),
  actor_id: z.string().nullable(),
  action: z.string(),
  /** The thing acted on: `key_…`, a provider’s id … */
  target: z.string().nullable(),
  /** The fields that changed; secrets only by name. */
  changes: z.record(z.string(), z.unknown()).nullable(),
  address: z.string().nullable(),
  request_id: z.string().nullable(),
})
export type AuditEvent = z.infer<typeof AuditEvent>

export const listAudit = route({
  method: 'GET',
  path: '/audit',
  action: 'audit:List',
  summary: 'List what people and tokens did, newest first',
  query: Paging.extend({
    from: Timestamp.optional(),
    to: Timestamp.optional(),
    actor_id: z.string().optional(),
    action: z.string().optional(),
    target: z.string().optional(),
  }),
  result: pageOf(AuditEvent),
})

/** One place of portreeve.yaml that is wrong. */
export const FileFinding = z.object({
  file: z.string(),
  line: z.int(),
  column: z.int(),
  field: z.string(),
  message: z.string(),
})
export type FileFinding = z.infer<typeof FileFinding>

/** Where a setting got its value from, strongest first: flag, env, file, default. */
export const Setting = z.object({
  name: z.string(),
  value: z.union([z.string(), z.number(), z.boolean()]).nullable(),
  from: z.enum(['flag', 'env', 'file', 'default']),
})
export type Setting = z.infer<typeof Setting>

export const SettingsView = z.object({
  version: z.string(),
  started_at: Timestamp,
  settings: z.array(Setting),
  /** portreeve.yaml as it is used now, as YAML with secrets hidden; null without a file. */
  file: z.object({ path: z.string(), loaded_at: Timestamp, text: z.string() }).nullable(),
  /** What was wrong with the file when it was last read; the configuration before goes on. */
  refused: z.array(FileFinding),
  snapshot: z.object({ version: z.int(), published_at: Timestamp }).nullable(),
  /** Vendors switched on by the environment. */
  environment: z.array(z.object({ provider: z.string(), variable: z.string() })),
})
export type SettingsView = z.infer<typeof SettingsView>

export const readSettings = route({
  method: 'GET',
  path: '/settings',
  action: 'configuration:Read',
  summary: 'Read the effective settings and configuration, secrets hidden',
  result: SettingsView,
})

export const checkConfiguration = route({
  method: 'POST',
  path: '/settings/check',
  action: 'configuration:Check',
  summary: 'Check the text of a portreeve.yaml without using it',
  body: z.strictObject({ text: z.string().max(5_000_000) }),
  result: z.object({ ok: z.boolean(), findings: z.array(FileFinding) }),
})

export const Health = z.object({
  status: z.enum(['ok', 'degraded']),
  version: z.string(),
  /** True until the first owner has chosen a password. */
  needs_owner: z.boolean(),
  /** Where calls go when the console has an address of its own; null where they share one. */
  gateway_url: z.string().nullable(),
})
export type Health = z.infer<typeof Health>

export const readHealth = route({
  method: 'GET',
  path: '/health',
  action: 'health:Read',
  summary: 'Read whether the gateway works',
  result: Health,
})

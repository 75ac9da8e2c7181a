import { stringify } from 'yaml'
import { redactedConfiguration } from '../config/redact.ts'
import { scopeOf } from '../config/config.ts'
import { readConfigurationText } from '../config/configuration-text.ts'
import { locateRefusal } from '../config/locate.ts'
import type { FileFinding, Health, SettingsView } from '../contract/api/settings.ts'
import { peopleIn } from '../store/person.ts'
import type { Context } from './context.ts'
import { timestamp } from './time.ts'

export function readSettings({ config, live, version, startedAt, refused }: Context): SettingsView {
  const file = live.file()
  const { source, environment } = live.merged()
  return {
    version,
    started_at: timestamp(startedAt),
    settings: config.sources.map(({ name, shown, from }) => ({ name, value: shown, from })),
    file: file && {
      path: file.path,
      loaded_at: timestamp(file.loadedAt),
      text: stringify(redactedConfiguration(file.configuration)),
    },
    refused: [...refused()],
    snapshot: { version: source.version, published_at: timestamp(live.publishedAt()) },
    environment: environment.map((each) => ({ ...each })),
  }
}

/**
 * Checks a text as `portreeve config check` does: by itself, with references looked up so that a missing one is found, and then together
 * with what the database keeps.
 */
export async function checkText(
  { config, live, clock }: Context,
  text: string,
): Promise<{ ok: boolean; findings: FileFinding[] }> {
  const path = live.file()?.path ?? 'portreeve.yaml'
  const read = readConfigurationText(text, 'portreeve.yaml', scopeOf(path, config.env))
  if (!read.ok) return { ok: false, findings: [...read.findings] }
  try {
    await live.check({ path, text, configuration: read.configuration, loadedAt: clock() })
    return { ok: true, findings: [] }
  } catch (error) {
    return { ok: false, findings: locateRefusal(error, { text, path: 'portreeve.yaml' }) }
  }
}

export async function readHealth({ store, version, config, runtime }: Context): Promise<Health> {
  const gateway_url = config.adminPort === null ? null : (config.publicUrl ?? runtime.address?.() ?? null)
  return { status: 'ok', version, needs_owner: (await peopleIn(store.db).activeOwners()) === 0, gateway_url }
}

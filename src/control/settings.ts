import { stringify } from 'yaml'
import { secretPaths } from '../config/schema-path.ts'
import { readConfigurationText } from '../config/configuration-text.ts'
import type { FileFinding, Health, SettingsView } from '../contract/api/settings.ts'
import { Configuration } from '../contract/configuration.ts'
import { isReference } from '../config/reference.ts'
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
    file: file && { path: file.path, loaded_at: timestamp(file.loadedAt), text: redacted(file.configuration) },
    refused: [...refused()],
    snapshot: { version: source.version, published_at: timestamp(live.publishedAt()), from_disk: false },
    environment: environment.map((each) => ({ ...each })),
  }
}

/** A configuration as YAML: references are shown, secrets and header values are not. */
export function redacted(configuration: Configuration): string {
  const copy = structuredClone(configuration)
  for (const path of secretPaths(Configuration, copy)) {
    const parent = path.slice(0, -1).reduce<unknown>((at, step) => (at as Record<string | number, unknown>)[step], copy)
    const last = path.at(-1) ?? ''
    const fields = parent as Record<string | number, unknown>
    if (!isReference(String(fields[last]))) fields[last] = '(hidden)'
  }
  const used = Object.entries(copy).filter(
    ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
  )
  return stringify(Object.fromEntries(used))
}

/** Checks a text as `portreeve config check` does. References are looked up, so that a missing one is found. */
export function checkText({ config, live }: Context, text: string): { ok: boolean; findings: FileFinding[] } {
  const folder = live.file()?.path.replace(/[^/]*$/, '') ?? '.'
  const read = readConfigurationText(text, 'portreeve.yaml', { env: config.env, folder })
  return read.ok ? { ok: true, findings: [] } : { ok: false, findings: [...read.findings] }
}

export async function readHealth({ store, version }: Context): Promise<Health> {
  return { status: 'ok', version, needs_owner: (await peopleIn(store.db).activeOwners()) === 0 }
}

import { stringify } from 'yaml'
import { redactedConfiguration } from '../config/redact.ts'
import { readConfigurationText } from '../config/configuration-text.ts'
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
    snapshot: { version: source.version, published_at: timestamp(live.publishedAt()), from_disk: false },
    environment: environment.map((each) => ({ ...each })),
  }
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

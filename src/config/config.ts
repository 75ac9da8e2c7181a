import { readFileSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import type { Configuration } from '../contract/configuration.ts'
import { AppError } from '../errors.ts'
import { type Finding, refusal } from './finding.ts'
import { readerHere, type TextReader } from './read-text.ts'
import { isReference, type ReferenceScope, resolveReference } from './reference.ts'
import { HIDDEN } from './hidden.ts'
import { type Setting, type SettingName, SETTINGS } from './setting.ts'

/** The embedded database's name in the data folder. */
export const DATABASE_FILE = 'portreeve.db'

/** The settings of the process, read once at its start and never changed. */
export type Config = Readonly<{
  port: number
  host: string
  /** Null: the management API shares the port. */
  adminPort: number | null
  adminHost: string
  /** Absolute. */
  dataFolder: string
  /** Absolute; null when there is no file. */
  configFile: string | null
  workers: number | 'auto'
  only: 'all' | 'gateway' | 'control'
  databaseUrl: string
  redisUrl: string | null
  publicUrl: string | null
  encryptionKey: string | null
  logLevel: 'debug' | 'info' | 'warn' | 'error'
  trustedProxies: readonly string[]
  retentionDays: number
  maxBodyBytes: number
  /** Where each setting got its value from, and the value as it may be shown. */
  sources: readonly SettingSource[]
  /** The environment, for references and vendor keys. */
  env: Readonly<Record<string, string | undefined>>
}>

export type SettingSource = {
  readonly name: SettingName
  readonly from: 'flag' | 'env' | 'file' | 'default'
  readonly shown: string | null
}

/** The file that the process started with. */
export type StartFile = {
  readonly path: string
  readonly text: string
  readonly configuration: Configuration
  /** What works but is unwise. */
  readonly warnings?: readonly Finding[]
}

export type ConfigInput = {
  /** Values of flags by their name without dashes. */
  readonly flags: Readonly<Record<string, string | undefined>>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** Does without a file that is broken: for whoever only looks for a process that runs on what it was before. */
  readonly withoutBrokenFile?: boolean
  /** Reads the file; here, unless said. */
  readonly reader?: TextReader
}

const USUAL_FILE = 'portreeve.yaml'

/** Reads flags, environment and file. Throws one `invalid_configuration` that names the setting or each place in the file. */
export async function loadConfig({
  flags,
  env,
  cwd,
  withoutBrokenFile = false,
  reader = readerHere,
}: ConfigInput): Promise<{
  config: Config
  file: StartFile | null
}> {
  const said = (name: SettingName) => flagOrEnvironment(SETTINGS[name], flags, env)
  const file = await attempt(() => readFile(said('configFile')?.value, env, cwd, reader), withoutBrokenFile)
  const sources: SettingSource[] = []
  const values = {} as Record<SettingName, string | null>
  for (const name of Object.keys(SETTINGS) as SettingName[]) {
    const setting: Setting = SETTINGS[name]
    const strongest = said(name) ?? fromFile(setting, file, env) ?? { from: 'default', value: setting.default ?? null }
    values[name] = strongest.value
    const hidden = setting.secret && strongest.value !== null
    sources.push({ name, from: strongest.from, shown: hidden ? HIDDEN : strongest.value })
  }
  const dataFolder = dataFolderOf({ flags, env, cwd })
  try {
    return { config: Object.freeze(configOf(values, sources, dataFolder, file, env)), file }
  } catch (error) {
    // What was typed wrongly is wrong usage; the same value in the environment or the file is a wrong configuration.
    const flag = error instanceof AppError && /^--(\S+)/.exec(error.details.field ?? '')?.[1]
    if (flag && flags[flag] !== undefined) throw new AppError('invalid_usage', error.message, error.details)
    throw error
  }
}

function configOf(
  values: Readonly<Record<SettingName, string | null>>,
  sources: readonly SettingSource[],
  dataFolder: string,
  file: StartFile | null,
  env: ConfigInput['env'],
): Config {
  const config: Config = {
    port: integer('port', values.port, 0, 65_535),
    host: values.host ?? '',
    adminPort: values.adminPort === null ? null : integer('adminPort', values.adminPort, 0, 65_535),
    adminHost: values.adminHost ?? '',
    dataFolder,
    configFile: file?.path ?? null,
    workers: values.workers === 'auto' ? 'auto' : integer('workers', values.workers, 1, 64),
    only: oneOf('only', values.only, ['all', 'gateway', 'control']),
    databaseUrl: values.databaseUrl ?? `sqlite:${join(dataFolder, DATABASE_FILE)}`,
    redisUrl: values.redisUrl,
    publicUrl: url('publicUrl', values.publicUrl),
    encryptionKey: values.encryptionKey,
    logLevel: oneOf('logLevel', values.logLevel, ['debug', 'info', 'warn', 'error']),
    trustedProxies: (values.trustedProxies ?? '').split(',').flatMap((each) => each.trim() || []),
    retentionDays: integer('retentionDays', values.retentionDays, 1, 3_650),
    maxBodyBytes: integer('maxBodyBytes', values.maxBodyBytes, 1_024, 1_073_741_824),
    sources,
    env,
  }
  if (!/^(sqlite:|postgres(ql)?:\/\/)/.test(config.databaseUrl)) {
    throw wrong('databaseUrl', 'use sqlite:PATH or postgres://user:password@host/database')
  }
  return config
}

async function attempt<T>(read: () => Promise<T>, forgiving: boolean): Promise<T | null> {
  try {
    return await read()
  } catch (error) {
    if (forgiving) return null
    throw error
  }
}

/** The data folder alone: no file says it, so that a broken file does not hide the gateway that runs there. */
export function dataFolderOf({ flags, env, cwd }: ConfigInput): string {
  return resolve(cwd, flagOrEnvironment(SETTINGS.dataFolder, flags, env)?.value ?? SETTINGS.dataFolder.default)
}

type Said = { readonly from: SettingSource['from']; readonly value: string | null }

function flagOrEnvironment(
  setting: Setting,
  flags: ConfigInput['flags'],
  env: ConfigInput['env'],
): (Said & { value: string }) | undefined {
  const flag = setting.flag === undefined ? undefined : flags[setting.flag]
  if (flag !== undefined) return { from: 'flag', value: flag }
  const name = setting.environment
  if (name === undefined) return undefined
  const value = env[name]
  if (value !== undefined && value !== '') return { from: 'env', value }
  const path = setting.fileVariant ? env[`${name}_FILE`] : undefined
  if (!path) return undefined
  const resolved = resolveReference(`file:${path}`, { env, folder: '/' })
  if ('missing' in resolved) {
    throw new AppError('invalid_configuration', `${name}_FILE: ${resolved.missing}.`, { field: `${name}_FILE` })
  }
  return { from: 'env', value: resolved.value }
}

function fromFile(setting: Setting, file: StartFile | null, env: ConfigInput['env']): Said | undefined {
  const value = setting.file === undefined ? undefined : file?.configuration.server?.[setting.file]
  if (value === undefined || !file) return undefined
  const text = Array.isArray(value) ? value.join(',') : String(value)
  if (!isReference(text)) return { from: 'file', value: text }
  const resolved = resolveReference(text, scopeOf(file.path, env))
  return 'value' in resolved ? { from: 'file', value: resolved.value } : undefined
}

/** References of a file are relative to the folder it is in. */
export function scopeOf(path: string, env: ReferenceScope['env']): ReferenceScope {
  return { env, folder: dirname(path) }
}

async function readFile(
  named: string | undefined,
  env: ConfigInput['env'],
  cwd: string,
  reader: TextReader,
): Promise<StartFile | null> {
  const path = isAbsolute(named ?? '') ? (named ?? '') : join(cwd, named ?? USUAL_FILE)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as { code?: string }
    if (named === undefined && code === 'ENOENT') return null
    const why = code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code ?? 'unknown reason'})`
    throw new AppError('invalid_configuration', `--config ${path}: ${why}.`, { field: '--config' }, error)
  }
  const read = await reader.read(text, path, scopeOf(path, env))
  if (!read.ok) throw refusal(path, read.findings)
  return { path, text, configuration: read.configuration, warnings: read.warnings }
}

function integer(name: SettingName, value: string | null, min: number, max: number): number {
  const number = Number(value)
  if (!/^\d+$/.test(value ?? '') || number < min || number > max) {
    throw wrong(name, `use a whole number from ${min} to ${max}`, value)
  }
  return number
}

function oneOf<Choice extends string>(name: SettingName, value: string | null, choices: readonly Choice[]): Choice {
  const found = choices.find((choice) => choice === value)
  if (!found) throw wrong(name, `use one of ${choices.join(', ')}`, value)
  return found
}

function url(name: SettingName, value: string | null): string | null {
  if (value === null) return null
  const valid = URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)
  if (!valid) throw wrong(name, 'use an address that begins with http:// or https://', value)
  return value.replace(/\/+$/, '')
}

function wrong(name: SettingName, remedy: string, value: string | null = null): AppError {
  const { flag, environment }: Setting = SETTINGS[name]
  const names = [flag && `--${flag}`, environment].filter(Boolean).join(' or ')
  return new AppError('invalid_configuration', `${names}${value === null ? '' : ` ${value}`}: ${remedy}.`, {
    field: names,
  })
}

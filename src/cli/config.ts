import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { stringify } from 'yaml'
import { readConfigurationText } from '../config/configuration-text.ts'
import { type Config, loadConfig } from '../config/config.ts'
import { lineOf, refusal } from '../config/finding.ts'
import { redactedConfiguration } from '../config/redact.ts'
import { settingOptions, SETTINGS, type SettingName } from '../config/setting.ts'
import type { Configuration } from '../contract/configuration.ts'
import { AppError } from '../errors.ts'
import { defineCommand } from './command.ts'
import type { Io } from './io.ts'
import { configOf } from './management.ts'
import { table } from './table.ts'

const check = defineCommand({
  name: 'config check',
  summary: 'check a portreeve.yaml without using it',
  positionals: [{ name: 'FILE', about: 'the file; portreeve.yaml unless given' }],
  about:
    'Judges the file together with the providers, aliases and rules that the database keeps, where that can be read (nothing is changed there), and says so; else by itself.',
  options: settingOptions(['dataFolder']),
  examples: ['portreeve config check', 'portreeve config check deploy/portreeve.yaml'],
  async run(input, io) {
    const path = resolve(io.cwd, input.positionals[0] ?? io.env['PORTREEVE_CONFIG'] ?? 'portreeve.yaml')
    if (!existsSync(path))
      throw new AppError(
        'not_found',
        `There is no file ${path}: write it, or name another, as "portreeve config check FILE". A start needs none.`,
        { field: 'FILE' },
      )
    const text = readFileSync(path, 'utf8')
    const read = readConfigurationText(text, path, { env: io.env, folder: dirname(path) })
    const { judgeFile } = await import('../app/check-file.ts')
    const flags = { config: path, data: input.text('data') }
    const judged = read.ok
      ? await judgeFile({ path, text, configuration: read.configuration }, io.env, await whereOf(flags, io))
      : undefined
    const findings = read.ok ? (judged?.findings ?? []) : read.findings
    const ok = findings.length === 0
    const warnings = read.ok ? read.warnings : []
    if (input.json) io.out(`${JSON.stringify({ ok, findings, warnings, database: judged?.database ?? null })}\n`)
    else {
      if (read.ok && ok) io.out(`${path} is right: ${countsOf(read.configuration)}.\n`)
      else io.err([...findings.map(lineOf), refusal(path, findings).message, ''].join('\n'))
      const how = judged?.database ? `together with what ${judged.database} keeps` : 'by itself'
      for (const warning of warnings) io.err(`${lineOf(warning)}\n`)
      if (judged) io.err(`It was judged ${how}: ${judged.note}.\n`)
    }
    return ok ? 0 : 1
  },
})

/** Where the database is, by the settings of the file and around it; what is wrong with those. */
async function whereOf(flags: Record<string, string | undefined>, io: Io): Promise<Config | AppError> {
  try {
    return (await loadConfig({ flags, env: io.env, cwd: io.cwd })).config
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
}

function countsOf({ providers, aliases, keys, prices, limits, budgets, guards, ...others }: Configuration): string {
  const counts = [
    [providers, 'provider', 'providers'],
    [aliases, 'alias', 'aliases'],
    [keys, 'key', 'keys'],
    [prices, 'price', 'prices'],
    [limits, 'limit', 'limits'],
    [budgets, 'budget', 'budgets'],
    [guards, 'guard', 'guards'],
  ] as const
  const said = counts
    .filter(([{ length }]) => length > 0)
    .map(([{ length }, one, many]) => `${length} ${length === 1 ? one : many}`)
  const sections = Object.entries(others).flatMap(([name, value]) => (typeof value === 'object' ? [name] : []))
  return [...said, ...sections].join(', ') || 'nothing is set up in it'
}

const show = defineCommand({
  name: 'config show',
  summary: 'show every setting, where it comes from, and the file; secrets hidden',
  options: settingOptions(['dataFolder', 'configFile']),
  async run(input, io) {
    const { config, file } = await configOf(input, io)
    const configuration = file && redactedConfiguration(file.configuration)
    if (input.json) {
      io.out(`${JSON.stringify({ settings: config.sources, file: file && { path: file.path, configuration } })}\n`)
      return
    }
    io.out(
      table(config.sources, [
        { head: 'SETTING', of: ({ name }) => nameOf(name) },
        { head: 'VALUE', of: ({ shown }) => shown ?? '-' },
        { head: 'FROM', of: ({ from }) => from },
      ]),
    )
    if (!file) io.out('\nThere is no configuration file. portreeve.yaml in this folder would be read.\n')
    else io.out(`\n# ${file.path}\n${stringify(configuration)}`)
  },
})

function nameOf(name: SettingName): string {
  const { flag, environment } = SETTINGS[name] as { flag?: string; environment?: string }
  return [flag && `--${flag}`, environment].filter(Boolean).join(', ')
}

export const configCommands = [check, show]

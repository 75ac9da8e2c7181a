import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { stringify } from 'yaml'
import { readConfigurationText } from '../config/configuration-text.ts'
import { lineOf, refusal } from '../config/finding.ts'
import { redactedConfiguration } from '../config/redact.ts'
import { settingOptions, SETTINGS, type SettingName } from '../config/setting.ts'
import type { Configuration } from '../contract/configuration.ts'
import { AppError } from '../errors.ts'
import { defineCommand } from './command.ts'
import { configOf } from './management.ts'
import { table } from './table.ts'

const check = defineCommand({
  name: 'config check',
  summary: 'check a portreeve.yaml without using it',
  positionals: [{ name: 'FILE', about: 'the file; portreeve.yaml unless given' }],
  examples: ['portreeve config check', 'portreeve config check deploy/portreeve.yaml'],
  async run(input, io) {
    const path = resolve(io.cwd, input.positionals[0] ?? io.env['PORTREEVE_CONFIG'] ?? 'portreeve.yaml')
    if (!existsSync(path)) throw new AppError('not_found', `There is no file ${path}.`, { field: 'FILE' })
    const text = readFileSync(path, 'utf8')
    const read = readConfigurationText(text, path, { env: io.env, folder: dirname(path) })
    const { findingsOfWhole } = await import('../app/check-file.ts')
    const findings = read.ok
      ? await findingsOfWhole({ path, text, configuration: read.configuration }, io.env)
      : read.findings
    if (input.json) io.out(`${JSON.stringify({ ok: findings.length === 0, findings })}\n`)
    else if (read.ok && findings.length === 0) io.out(`${path} is right: ${countsOf(read.configuration)}.\n`)
    else io.err([...findings.map(lineOf), refusal(path, findings).message, ''].join('\n'))
    return findings.length === 0 ? 0 : 1
  },
})

function countsOf({ providers, aliases, keys, limits, budgets, guards }: Configuration): string {
  const counts = [
    [providers, 'provider', 'providers'],
    [aliases, 'alias', 'aliases'],
    [keys, 'key', 'keys'],
    [limits, 'limit', 'limits'],
    [budgets, 'budget', 'budgets'],
    [guards, 'guard', 'guards'],
  ] as const
  const said = counts.filter(([{ length }]) => length > 0)
  return (
    said.map(([{ length }, one, many]) => `${length} ${length === 1 ? one : many}`).join(', ') ||
    'nothing is set up in it'
  )
}

const show = defineCommand({
  name: 'config show',
  summary: 'show every setting, where it comes from, and the file; secrets hidden',
  options: settingOptions(['dataFolder', 'configFile']),
  run(input, io) {
    const { config, file } = configOf(input, io)
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

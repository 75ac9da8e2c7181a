import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { stringify } from 'yaml'
import { readConfigurationText } from '../config/configuration-text.ts'
import { placeOf, refusal } from '../config/finding.ts'
import { redactedConfiguration } from '../config/redact.ts'
import { settingOptions, SETTINGS, type SettingName } from '../config/setting.ts'
import { AppError } from '../errors.ts'
import { defineCommand } from './command.ts'
import { configOf } from './management.ts'
import { table } from './table.ts'

const check = defineCommand({
  name: 'config check',
  summary: 'check a portreeve.yaml without using it',
  positionals: [{ name: 'FILE', about: 'the file; portreeve.yaml unless given' }],
  examples: ['portreeve config check', 'portreeve config check deploy/portreeve.yaml'],
  run(input, io) {
    const path = resolve(io.cwd, input.positionals[0] ?? io.env['PORTREEVE_CONFIG'] ?? 'portreeve.yaml')
    if (!existsSync(path)) throw new AppError('not_found', `There is no file ${path}.`, { field: 'FILE' })
    const read = readConfigurationText(readFileSync(path, 'utf8'), path, { env: io.env, folder: dirname(path) })
    if (input.json) {
      io.out(`${JSON.stringify({ ok: read.ok, findings: read.ok ? [] : read.findings })}\n`)
      return read.ok ? 0 : 1
    }
    if (read.ok) {
      const { providers, aliases, keys, limits, budgets, guards } = read.configuration
      const counts = Object.entries({ providers, aliases, keys, limits, budgets, guards }).filter(
        ([, each]) => each.length > 0,
      )
      io.out(
        `${path} is right: ${counts.map(([name, each]) => `${each.length} ${name}`).join(', ') || 'nothing is set up in it'}.\n`,
      )
      return 0
    }
    for (const finding of read.findings)
      io.err(`${placeOf(finding)}: ${finding.field ? `${finding.field}: ` : ''}${finding.message}\n`)
    io.err(`${refusal(path, read.findings).message}\n`)
    return 1
  },
})

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

import { judgeFile } from '../app/check-file.ts'
import { examine, type Check } from '../app/doctor.ts'
import { settingOptions } from '../config/setting.ts'
import { type Config, loadConfig, type StartFile } from '../config/config.ts'
import { lineOf, refusal } from '../config/finding.ts'
import { AppError } from '../errors.ts'
import { defineCommand } from './command.ts'

const OPTIONS = settingOptions(['dataFolder', 'configFile', 'host', 'port'])
const MARKS = { ok: 'ok      ', warning: 'warning ', failed: 'FAILED  ' } as const

export const doctor = defineCommand({
  name: 'doctor',
  summary: 'look at everything that a start needs, and say what to do',
  options: OPTIONS,
  async run(input, io) {
    const flags = Object.fromEntries(Object.keys(OPTIONS).map((name) => [name, input.text(name)]))
    let checks
    try {
      const { config, file } = await loadConfig({ flags, env: io.env, cwd: io.cwd })
      checks = [await configuration(config, file), ...(await examine(config, file))]
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      const findings = error.details.findings?.map(({ place, message }) => `\n  ${place}: ${message}`).join('') ?? ''
      checks = [{ name: 'configuration', state: 'failed' as const, detail: error.message + findings }]
    }
    const failed = checks.some(({ state }) => state === 'failed')
    if (input.json) io.out(`${JSON.stringify({ ok: !failed, checks })}\n`)
    else for (const { name, state, detail } of checks) io.out(`${MARKS[state]} ${name.padEnd(14)} ${detail}\n`)
    return failed ? 1 : 0
  },
})

/** The file together with what the database keeps, as a start would put them together. */
async function configuration(config: Config, file: StartFile | null): Promise<Check> {
  const name = 'configuration'
  if (!file) return { name, state: 'ok', detail: 'no portreeve.yaml here; none is needed' }
  const { findings } = await judgeFile(file, config.env, config)
  if (findings.length > 0) throw refusal(file.path, findings)
  const { warnings = [] } = file
  const detail = [`${file.path} is right`, ...warnings.map((warning) => `\n  ${lineOf(warning)}`)].join('')
  return { name, state: warnings.length > 0 ? 'warning' : 'ok', detail }
}

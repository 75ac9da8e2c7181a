import { loadConfig } from '../config/config.ts'
import { settingOptions } from '../config/setting.ts'
import { defineCommand } from './command.ts'

export const ledgerVerify = defineCommand({
  name: 'ledger verify',
  summary: 'prove that the ledger is whole and sums to the call records',
  about:
    'Follows the chain of entries from the first to the last, and compares what it holds for each day, key, application, team and model with the call records that are still kept. Exits with 1 when something does not add up, and names it.',
  options: { ...settingOptions(['dataFolder', 'databaseUrl', 'configFile']) },
  examples: ['portreeve ledger verify --data ./data'],
  async run(input, io) {
    const options = settingOptions(['dataFolder', 'databaseUrl', 'configFile'])
    const flags = Object.fromEntries(Object.keys(options).map((name) => [name, input.text(name)]))
    const { config } = await loadConfig({ flags, env: io.env, cwd: io.cwd })
    const { verifyLedger } = await import('../app/ledger.ts')
    const report = await verifyLedger(config)
    if (input.json) io.out(`${JSON.stringify({ ok: report.faults.length === 0, ...report })}\n`)
    else {
      for (const { message } of report.faults) io.out(`wrong: ${message}\n`)
      io.out(`Checked ${report.database}\n`)
      const money = `$${(report.amount_micros / 1e6).toFixed(6)}`
      io.out(`${report.entries} entries, ${report.calls} calls, ${money}: ${report.faults.length || 'no'} faults\n`)
      if (report.comparedFrom !== null)
        io.out(`Compared with the call records since ${new Date(report.comparedFrom).toISOString().slice(0, 10)}.\n`)
    }
    if (report.entries === 0 && report.faults.length === 0)
      io.err(
        `Nothing is in the ledger of ${report.database} yet. If calls were charged, they are in another database: give its folder with --data, or DATABASE_URL.\n`,
      )
    return report.faults.length === 0 ? 0 : 1
  },
})

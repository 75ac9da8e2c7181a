import { listProviders, testProvider } from '../contract/api/providers.ts'
import { defineCommand } from './command.ts'
import { everyItem } from './every-item.ts'
import { MANAGEMENT_OPTIONS, withManagement } from './management.ts'
import { table } from './table.ts'

const WHERE = {
  file: 'portreeve.yaml',
  database: 'console or API',
  environment: 'environment',
  'built-in': 'built in',
} as const

const list = defineCommand({
  name: 'providers list',
  summary: 'list the providers that are set up, and how they do',
  options: MANAGEMENT_OPTIONS,
  run: (input, io) =>
    withManagement(input, io, async ({ api }) => {
      const providers = await everyItem((paging) => api(listProviders, { query: paging }))
      if (input.json) return io.out(`${JSON.stringify(providers)}\n`)
      io.out(
        table(providers, [
          { head: 'ID', of: ({ id }) => id },
          { head: 'VENDOR', of: ({ label }) => label },
          { head: 'SET UP IN', of: ({ origin }) => WHERE[origin] },
          {
            head: 'KEY',
            of: ({ api_key: key, api_keys: keys }) =>
              keys.length ? `${keys.length} keys` : key ? (key.reference ?? `…${key.last4 ?? ''}`) : '-',
          },
          { head: 'STATE', of: ({ status }) => status.state },
          { head: 'DETAIL', of: ({ status }) => status.detail },
        ]),
      )
      if (providers.every(({ origin }) => origin === 'built-in')) {
        io.err(
          'Only the demo answers yet. Set a vendor’s key in the environment (OPENAI_API_KEY=…), or add a provider in the console.\n',
        )
      }
    }),
})

const test = defineCommand({
  name: 'providers test',
  summary: 'ask a vendor whether its address and key work; costs nothing',
  positionals: [{ name: 'ID', about: 'the provider', required: true }],
  options: MANAGEMENT_OPTIONS,
  run: (input, io) =>
    withManagement(input, io, async ({ api }) => {
      const result = await api(testProvider, { params: { id: input.positionals[0] ?? '' } })
      io.out(input.json ? `${JSON.stringify(result)}\n` : `${result.ok ? 'ok' : 'failed'}: ${result.detail}\n`)
      return result.ok ? 0 : 1
    }),
})

export const providerCommands = [list, test]

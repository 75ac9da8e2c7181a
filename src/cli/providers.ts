import {
  createProvider,
  deleteProvider,
  listProviders,
  type ProviderView,
  type SecretView,
  testProvider,
  updateProvider,
} from '../contract/api/providers.ts'
import { HIDDEN } from '../config/hidden.ts'
import { Provider } from '../contract/provider.ts'
import { patchBetween } from '../lib/merge-patch.ts'
import { withoutHidden } from './applied.ts'
import { type Command, defineCommand } from './command.ts'
import { everyItem } from './every-item.ts'
import { MANAGEMENT_OPTIONS, withManagement } from './management.ts'
import { bare, commandsOf, type Noun, WHERE } from './noun.ts'

const providers: Noun<ProviderView> = {
  one: 'provider',
  many: 'providers',
  field: 'id',
  nameOf: ({ id }) => id,
  schema: Provider,
  list: (api) => everyItem((query) => api(listProviders, { query })),
  columns: [
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
  ],
  remark: (views) =>
    views.every(({ origin }) => origin === 'built-in')
      ? 'Only the demo answers yet. Set a vendor’s key in the environment (OPENAI_API_KEY=…), or add a provider: portreeve providers apply FILE'
      : undefined,
  settingsOf,
  put(api, { id, ...provider }: Provider, before) {
    if (!before) return api(createProvider, { body: { id, ...provider } })
    const { id: _, ...old } = settingsOf(before)
    const body = withoutHidden(Provider, patchBetween(old, provider) as typeof provider)
    return api(updateProvider, { params: { id }, body }, { version: before.version })
  },
  remove: (api, id) => api(deleteProvider, { params: { id } }),
}

function settingsOf(view: ProviderView) {
  const { label: _l, status: _s, api_key: key, api_keys: keys, ...rest } = bare(view)
  const shown = ({ reference }: SecretView) => reference ?? HIDDEN
  return {
    ...rest,
    ...(key && { api_key: shown(key) }),
    ...(keys.length > 0 && { api_keys: keys.map((each) => ({ ...each, secret: shown(each.secret) })) }),
  }
}

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

export const providerCommands: readonly Command[] = [...commandsOf(providers), test]

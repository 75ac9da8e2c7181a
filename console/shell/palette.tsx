import { Spotlight, type SpotlightActionGroupData } from '@mantine/spotlight'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { useDebouncedValue } from '@mantine/hooks'
import { listAliases } from '../../src/contract/api/aliases.ts'
import { listKeys } from '../../src/contract/api/keys.ts'
import { listModels } from '../../src/contract/api/models.ts'
import { listProviders } from '../../src/contract/api/providers.ts'
import { api, useMay } from '../api.ts'
import { useText } from '../i18n/text.ts'
import { Icon, type IconName } from '../ui/icons.tsx'
import { ALL_ROOMS, ROOM_TEXT } from './rooms.ts'
import { SHELL_TEXT } from './text.ts'

/** Ctrl/Cmd-K: every room, every task, and the things themselves by name. */
export function Palette() {
  const t = useText(SHELL_TEXT)
  const room = useText(ROOM_TEXT)
  const may = useMay()
  const navigate = useNavigate()
  const [query, setQuery] = useState('')
  const [search] = useDebouncedValue(query.trim(), 150)
  const things = useQuery({
    queryKey: ['palette', search],
    enabled: search.length > 1,
    // What was found stays until there is something better: the list does not empty between two letters.
    placeholderData: keepPreviousData,
    queryFn: async () => {
      const [keys, models, aliases, providers] = await Promise.all([
        api(listKeys, { query: { search, limit: 5 } }),
        api(listModels, { query: { search, limit: 8 } }),
        api(listAliases, { query: { search, limit: 5 } }),
        api(listProviders, { query: { limit: 200 } }),
      ])
      return { keys: keys.data, models: models.data, aliases: aliases.data, providers: providers.data }
    },
  }).data
  const actions = useMemo((): SpotlightActionGroupData[] => {
    const item = (id: string, label: string, icon: IconName, to: string, description?: string) => ({
      id,
      label,
      ...(description ? { description } : {}),
      leftSection: <Icon name={icon} size={18} />,
      onClick: () => void navigate({ to }),
    })
    const tasks = [
      ...(may('keys:Create') ? [item('new-key', t('newKey'), 'plus', '/keys?new=1')] : []),
      ...(may('providers:Create') ? [item('new-provider', t('newProvider'), 'plus', '/providers?new=1')] : []),
      ...(may('aliases:Create') ? [item('new-alias', t('newAlias'), 'plus', '/aliases?new=1')] : []),
      item('failed', t('failedCalls'), 'warn', '/calls?outcome=error'),
      item('role', t('checkRole'), 'role', '/roles'),
      item('explain', t('explainReason'), 'question', '/roles?tab=explain'),
      ...(may('users:Create') ? [item('invite', t('invite'), 'user', '/settings?tab=people')] : []),
    ]
    const found = search.length > 1 &&
      things && [
        ...things.providers
          .filter((p) => `${p.id} ${p.label}`.toLowerCase().includes(search.toLowerCase()))
          .map((p) => item(`p:${p.id}`, p.id, 'provider', `/providers/${encodeURIComponent(p.id)}`, p.label)),
        ...things.aliases.map((a) => item(`a:${a.name}`, a.name, 'alias', `/aliases/${encodeURIComponent(a.name)}`)),
        ...things.keys.map((k) => item(`k:${k.id}`, k.name, 'key', `/keys/${encodeURIComponent(k.id)}`, k.hint)),
        ...things.models.map((m) => item(`m:${m.id}`, m.id, 'model', `/models?search=${encodeURIComponent(m.id)}`)),
      ]
    return [
      ...(found && found.length > 0 ? [{ group: search, actions: found }] : []),
      {
        group: t('rooms'),
        actions: ALL_ROOMS.map((r) => item(r.name, room(r.name), r.icon, r.to)),
      },
      { group: t('thingsToDo'), actions: tasks },
    ]
  }, [things, search, t, room, may, navigate])
  return (
    <Spotlight
      actions={actions}
      query={query}
      onQueryChange={setQuery}
      shortcut={null}
      nothingFound={t('nothingFound')}
      highlightQuery
      scrollable
      transitionProps={{ duration: 0 }}
      maxHeight={460}
      searchProps={{
        leftSection: <Icon name="search" size={18} />,
        placeholder: t('searchAll'),
        'aria-label': t('searchAll'),
        // Results that arrive while one types take the selection away: Enter then means the first.
        onKeyDown: (event) => {
          if (event.key !== 'Enter' || document.querySelector('[data-action][data-selected]')) return
          event.preventDefault()
          document.querySelector<HTMLElement>('[data-action]')?.click()
        },
      }}
    />
  )
}

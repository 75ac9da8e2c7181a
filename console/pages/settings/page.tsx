import { Tabs } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import type { Action } from '../../../src/contract/action.ts'
import { useMay } from '../../api.ts'
import { useText } from '../../i18n/text.ts'
import { Page } from '../../ui/page.tsx'
import { AboutTab } from './about.tsx'
import { AuditTab } from './audit.tsx'
import { ConfigurationTab } from './configuration.tsx'
import { PasswordTab } from './password.tsx'
import { PeopleTab } from './people.tsx'
import { SessionsTab } from './sessions.tsx'
import { SETTINGS_TEXT } from './text.ts'
import { TokensTab } from './tokens.tsx'

const route = getRouteApi('/settings')

const TABS = [
  ['people', PeopleTab, 'users:List'],
  ['sessions', SessionsTab, 'sessions:ReadOwn'],
  ['password', PasswordTab, 'password:Change'],
  ['tokens', TokensTab, 'tokens:List'],
  ['audit', AuditTab, 'audit:List'],
  ['configuration', ConfigurationTab, 'configuration:Read'],
  ['about', AboutTab, 'health:Read'],
] as const satisfies readonly (readonly [keyof typeof SETTINGS_TEXT, () => React.ReactNode, Action])[]

/** People, sessions, audit, configuration: a tab each, in the address. Tabs that the role may not see are left out. */
export function SettingsPage() {
  const t = useText(SETTINGS_TEXT)
  const may = useMay()
  const { tab } = route.useSearch()
  const navigate = route.useNavigate()
  const open = TABS.filter(([, , action]) => may(action))
  const active = open.find(([name]) => name === tab)?.[0] ?? open[0]?.[0] ?? 'sessions'
  return (
    <Page title={t('title')}>
      <Tabs
        value={active}
        onChange={(name) => void navigate({ search: { tab: name ?? undefined }, replace: true })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          {open.map(([name]) => (
            <Tabs.Tab key={name} value={name}>
              {t(name)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {open.map(([name, Tab]) => (
          <Tabs.Panel key={name} value={name}>
            <Tab />
          </Tabs.Panel>
        ))}
      </Tabs>
    </Page>
  )
}

import { Tabs } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { useText } from '../../i18n/text.ts'
import { Page } from '../../ui/page.tsx'
import { CheckTab } from './check.tsx'
import { ExplainTab } from './explain.tsx'
import { ROLES_TEXT } from './text.ts'

const route = getRouteApi('/roles')

/** The execution role: a launch seen before it happens, and a failed one explained. */
export function RolesPage() {
  const t = useText(ROLES_TEXT)
  const { tab } = route.useSearch()
  const navigate = route.useNavigate()
  return (
    <Page title={t('title')} lead={t('lead')}>
      <Tabs
        value={tab === 'explain' ? 'explain' : 'check'}
        onChange={(next) =>
          void navigate({
            search: (before) => ({ ...before, tab: next === 'explain' ? next : undefined }),
            replace: true,
          })
        }
        keepMounted={false}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="check">{t('check')}</Tabs.Tab>
          <Tabs.Tab value="explain">{t('explain')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="check">
          <CheckTab />
        </Tabs.Panel>
        <Tabs.Panel value="explain">
          <ExplainTab />
        </Tabs.Panel>
      </Tabs>
    </Page>
  )
}

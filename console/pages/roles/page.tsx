import { Tabs } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { useText } from '../../i18n/text.ts'
import { Page } from '../../ui/page.tsx'
import { CheckTab } from './check.tsx'
import { ExplainTab } from './explain.tsx'
import { TemplateTab } from './template.tsx'
import { ROLES_TEXT } from './text.ts'

const route = getRouteApi('/roles')
const TABS = ['check', 'template', 'explain'] as const

/** The execution role: a launch seen before it happens, and a failed one explained. */
export function RolesPage() {
  const t = useText(ROLES_TEXT)
  const { tab } = route.useSearch()
  const navigate = route.useNavigate()
  return (
    <Page title={t('title')} lead={t('lead')}>
      <Tabs
        value={TABS.find((name) => name === tab) ?? 'check'}
        onChange={(next) =>
          void navigate({
            search: (before) => ({ ...before, tab: next === 'check' ? undefined : (next ?? undefined) }),
            replace: true,
          })
        }
        keepMounted={false}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="check">{t('check')}</Tabs.Tab>
          <Tabs.Tab value="template">{t('checkTemplate')}</Tabs.Tab>
          <Tabs.Tab value="explain">{t('explain')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="check">
          <CheckTab />
        </Tabs.Panel>
        <Tabs.Panel value="template">
          <TemplateTab />
        </Tabs.Panel>
        <Tabs.Panel value="explain">
          <ExplainTab />
        </Tabs.Panel>
      </Tabs>
    </Page>
  )
}

import { Stack } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { useText } from '../../i18n/text.ts'
import { Page } from '../../ui/page.tsx'
import { Budgets } from './budgets.tsx'
import { Guards } from './guards.tsx'
import { Limits } from './limits.tsx'
import { LIMITS_TEXT } from './text.ts'

const route = getRouteApi('/limits')

/** What holds traffic, money and content, with what is used at this moment. */
export function LimitsPage() {
  const t = useText(LIMITS_TEXT)
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const opener = (name: string) => ({
    opened: search.new === name,
    onOpen: (open: boolean) => void navigate({ search: { new: open ? name : undefined }, replace: true }),
  })
  return (
    <Page title={t('title')} lead={t('lead')}>
      <Stack gap="md">
        <Budgets {...opener('budget')} />
        <Limits {...opener('limit')} />
        <Guards {...opener('guard')} />
      </Stack>
    </Page>
  )
}

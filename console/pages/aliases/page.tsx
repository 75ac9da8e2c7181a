import { Button, Stack, Text } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { listAliases } from '../../../src/contract/api/aliases.ts'
import { api, useMay } from '../../api.ts'
import { COMMON } from '../../i18n/common.ts'
import { useText } from '../../i18n/text.ts'
import { FilterBar, SearchField } from '../../ui/filter-bar.tsx'
import { Icon } from '../../ui/icons.tsx'
import { TextLink } from '../../ui/link.tsx'
import { OriginWord } from '../../ui/origin.tsx'
import { Page, Section } from '../../ui/page.tsx'
import { SidePanel } from '../../ui/panel.tsx'
import { EmptyState, Loaded } from '../../ui/states.tsx'
import { AliasForm } from './form.tsx'
import { RoutePicture } from './picture.tsx'
import { ALIASES_TEXT } from './text.ts'
import { useTraffic } from './traffic.ts'

const route = getRouteApi('/aliases')

export function AliasesPage() {
  const t = useText(ALIASES_TEXT)
  const common = useText(COMMON)
  const may = useMay()
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const query = useQuery({
    queryKey: ['aliases', search.search],
    queryFn: ({ signal }) =>
      api(listAliases, { query: { limit: 200, ...(search.search ? { search: search.search } : {}) } }, { signal }),
    placeholderData: keepPreviousData,
  })
  const traffic = useTraffic()
  const set = (change: { search?: string | undefined; new?: string | undefined }) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true })
  return (
    <Page
      title={t('title')}
      lead={t('lead')}
      actions={
        may('aliases:Create') && (
          <Button leftSection={<Icon name="plus" />} onClick={() => set({ new: '1' })}>
            {t('create')}
          </Button>
        )
      }
    >
      <FilterBar active={search.search !== undefined} onClear={() => set({ search: undefined })}>
        <SearchField value={search.search} onChange={(value) => set({ search: value })} placeholder={t('search')} />
      </FilterBar>
      <Loaded query={query}>
        {({ data }) =>
          data.length === 0 ? (
            <Section>
              <EmptyState
                icon="alias"
                title={search.search ? common('nothingFound') : t('emptyTitle')}
                hint={search.search ? common('nothingFoundHint') : t('emptyHint')}
              />
            </Section>
          ) : (
            <Stack gap="md">
              {data.map((alias) => (
                <section key={alias.name} className="card" style={{ padding: '0.75rem 1rem' }}>
                  <Text size="sm" mb="xs" component="div">
                    <TextLink to="/aliases/$name" params={{ name: alias.name }} fw={640} fz="md">
                      {alias.name}
                    </TextLink>{' '}
                    <span className="quiet">
                      {t(`why_${alias.strategy}`)}{' '}
                      {alias.origin !== 'database' && (
                        <>
                          · <OriginWord origin={alias.origin} />
                        </>
                      )}
                    </span>
                  </Text>
                  <RoutePicture alias={alias} {...traffic} />
                </section>
              ))}
            </Stack>
          )
        }
      </Loaded>
      <SidePanel
        opened={search.new !== undefined}
        onClose={() => set({ new: undefined })}
        title={t('create')}
        size={680}
      >
        <AliasForm onClose={() => set({ new: undefined })} />
      </SidePanel>
    </Page>
  )
}

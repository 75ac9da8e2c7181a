import { Button, SimpleGrid, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { listProviders, type ProviderView } from '../../../src/contract/api/providers.ts'
import { api, useMay } from '../../api.ts'
import { COMMON } from '../../i18n/common.ts'
import { useFormat } from '../../i18n/format.ts'
import { useText } from '../../i18n/text.ts'
import { FilterBar, SearchField } from '../../ui/filter-bar.tsx'
import { Icon } from '../../ui/icons.tsx'
import { TextLink } from '../../ui/link.tsx'
import { OriginWord } from '../../ui/origin.tsx'
import { Page, Section } from '../../ui/page.tsx'
import { SidePanel } from '../../ui/panel.tsx'
import { EmptyState, Loaded } from '../../ui/states.tsx'
import { SetUpProvider } from './set-up.tsx'
import { ProviderState, SecretWords } from './state.tsx'
import { TestButton } from './test.tsx'
import { PROVIDERS_TEXT } from './text.ts'

const route = getRouteApi('/providers')

export function ProvidersPage() {
  const t = useText(PROVIDERS_TEXT)
  const common = useText(COMMON)
  const may = useMay()
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const query = useQuery({
    queryKey: ['providers'],
    queryFn: ({ signal }) => api(listProviders, { query: { limit: 200 } }, { signal }),
    refetchInterval: 30_000,
  })
  const set = (change: { search?: string | undefined; new?: string | undefined }) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true })
  const wanted = (search.search ?? '').toLowerCase()
  return (
    <Page
      title={t('title')}
      lead={t('lead')}
      actions={
        may('providers:Create') && (
          <Button leftSection={<Icon name="plus" />} onClick={() => set({ new: '1' })}>
            {t('create')}
          </Button>
        )
      }
    >
      <FilterBar active={wanted !== ''} onClear={() => set({ search: undefined })}>
        <SearchField value={search.search} onChange={(value) => set({ search: value })} placeholder={t('search')} />
      </FilterBar>
      <Loaded query={query}>
        {({ data }) => {
          const rows = data.filter((provider) => `${provider.id} ${provider.label}`.toLowerCase().includes(wanted))
          if (rows.length === 0)
            return (
              <Section>
                <EmptyState
                  icon="provider"
                  title={wanted ? common('nothingFound') : t('emptyTitle')}
                  hint={wanted ? common('nothingFoundHint') : t('emptyHint')}
                />
              </Section>
            )
          return (
            <SimpleGrid cols={{ base: 1, sm: 2, xl: 3 }} spacing="md">
              {rows.map((provider) => (
                <ProviderCard key={provider.id} provider={provider} />
              ))}
            </SimpleGrid>
          )
        }}
      </Loaded>
      <SidePanel
        opened={search.new !== undefined}
        onClose={() => set({ new: undefined })}
        title={t('create')}
        size={560}
      >
        <SetUpProvider onClose={() => set({ new: undefined })} />
      </SidePanel>
    </Page>
  )
}

/** One account: how it is, and its test in place. */
function ProviderCard({ provider }: { provider: ProviderView }) {
  const t = useText(PROVIDERS_TEXT)
  const format = useFormat()
  const may = useMay()
  const navigate = useNavigate()
  const { status } = provider
  return (
    <article className="card provider-card">
      <div style={{ display: 'flex', justifyContent: 'space-between', gap: 12 }}>
        <div style={{ minWidth: 0 }}>
          <TextLink to="/providers/$id" params={{ id: provider.id }} fw={640} fz="md" className="clip" display="block">
            {provider.id}
          </TextLink>
          <Text size="xs" c="dimmed" className="clip">
            {provider.label} · <OriginWord origin={provider.origin} />
          </Text>
        </div>
        <ProviderState state={status.state} />
      </div>
      <Text
        size="sm"
        style={{ flex: 1 }}
        className={status.state === 'failing' ? 'bad' : status.state === 'no-key' ? 'warn' : 'quiet'}
      >
        {status.detail}
      </Text>
      <dl className="mini-facts">
        <div>
          <dt>{t('key')}</dt>
          <dd className="clip">
            {provider.api_keys.length > 0 ? (
              `${t('pool')} (${provider.api_keys.length})`
            ) : (
              <SecretWords secret={provider.api_key} />
            )}
          </dd>
        </div>
        <div>
          <dt>{t('lastHour')}</dt>
          <dd>
            {status.calls === 0
              ? t('noCalls')
              : t('lastHourOf', { failures: format.number(status.failures), calls: status.calls })}
          </dd>
        </div>
      </dl>
      <div style={{ display: 'flex', gap: 8 }}>
        {may('providers:Test') && <TestButton id={provider.id} />}
        <Button
          variant="subtle"
          ml="auto"
          onClick={() => void navigate({ to: '/models', search: { provider: provider.id } })}
        >
          {t('openModels')}
        </Button>
      </div>
    </article>
  )
}

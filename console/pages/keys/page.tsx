import { Button, Text } from '@mantine/core'
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import { KeyStatus, type KeyView, listKeys } from '../../../src/contract/api/keys.ts'
import { api, useMay } from '../../api.ts'
import { COMMON } from '../../i18n/common.ts'
import { useFormat } from '../../i18n/format.ts'
import { useText } from '../../i18n/text.ts'
import { Chips } from '../../ui/chips.tsx'
import { type Column, DataTable } from '../../ui/data-table.tsx'
import { FilterBar, FilterSelect, SearchField } from '../../ui/filter-bar.tsx'
import { Icon } from '../../ui/icons.tsx'
import { TextLink } from '../../ui/link.tsx'
import { Page, Section } from '../../ui/page.tsx'
import { SidePanel } from '../../ui/panel.tsx'
import { EmptyState, ErrorState, Loading } from '../../ui/states.tsx'
import { KnownMoney, RelativeTime } from '../../ui/values.tsx'
import { CreateKey } from './create.tsx'
import { KeyStatusBadge } from './status.tsx'
import { KEYS_TEXT } from './text.ts'

const route = getRouteApi('/keys')

export function KeysPage() {
  const t = useText(KEYS_TEXT)
  const common = useText(COMMON)
  const may = useMay()
  const format = useFormat()
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const go = useNavigate()
  const status = KeyStatus.options.find((each) => each === search.status)
  const query = useInfiniteQuery({
    queryKey: ['keys', search.search, status, search.team],
    queryFn: ({ pageParam, signal }) =>
      api(
        listKeys,
        {
          query: {
            limit: 50,
            ...(search.search ? { search: search.search } : {}),
            ...(status ? { status } : {}),
            ...(search.team ? { team: search.team } : {}),
            ...(pageParam ? { after: pageParam } : {}),
          },
        },
        { signal },
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
  })
  const rows = (query.data?.pages ?? []).flatMap((page) => page.data)
  const set = (change: {
    search?: string | undefined
    status?: string | undefined
    team?: string | undefined
    new?: string | undefined
  }) => void navigate({ search: (before) => ({ ...before, ...change }), replace: true })
  const columns = useMemo(
    (): Column<KeyView>[] => [
      {
        key: 'name',
        title: t('name'),
        render: (key) => (
          <TextLink to="/keys/$id" params={{ id: key.id }} fw={560}>
            {key.name}
          </TextLink>
        ),
      },
      { key: 'hint', title: t('key'), wide: true, render: (key) => <span className="mono quiet">{key.hint}</span> },
      { key: 'status', title: t('status'), render: (key) => <KeyStatusBadge status={key.status} /> },
      {
        key: 'models',
        title: t('models'),
        wide: true,
        render: (key) =>
          key.models.includes('*') ? (
            <span className="quiet">{t('allModels')}</span>
          ) : (
            <Chips values={key.models} most={3} />
          ),
      },
      { key: 'team', title: t('team'), wide: true, render: (key) => key.team ?? '–' },
      {
        key: 'used',
        title: t('lastUsed'),
        render: (key) =>
          key.last_used_at ? <RelativeTime at={key.last_used_at} /> : <span className="quiet">{t('never')}</span>,
      },
      { key: 'calls', title: t('calls'), numeric: true, wide: true, render: (key) => format.compact(key.used.calls) },
      {
        key: 'cost',
        title: t('cost'),
        numeric: true,
        render: (key) => <KnownMoney micros={key.used.cost_micros} unpriced={key.used.unpriced_calls} />,
      },
    ],
    [t, format],
  )
  const filtered = Boolean(search.search ?? status ?? search.team)
  return (
    <Page
      title={t('title')}
      lead={t('lead')}
      actions={
        may('keys:Create') && (
          <Button leftSection={<Icon name="plus" />} onClick={() => set({ new: '1' })}>
            {t('create')}
          </Button>
        )
      }
    >
      <FilterBar active={filtered} onClear={() => set({ search: undefined, status: undefined, team: undefined })}>
        <SearchField value={search.search} onChange={(value) => set({ search: value })} placeholder={t('search')} />
        <FilterSelect
          label={t('status')}
          value={status}
          onChange={(value) => set({ status: value })}
          options={KeyStatus.options.map((value) => ({ value, label: t(value) }))}
          width={140}
        />
        <FilterSelect
          label={t('team')}
          value={search.team}
          onChange={(value) => set({ team: value })}
          options={[...new Set(rows.flatMap((key) => key.team ?? []))].sort().map((value) => ({ value, label: value }))}
          width={150}
        />
      </FilterBar>
      <Section pad={false}>
        {query.isError ? (
          <ErrorState error={query.error} onRetry={() => void query.refetch()} />
        ) : query.isPending ? (
          <Loading />
        ) : rows.length === 0 ? (
          filtered ? (
            <EmptyState icon="search" title={common('nothingFound')} hint={common('nothingFoundHint')} />
          ) : (
            <EmptyState icon="key" title={t('emptyTitle')} hint={t('emptyHint')} />
          )
        ) : (
          <DataTable
            label={t('title')}
            columns={columns}
            rows={rows}
            rowKey={(key) => key.id}
            onOpen={(key) => void go({ to: '/keys/$id', params: { id: key.id } })}
            footer={
              query.hasNextPage ? (
                <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                  {common('more')}
                </Button>
              ) : (
                <Text size="xs" c="dimmed">
                  {common('rows', { count: rows.length })}
                </Text>
              )
            }
          />
        )}
      </Section>
      <SidePanel
        opened={search.new !== undefined}
        onClose={() => set({ new: undefined })}
        title={t('create')}
        size={520}
      >
        <CreateKey onClose={() => set({ new: undefined })} />
      </SidePanel>
    </Page>
  )
}

import { Button } from '@mantine/core'
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { listAudit } from '../../../src/contract/api/settings.ts'
import { api } from '../../api.ts'
import { COMMON } from '../../i18n/common.ts'
import { useText } from '../../i18n/text.ts'
import { DataTable } from '../../ui/data-table.tsx'
import { FilterBar, SearchField } from '../../ui/filter-bar.tsx'
import { Section } from '../../ui/page.tsx'
import { EmptyState, ErrorState, Loading } from '../../ui/states.tsx'
import { RelativeTime } from '../../ui/values.tsx'
import { SETTINGS_TEXT } from './text.ts'

const route = getRouteApi('/settings')

/** What people and tokens did, newest first. */
export function AuditTab() {
  const t = useText(SETTINGS_TEXT)
  const common = useText(COMMON)
  const { target } = route.useSearch()
  const navigate = route.useNavigate()
  const query = useInfiniteQuery({
    queryKey: ['audit', target],
    queryFn: ({ pageParam, signal }) =>
      api(
        listAudit,
        { query: { limit: 50, ...(target ? { target } : {}), ...(pageParam ? { after: pageParam } : {}) } },
        { signal },
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
  })
  const rows = (query.data?.pages ?? []).flatMap((page) => page.data)
  const set = (value: string | undefined) => void navigate({ search: { tab: 'audit', target: value }, replace: true })
  return (
    <>
      <FilterBar active={target !== undefined} onClear={() => set(undefined)}>
        <SearchField value={target} onChange={set} placeholder={t('what')} />
      </FilterBar>
      <Section pad={false}>
        {query.isError ? (
          <ErrorState error={query.error} onRetry={() => void query.refetch()} />
        ) : query.isPending ? (
          <Loading />
        ) : rows.length === 0 ? (
          <EmptyState icon="clock" title={target ? common('nothingFound') : t('noAudit')} />
        ) : (
          <DataTable
            label={t('audit')}
            rows={rows}
            rowKey={(event) => event.id}
            columns={[
              { key: 'when', title: t('when'), render: (event) => <RelativeTime at={event.at} />, width: 120 },
              { key: 'who', title: t('who'), render: (event) => event.actor },
              { key: 'did', title: t('did'), render: (event) => <span className="mono">{event.action}</span> },
              { key: 'what', title: t('what'), render: (event) => <span className="mono">{event.target ?? '–'}</span> },
              {
                key: 'changes',
                title: t('changes'),
                wide: true,
                render: (event) => (
                  <span className="mono quiet" style={{ overflowWrap: 'anywhere' }}>
                    {event.changes ? changesIn(event.changes) : ''}
                  </span>
                ),
              },
              {
                key: 'address',
                title: t('address'),
                wide: true,
                render: (event) => <span className="mono quiet">{event.address ?? ''}</span>,
              },
            ]}
            footer={
              query.hasNextPage && (
                <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                  {common('more')}
                </Button>
              )
            }
          />
        )}
      </Section>
    </>
  )
}

function changesIn(changes: Readonly<Record<string, unknown>>): string {
  return Object.entries(changes)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' · ')
}

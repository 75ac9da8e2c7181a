import { Button, Text } from '@mantine/core'
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { type Call, exportCalls, listCalls } from '../../../src/contract/api/calls.ts'
import { addressOf } from '../../../src/contract/client.ts'
import { api } from '../../api.ts'
import { COMMON } from '../../i18n/common.ts'
import { useText } from '../../i18n/text.ts'
import { ColumnChooser, DataTable, useColumns } from '../../ui/data-table.tsx'
import { Icon } from '../../ui/icons.tsx'
import { ButtonLink } from '../../ui/link.tsx'
import { Page, Section } from '../../ui/page.tsx'
import { EmptyState, ErrorState, Loading } from '../../ui/states.tsx'
import { useCallColumns } from './columns.tsx'
import { CallDrawer } from './detail.tsx'
import { type CallSearch, filterOf } from './filter.ts'
import { CallFilters, LiveSwitch } from './filters.tsx'
import { useTail } from './tail.ts'
import { CALLS_TEXT } from './text.ts'

const route = getRouteApi('/calls')

/** Every call, newest first, live while one looks; the filter is the address. */
export function CallsPage() {
  const t = useText(CALLS_TEXT)
  const common = useText(COMMON)
  const search: CallSearch = route.useSearch()
  const navigate = route.useNavigate()
  const [live, setLive] = useState(true)
  const { id, ...where } = search
  // A range such as "last hour" is counted from the moment at which the page was opened.
  const [opened] = useState(() => Date.now())
  const filter = filterOf(search, opened)
  const key = JSON.stringify(filter)
  const list = useInfiniteQuery({
    queryKey: ['calls', key],
    queryFn: ({ pageParam, signal }) =>
      api(listCalls, { query: { ...filter, limit: 50, ...(pageParam ? { after: pageParam } : {}) } }, { signal }),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
    refetchOnWindowFocus: false,
  })
  const following = live && search.to === undefined
  const tail = useTail(following, filter)
  const loaded = useMemo(() => (list.data?.pages ?? []).flatMap((page) => page.data), [list.data])
  const rows = useMemo(() => {
    const seen = new Set(loaded.map((call) => call.id))
    return [...tail.calls.filter((call) => !seen.has(call.id)), ...loaded]
  }, [tail.calls, loaded])
  const columns = useCallColumns()
  const { shown, toggle } = useColumns('calls', columns)
  const set = (change: CallSearch) => void navigate({ search: (before) => ({ ...before, ...change }), replace: true })
  const known = useMemo(() => namesIn(rows), [rows])
  const filtered = Object.values(where).some((value) => value !== undefined)
  return (
    <Page
      title={t('title')}
      lead={t('lead')}
      actions={<LiveSwitch on={following} state={tail.state} onChange={setLive} />}
    >
      <CallFilters
        search={search}
        onChange={set}
        known={known}
        end={
          <>
            <ColumnChooser columns={columns} shown={shown} onToggle={toggle} />
            <Button
              component="a"
              href={addressOf(exportCalls, { query: filter })}
              download="calls.csv"
              variant="default"
              aria-label={t('csvLabel')}
              leftSection={<Icon name="download" />}
            >
              {t('csv')}
            </Button>
          </>
        }
      />
      <Section pad={false}>
        {list.isError && loaded.length === 0 ? (
          <ErrorState error={list.error} onRetry={() => void list.refetch()} />
        ) : list.isPending && rows.length === 0 ? (
          <Loading rows={12} />
        ) : rows.length === 0 ? (
          filtered ? (
            <EmptyState icon="search" title={common('nothingFound')} hint={common('nothingFoundHint')} />
          ) : (
            <EmptyState
              icon="calls"
              title={t('emptyTitle')}
              hint={t('emptyHint')}
              action={<ButtonLink to="/welcome">{t('toWelcome')}</ButtonLink>}
            />
          )
        ) : (
          <DataTable
            label={t('title')}
            columns={shown}
            rows={rows}
            rowKey={(call) => call.id}
            selected={id}
            fresh={new Set(tail.calls.slice(0, 20).map((call) => call.id))}
            onOpen={(call) => set({ id: call.id })}
            footer={
              list.hasNextPage ? (
                <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
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
      <CallDrawer id={id} onClose={() => set({ id: undefined })} />
    </Page>
  )
}

function namesIn(rows: readonly Call[]) {
  const keys = new Map(
    rows.flatMap((call) => (call.key_id ? [[call.key_id, call.key_name ?? call.key_id] as const] : [])),
  )
  return {
    providers: [...new Set(rows.flatMap((call) => call.provider ?? []))].sort(),
    models: [...new Set(rows.flatMap((call) => call.model_served ?? []))].sort(),
    keys: [...keys].map(([value, label]) => ({ value, label })),
  }
}

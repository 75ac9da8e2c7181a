import { ActionIcon, Button, Group, Switch, Text, Tooltip } from '@mantine/core'
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import { listModels, type ModelView } from '../../../src/contract/api/models.ts'
import { listProviders } from '../../../src/contract/api/providers.ts'
import { api, useMay } from '../../api.ts'
import { COMMON } from '../../i18n/common.ts'
import { useFormat } from '../../i18n/format.ts'
import { useText } from '../../i18n/text.ts'
import { Chips } from '../../ui/chips.tsx'
import { CopyButton } from '../../ui/copy.tsx'
import { type Column, ColumnChooser, DataTable, useColumns } from '../../ui/data-table.tsx'
import { FilterBar, FilterSelect, SearchField } from '../../ui/filter-bar.tsx'
import { Icon } from '../../ui/icons.tsx'
import { TextLink } from '../../ui/link.tsx'
import { Page, Section } from '../../ui/page.tsx'
import { SidePanel } from '../../ui/panel.tsx'
import { EmptyState, ErrorState, Loading } from '../../ui/states.tsx'
import { Money } from '../../ui/values.tsx'
import { PriceForm } from './price.tsx'
import { MODELS_TEXT } from './text.ts'

const route = getRouteApi('/models')
const CAPABILITIES = ['tools', 'vision', 'reasoning', 'json_schema', 'embeddings', 'audio', 'images']

export function ModelsPage() {
  const t = useText(MODELS_TEXT)
  const common = useText(COMMON)
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const query = useInfiniteQuery({
    queryKey: ['models', search.search, search.provider, search.capability, search.catalogue],
    queryFn: ({ pageParam, signal }) =>
      api(
        listModels,
        {
          query: {
            limit: 100,
            ...(search.search ? { search: search.search } : {}),
            ...(search.provider ? { provider: search.provider } : {}),
            ...(search.capability ? { capability: search.capability } : {}),
            ...(search.catalogue ? { catalogue: 'true' } : {}),
            ...(pageParam ? { after: pageParam } : {}),
          },
        },
        { signal },
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
  })
  const providers = useQuery({
    queryKey: ['providers'],
    queryFn: ({ signal }) => api(listProviders, { query: { limit: 200 } }, { signal }),
  })
  const rows = (query.data?.pages ?? []).flatMap((page) => page.data)
  const set = (change: {
    search?: string | undefined
    provider?: string | undefined
    capability?: string | undefined
    catalogue?: string | undefined
    edit?: string | undefined
  }) => void navigate({ search: (before) => ({ ...before, ...change }), replace: true })
  const columns = useModelColumns((id) => set({ edit: id }))
  const { shown, toggle } = useColumns('models', columns)
  const filtered = Boolean(search.search ?? search.provider ?? search.capability ?? search.catalogue)
  const editing = rows.find((model) => model.id === search.edit)
  return (
    <Page title={t('title')} lead={t('lead')}>
      <FilterBar
        active={filtered}
        onClear={() => set({ search: undefined, provider: undefined, capability: undefined, catalogue: undefined })}
        end={<ColumnChooser columns={columns} shown={shown} onToggle={toggle} />}
      >
        <SearchField value={search.search} onChange={(value) => set({ search: value })} placeholder={t('search')} />
        <FilterSelect
          label={t('provider')}
          value={search.provider}
          onChange={(value) => set({ provider: value })}
          options={(providers.data?.data ?? []).map(({ id }) => ({ value: id, label: id }))}
          searchable
        />
        <FilterSelect
          label={t('capability')}
          value={search.capability}
          onChange={(value) => set({ capability: value })}
          options={[...new Set([...CAPABILITIES, ...rows.flatMap((model) => model.capabilities)])].map((value) => ({
            value,
            label: value,
          }))}
          width={150}
        />
        <Switch
          label={t('catalogue')}
          checked={search.catalogue !== undefined}
          onChange={(event) => set({ catalogue: event.currentTarget.checked ? '1' : undefined })}
        />
      </FilterBar>
      <Section pad={false}>
        {query.isError ? (
          <ErrorState error={query.error} onRetry={() => void query.refetch()} />
        ) : query.isPending ? (
          <Loading rows={12} />
        ) : rows.length === 0 ? (
          <EmptyState
            icon={filtered ? 'search' : 'model'}
            title={filtered ? common('nothingFound') : t('emptyTitle')}
            hint={filtered ? common('nothingFoundHint') : t('emptyHint')}
          />
        ) : (
          <DataTable
            label={t('title')}
            columns={shown}
            rows={rows}
            rowKey={(model) => model.id}
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
        opened={editing !== undefined}
        onClose={() => set({ edit: undefined })}
        title={editing && t('editTitle', { model: editing.id })}
        size={480}
      >
        {editing && <PriceForm key={editing.id} model={editing} onClose={() => set({ edit: undefined })} />}
      </SidePanel>
    </Page>
  )
}

function useModelColumns(edit: (id: string) => void): readonly Column<ModelView>[] {
  const t = useText(MODELS_TEXT)
  const format = useFormat()
  const may = useMay()
  const navigate = useNavigate()
  return useMemo(() => {
    const price = (model: ModelView, name: 'input' | 'output' | 'cache_read') => (
      <Money micros={model.price?.[name]} price />
    )
    return [
      {
        key: 'model',
        title: t('model'),
        render: (model) => (
          <Group gap={4} wrap="nowrap">
            <div style={{ minWidth: '6.25rem' }}>
              <span className="quiet">{model.provider}/</span>
              {/* A line ends after the vendor or between words before it ends inside one. */}
              <wbr />
              <span style={{ fontWeight: 560, overflowWrap: 'anywhere' }}>{model.model}</span>
              {model.shutdown_at && (
                <div className="warn" style={{ fontSize: 12 }}>
                  {t('shutdown')}: {format.date(Date.parse(model.shutdown_at))}
                </div>
              )}
            </div>
            <CopyButton value={model.id} label={t('copyName')} />
          </Group>
        ),
      },
      { key: 'kind', title: t('kind'), extra: true, render: (model) => model.kind ?? '–' },
      {
        key: 'capabilities',
        title: t('capabilities'),
        wide: true,
        render: (model) => <Chips values={model.capabilities} most={4} />,
      },
      {
        key: 'context',
        title: t('context'),
        numeric: true,
        wide: true,
        render: (model) => format.compact(model.context_tokens),
      },
      {
        key: 'output',
        title: t('output'),
        numeric: true,
        extra: true,
        render: (model) => format.compact(model.output_tokens),
      },
      { key: 'in', title: t('inPrice'), numeric: true, render: (model) => price(model, 'input') },
      { key: 'out', title: t('outPrice'), numeric: true, render: (model) => price(model, 'output') },
      {
        key: 'cache',
        title: t('cachePrice'),
        numeric: true,
        extra: true,
        render: (model) => price(model, 'cache_read'),
      },
      {
        key: 'source',
        title: t('source'),
        wide: true,
        render: (model) =>
          model.overridden ? (
            <b className="warn">{t('own')}</b>
          ) : (
            <span className="quiet">{model.price_source ?? '–'}</span>
          ),
      },
      {
        key: 'actions',
        title: '',
        numeric: true,
        render: (model) =>
          model.set_up ? (
            <Group gap={2} wrap="nowrap" justify="flex-end">
              {may('prices:Update') && (
                <Tooltip label={t('edit')}>
                  <ActionIcon aria-label={`${t('edit')}: ${model.id}`} onClick={() => edit(model.id)}>
                    <Icon name="edit" />
                  </ActionIcon>
                </Tooltip>
              )}
              <Tooltip label={t('try')}>
                <ActionIcon
                  aria-label={`${t('try')}: ${model.id}`}
                  onClick={() => void navigate({ to: '/playground', search: { model: model.id } })}
                >
                  <Icon name="play" />
                </ActionIcon>
              </Tooltip>
            </Group>
          ) : (
            <TextLink to="/providers" search={{ new: '1' }}>
              {t('setUp')}
            </TextLink>
          ),
      },
    ]
  }, [t, format, may, navigate, edit])
}

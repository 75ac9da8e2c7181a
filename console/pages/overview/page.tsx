import { Group, SegmentedControl, SimpleGrid, Stack } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { getOverview, type Overview, type Totals } from '../../../src/contract/api/overview.ts'
import { api } from '../../api.ts'
import { useFormat } from '../../i18n/format.ts'
import { useText } from '../../i18n/text.ts'
import { SeriesChart } from '../../ui/chart/series.tsx'
import { FilterSelect } from '../../ui/filter-bar.tsx'
import { ButtonLink } from '../../ui/link.tsx'
import { Page, Section } from '../../ui/page.tsx'
import { EmptyState, Loaded } from '../../ui/states.tsx'
import { AttentionList } from './attention.tsx'
import { Breakdown } from './breakdown.tsx'
import { boundsOf, isRange, RANGES, type RangeName } from './range.ts'
import { OVERVIEW_TEXT } from './text.ts'
import { Tiles } from './tiles.tsx'

const route = getRouteApi('/')

/** Calls, errors, latency, tokens and money over a time, beside the time before; and what needs a person. */
export function OverviewPage() {
  const t = useText(OVERVIEW_TEXT)
  const { range: asked, provider, model, key_id } = route.useSearch()
  const navigate = route.useNavigate()
  const range = isRange(asked) ? asked : 'day'
  const filter = { provider, model, key_id }
  const query = useQuery({
    queryKey: ['overview', range, filter],
    queryFn: ({ signal }) => api(getOverview, { query: { ...boundsOf(range, Date.now()), ...filter } }, { signal }),
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
  })
  const set = (change: {
    range?: RangeName
    provider?: string | undefined
    model?: string | undefined
    key_id?: string | undefined
  }) => void navigate({ search: (before) => ({ ...before, ...change }), replace: true })
  const options = (values: readonly (string | null)[]) =>
    [...new Set(values.filter((value) => value !== null))].map((value) => ({ value, label: value }))
  const data = query.data
  return (
    <Page
      title={t('title')}
      actions={
        <>
          <FilterSelect
            label={t('provider')}
            value={provider}
            onChange={(value) => set({ provider: value })}
            options={options(data?.by_provider.map((row) => row.provider) ?? [])}
            width={150}
          />
          <FilterSelect
            label={t('model')}
            value={model}
            onChange={(value) => set({ model: value })}
            options={options(data?.by_model.map((row) => row.model) ?? [])}
            width={190}
            searchable
          />
          <FilterSelect
            label={t('key')}
            value={key_id}
            onChange={(value) => set({ key_id: value })}
            options={(data?.by_key ?? []).flatMap((row) =>
              row.key_id ? [{ value: row.key_id, label: row.key_name ?? row.key_id }] : [],
            )}
            width={150}
          />
          <SegmentedControl
            aria-label={t('range')}
            value={range}
            onChange={(value) => set({ range: value as RangeName })}
            data={(Object.keys(RANGES) as RangeName[]).map((value) => ({ value, label: t(value) }))}
            size="xs"
            visibleFrom="md"
          />
          <Group hiddenFrom="md">
            <FilterSelect
              label={t('range')}
              value={range}
              onChange={(value) => set({ range: isRange(value) ? value : 'day' })}
              options={(Object.keys(RANGES) as RangeName[]).map((value) => ({ value, label: t(value) }))}
            />
          </Group>
        </>
      }
    >
      <Stack gap="md">
        <AttentionList />
        <Loaded query={query} rows={10}>
          {(overview) => (
            <>
              <Tiles overview={overview} />
              {overview.totals.calls === 0 ? (
                <Section>
                  <EmptyState
                    icon="calls"
                    title={t('emptyTitle')}
                    hint={t('emptyHint')}
                    action={<ButtonLink to="/welcome">{t('toWelcome')}</ButtonLink>}
                  />
                </Section>
              ) : (
                <>
                  <Charts overview={overview} />
                  <Breakdown overview={overview} range={range} />
                </>
              )}
            </>
          )}
        </Loaded>
      </Stack>
    </Page>
  )
}

function Charts({ overview }: { overview: Overview }) {
  const t = useText(OVERVIEW_TEXT)
  const format = useFormat()
  const at = overview.series.map((point) => Date.parse(point.at))
  const values = (read: (totals: Totals) => number | null) => overview.series.map((point) => read(point.totals))
  const common = {
    at,
    formatTime:
      overview.grain === 'day' ? format.day : at.length > 36 && overview.grain === 'hour' ? format.day : format.time,
    formatFull: overview.grain === 'day' ? format.date : format.absolute,
  }
  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md">
      <Section title={t('callsOverTime')}>
        <SeriesChart
          {...common}
          label={t('callsOverTime')}
          shape="bars"
          formatValue={format.compact}
          series={[
            { key: 'ok', label: t('ok'), style: 1, values: values((x) => x.ok) },
            { key: 'client', label: t('clientErrors'), style: 2, values: values((x) => x.client_errors) },
            { key: 'limited', label: t('limited'), style: 3, values: values((x) => x.rate_limited) },
            { key: 'server', label: t('serverErrors'), style: 4, values: values((x) => x.server_errors) },
            { key: 'cancelled', label: t('cancelled'), style: 6, values: values((x) => x.cancelled) },
          ]}
        />
      </Section>
      <Section title={t('latencyOverTime')}>
        <SeriesChart
          {...common}
          label={t('latencyOverTime')}
          shape="lines"
          formatValue={format.duration}
          series={[
            { key: 'p50', label: t('median'), style: 1, values: values((x) => x.p50_ms) },
            { key: 'p95', label: 'p95', style: 2, values: values((x) => x.p95_ms) },
            { key: 'p99', label: 'p99', style: 4, values: values((x) => x.p99_ms) },
            { key: 'first', label: t('firstToken'), style: 3, values: values((x) => x.first_byte_p50_ms) },
          ]}
        />
      </Section>
      <Section title={t('costOverTime')}>
        <SeriesChart
          {...common}
          label={t('costOverTime')}
          shape="bars"
          formatValue={format.money}
          series={[{ key: 'cost', label: t('cost'), style: 1, values: values((x) => x.cost_micros) }]}
        />
      </Section>
      <Section title={t('tokensOverTime')}>
        <SeriesChart
          {...common}
          label={t('tokensOverTime')}
          shape="bars"
          formatValue={format.compact}
          series={[
            { key: 'input', label: t('input'), style: 1, values: values((x) => x.input_tokens) },
            { key: 'cache', label: t('cacheRead'), style: 5, values: values((x) => x.cache_read_tokens) },
            { key: 'output', label: t('output'), style: 2, values: values((x) => x.output_tokens) },
          ]}
        />
      </Section>
    </SimpleGrid>
  )
}

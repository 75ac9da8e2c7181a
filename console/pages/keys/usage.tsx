import { useQuery } from '@tanstack/react-query'
import { getOverview } from '../../../src/contract/api/overview.ts'
import { api } from '../../api.ts'
import { useFormat } from '../../i18n/format.ts'
import { useText } from '../../i18n/text.ts'
import { SeriesChart } from '../../ui/chart/series.tsx'
import { Section } from '../../ui/page.tsx'
import { Loaded } from '../../ui/states.tsx'
import { boundsOf } from '../overview/range.ts'
import { KEYS_TEXT } from './text.ts'

/** What one key spent, day by day. */
export function KeyUsage({ id }: { id: string }) {
  const t = useText(KEYS_TEXT)
  const format = useFormat()
  const query = useQuery({
    queryKey: ['overview', 'key', id],
    queryFn: ({ signal }) => api(getOverview, { query: { ...boundsOf('month', Date.now()), key_id: id } }, { signal }),
  })
  return (
    <Section title={t('usage')} note={t('last30')}>
      <Loaded query={query}>
        {({ series }) => (
          <SeriesChart
            label={t('usage')}
            at={series.map((point) => Date.parse(point.at))}
            shape="bars"
            formatValue={format.money}
            formatTime={format.day}
            formatFull={format.date}
            series={[
              { key: 'cost', label: t('cost'), style: 1, values: series.map((point) => point.totals.cost_micros) },
            ]}
          />
        )}
      </Loaded>
    </Section>
  )
}

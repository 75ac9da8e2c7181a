import { SegmentedControl, SimpleGrid } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import type { Overview, Totals } from '../../../src/contract/api/overview.ts'
import { useFormat } from '../../i18n/format.ts'
import { useText } from '../../i18n/text.ts'
import { Shares } from '../../ui/chart/shares.tsx'
import { TextLink } from '../../ui/link.tsx'
import { Section } from '../../ui/page.tsx'
import type { RangeName } from './range.ts'
import { OVERVIEW_TEXT } from './text.ts'

type Row = { key: string; label: ReactNode; totals: Totals; previous_calls: number; previous_cost_micros: number }

/** Who and what makes the calls or the cost; each row leads to its calls. */
export function Breakdown({ overview, range }: { overview: Overview; range: RangeName }) {
  const t = useText(OVERVIEW_TEXT)
  return (
    <SimpleGrid cols={{ base: 1, md: 3 }} spacing="md">
      <Panel
        title={t('byModel')}
        head={t('model')}
        rows={overview.by_model.map((row) => ({
          ...row,
          key: `${row.provider}/${row.model}`,
          label: (
            <TextLink to="/calls" search={{ range, ...given('provider', row.provider), ...given('model', row.model) }}>
              {row.model ?? '–'} <span className="quiet">{row.provider}</span>
            </TextLink>
          ),
        }))}
      />
      <Panel
        title={t('byProvider')}
        head={t('provider')}
        rows={overview.by_provider.map((row) => ({
          ...row,
          key: row.provider ?? '',
          label: (
            <TextLink to="/calls" search={{ range, ...given('provider', row.provider) }}>
              {row.provider ?? '–'}
            </TextLink>
          ),
        }))}
      />
      <Panel
        title={t('byKey')}
        head={t('key')}
        rows={overview.by_key.map((row) => ({
          ...row,
          key: row.key_id ?? '',
          label: (
            <TextLink to="/calls" search={{ range, ...given('key_id', row.key_id) }}>
              {row.key_name ?? row.key_id ?? t('noKey')}
            </TextLink>
          ),
        }))}
      />
    </SimpleGrid>
  )
}

const given = <const Name extends string>(name: Name, value: string | null): { [N in Name]?: string } =>
  value === null ? {} : ({ [name]: value } as { [N in Name]?: string })

function Panel({ title, head, rows }: { title: string; head: string; rows: readonly Row[] }) {
  const t = useText(OVERVIEW_TEXT)
  const format = useFormat()
  const [by, setBy] = useState<'calls' | 'cost'>(() =>
    rows.some((row) => row.totals.cost_micros > 0) ? 'cost' : 'calls',
  )
  const value = (row: Row) => (by === 'cost' ? row.totals.cost_micros : row.totals.calls)
  const before = (row: Row) => (by === 'cost' ? row.previous_cost_micros : row.previous_calls)
  const sorted = rows.toSorted((a, b) => value(b) - value(a)).slice(0, 8)
  return (
    <Section
      title={title}
      actions={
        <SegmentedControl
          size="xs"
          aria-label={title}
          value={by}
          onChange={(next) => setBy(next as 'calls' | 'cost')}
          data={[
            { value: 'cost', label: t('cost') },
            { value: 'calls', label: t('calls') },
          ]}
        />
      }
    >
      <Shares
        label={title}
        heads={[head, t(by), '±']}
        rows={sorted.map((row) => ({
          key: row.key,
          label: row.label,
          value: value(row),
          shown: by === 'cost' ? format.compactMoney(value(row)) : format.compact(value(row)),
          note: before(row) ? format.change((value(row) - before(row)) / before(row)) : '–',
        }))}
      />
    </Section>
  )
}

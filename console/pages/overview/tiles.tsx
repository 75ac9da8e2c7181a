import { SimpleGrid } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Overview, Totals } from '../../../src/contract/api/overview.ts'
import { useFormat } from '../../i18n/format.ts'
import { useText } from '../../i18n/text.ts'
import { OVERVIEW_TEXT } from './text.ts'

const failed = (totals: Totals) => totals.client_errors + totals.rate_limited + totals.server_errors
const rate = (totals: Totals) => (totals.calls ? failed(totals) / totals.calls : 0)
const allTokens = (totals: Totals) =>
  totals.input_tokens + totals.cache_read_tokens + totals.cache_write_tokens + totals.output_tokens

/** The six numbers that one looks at first, each beside the time before. */
export function Tiles({ overview: { totals, previous } }: { overview: Overview }) {
  const t = useText(OVERVIEW_TEXT)
  const format = useFormat()
  return (
    <SimpleGrid cols={{ base: 2, sm: 3, lg: 6 }} spacing="sm">
      <Tile
        label={t('calls')}
        value={format.compact(totals.calls)}
        now={totals.calls}
        before={previous.calls}
        note={totals.cache_hits > 0 && t('cached', { share: format.percent(totals.cache_hits / totals.calls) })}
      />
      <Tile
        label={t('errors')}
        value={format.percent(rate(totals))}
        now={rate(totals)}
        before={rate(previous)}
        better="less"
        note={t('failedCount', { count: failed(totals) })}
      />
      <Tile
        label={t('latency')}
        value={format.duration(totals.p50_ms)}
        now={totals.p50_ms}
        before={previous.p50_ms}
        better="less"
        note={
          totals.p95_ms !== null &&
          t('p95', { time: format.duration(totals.p95_ms), more: format.duration(totals.p99_ms) })
        }
      />
      <Tile
        label={t('firstByte')}
        value={format.duration(totals.first_byte_p50_ms)}
        now={totals.first_byte_p50_ms}
        before={previous.first_byte_p50_ms}
        better="less"
        note={
          totals.first_byte_p95_ms !== null && t('firstByteP95', { time: format.duration(totals.first_byte_p95_ms) })
        }
      />
      <Tile
        label={t('tokens')}
        value={format.compact(allTokens(totals))}
        now={allTokens(totals)}
        before={allTokens(previous)}
        note={t('tokensSplit', {
          input: format.compact(allTokens(totals) - totals.output_tokens),
          output: format.compact(totals.output_tokens),
        })}
      />
      <Tile
        label={t('cost')}
        value={format.compactMoney(totals.cost_micros)}
        now={totals.cost_micros}
        before={previous.cost_micros}
        note={
          totals.unpriced_calls > 0 && <span className="warn">{t('unpriced', { count: totals.unpriced_calls })}</span>
        }
      />
    </SimpleGrid>
  )
}

function Tile({
  label,
  value,
  now,
  before,
  better,
  note,
}: {
  label: string
  value: string
  now: number | null
  before: number | null
  /** Where less is better, a rise is worth a second look; elsewhere a change is only a change. */
  better?: 'less'
  note?: ReactNode
}) {
  const t = useText(OVERVIEW_TEXT)
  const format = useFormat()
  const change = now !== null && before ? (now - before) / before : null
  const tone = change === null || better !== 'less' || Math.abs(change) < 0.02 ? 'quiet' : change > 0 ? 'bad' : 'good'
  return (
    <div className="card tile">
      <div className="tile-label">{label}</div>
      <div className="tile-value">{value}</div>
      {change !== null && (
        <div className={`tile-note ${tone}`}>
          {Math.abs(change) < 0.005 ? (
            t('same')
          ) : (
            <>
              <span aria-hidden="true">{change > 0 ? '▲' : '▼'}</span> {t('versus', { change: format.change(change) })}
            </>
          )}
        </div>
      )}
      {note && <div className="tile-note quiet">{note}</div>}
    </div>
  )
}

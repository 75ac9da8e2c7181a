import { useMemo } from 'react'
import type { Call } from '../../../src/contract/api/calls.ts'
import { useFormat } from '../../i18n/format.ts'
import { useText } from '../../i18n/text.ts'
import type { Column } from '../../ui/data-table.tsx'
import { Duration, Money, RelativeTime } from '../../ui/values.tsx'
import { CallStatus } from './status.tsx'
import { CALLS_TEXT } from './text.ts'

const inputOf = (call: Call) =>
  call.usage && call.usage.input + call.usage.cache_read + call.usage.cache_write_5m + call.usage.cache_write_1h

export function useCallColumns(): readonly Column<Call>[] {
  const t = useText(CALLS_TEXT)
  const format = useFormat()
  return useMemo(
    () => [
      { key: 'when', title: t('when'), render: (call) => <RelativeTime at={call.started_at} />, width: 110 },
      { key: 'status', title: 'HTTP', render: (call) => <CallStatus call={call} />, width: 76 },
      {
        key: 'model',
        title: t('model'),
        render: (call) => (
          <div className="clip" style={{ maxWidth: 300 }}>
            <span style={{ fontWeight: 560 }}>{call.model_served ?? call.model_asked ?? '–'}</span>
            {call.model_asked && call.model_served && !call.model_asked.endsWith(call.model_served) && (
              <span className="quiet"> ← {call.model_asked}</span>
            )}
          </div>
        ),
      },
      { key: 'provider', title: t('provider'), render: (call) => call.provider ?? '–', wide: true },
      { key: 'key', title: t('key'), render: (call) => call.key_name ?? '–', wide: true },
      { key: 'team', title: t('team'), render: (call) => call.team ?? '–', extra: true },
      { key: 'application', title: t('application'), render: (call) => call.application ?? '–', extra: true },
      { key: 'end_user', title: t('endUser'), render: (call) => call.end_user ?? '–', extra: true },
      {
        key: 'endpoint',
        title: t('endpoint'),
        render: (call) => <span className="mono">{call.endpoint}</span>,
        extra: true,
      },
      {
        key: 'tokens',
        title: t('tokens'),
        numeric: true,
        wide: true,
        render: (call) =>
          call.usage
            ? `${format.number(inputOf(call))} · ${format.number(call.usage.output + call.usage.reasoning)}`
            : '–',
      },
      {
        key: 'cost',
        title: t('cost'),
        numeric: true,
        wide: true,
        render: (call) => (call.usage ? <Money micros={call.cost_micros} /> : '–'),
      },
      {
        key: 'first',
        title: t('firstByte'),
        numeric: true,
        wide: true,
        render: (call) => <Duration ms={call.first_byte_ms} />,
      },
      { key: 'duration', title: t('duration'), numeric: true, render: (call) => <Duration ms={call.total_ms} /> },
      {
        key: 'overhead',
        title: t('overhead'),
        numeric: true,
        extra: true,
        render: (call) => <Duration ms={call.overhead_ms} />,
      },
      {
        key: 'attempts',
        title: t('attempts'),
        numeric: true,
        extra: true,
        render: (call) => format.number(call.attempts.length),
      },
      { key: 'stream', title: t('stream'), extra: true, render: (call) => t(call.stream ? 'streamed' : 'plain') },
      { key: 'cache', title: t('cache'), extra: true, render: (call) => call.cache ?? '–' },
    ],
    [t, format],
  )
}

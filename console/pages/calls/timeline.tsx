import type { CallDetail } from '../../../src/contract/api/calls.ts'
import { useFormat } from '../../i18n/format.ts'
import { useText } from '../../i18n/text.ts'
import { Icon } from '../../ui/icons.tsx'
import { ticks } from '../../ui/chart/scale.ts'
import { CALLS_TEXT } from './text.ts'

const STYLE = { gateway: 6, attempt: 1, 'first-byte': 3, stream: 2 } as const

/** Where the time of a call went: a bar for each part, with its words and numbers beside it. */
export function CallTimeline({ call }: { call: CallDetail }) {
  const t = useText(CALLS_TEXT)
  const format = useFormat()
  const total = Math.max(1, call.total_ms, ...call.timeline.map((span) => span.start_ms + span.duration_ms))
  const marks = ticks(total, 4).filter((mark) => mark <= total)
  return (
    <div className="timeline" role="list" aria-label={`${t('timeline')}, ${t('timelineHint')}`}>
      {call.timeline.map((span, index) => (
        <div key={index} role="listitem" className="timeline-row">
          <div className="timeline-label">
            {span.failed && (
              <span className="bad" style={{ display: 'inline-flex', verticalAlign: -2 }}>
                <Icon name="cross" size={13} />
              </span>
            )}{' '}
            {t(`span_${span.kind}`)}
            {span.kind === 'attempt' && <span className="quiet"> {span.label}</span>}
          </div>
          <div className="timeline-track">
            <div
              className={`timeline-bar ${span.failed ? 'failed' : ''}`}
              style={{
                left: `${(span.start_ms / total) * 100}%`,
                width: `max(3px, ${(span.duration_ms / total) * 100}%)`,
                background: span.failed ? undefined : `var(--portreeve-series-${STYLE[span.kind]})`,
              }}
            />
          </div>
          <div className="timeline-time">{format.duration(span.duration_ms)}</div>
        </div>
      ))}
      <div className="timeline-row" aria-hidden="true">
        <div />
        <div className="timeline-track axis">
          {marks.map((mark) => (
            <span key={mark} style={{ left: `${(mark / total) * 100}%` }}>
              {format.duration(mark)}
            </span>
          ))}
        </div>
        <div />
      </div>
    </div>
  )
}

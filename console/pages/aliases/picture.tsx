import { useElementSize } from '@mantine/hooks'
import type { Alias } from '../../../src/contract/alias.ts'
import { useFormat } from '../../i18n/format.ts'
import { useText } from '../../i18n/text.ts'
import { StatusBadge } from '../../ui/status.tsx'
import { type Lane, lanesOf } from './shares.ts'
import { ALIASES_TEXT } from './text.ts'

const ROW = 74

/**
 * Where an alias sends its calls and why: thick lines carry much, dashed lines wait for a failure or carry copies. Every line is
 * also said in words beside its target.
 */
export function RoutePicture({
  alias,
  states,
  real,
}: {
  alias: Alias
  /** State of each provider by its id. */
  states: ReadonlyMap<string, string>
  /** Calls of the last day by `provider/model`. */
  real: ReadonlyMap<string, number>
}) {
  const t = useText(ALIASES_TEXT)
  const format = useFormat()
  const { ref, width } = useElementSize()
  const lanes = lanesOf(alias)
  const height = lanes.length * ROW
  const narrow = width > 0 && width < 560
  const gap = narrow ? 30 : Math.max(60, width * 0.22)
  const said = (lane: Lane): string => {
    if (lane.role === 'canary') return t('canaryShare', { share: format.percent(lane.share) })
    if (lane.role === 'mirror') return t('mirrored', { share: format.percent(lane.share) })
    if (lane.role === 'fallback') return t('ifAllFail')
    if (lane.share === 0 && lane.priority > 0) return t('afterwards', { n: lane.priority })
    return lane.share === null ? t(alias.strategy) : t('planned', { share: format.percent(lane.share) })
  }
  return (
    <div
      ref={ref}
      className={narrow ? 'route-picture narrow' : 'route-picture'}
      style={{ gridTemplateColumns: `${narrow ? '84px' : 'minmax(90px, 180px)'} ${gap}px 1fr` }}
    >
      <div className="route-from">
        <span className="quiet">{t('callers')}</span>
        <strong>{alias.name}</strong>
      </div>
      <svg width={gap} height={height} aria-hidden="true">
        {lanes.map((lane, index) => {
          const y = index * ROW + ROW / 2
          const thick =
            lane.role === 'target' || lane.role === 'canary'
              ? Math.max(1.5, (lane.share ?? 1 / lanes.length) * 14)
              : 1.5
          const waiting = lane.role === 'fallback' || lane.role === 'mirror' || lane.share === 0
          return (
            <path
              key={index}
              d={`M0 ${height / 2}C${gap * 0.5} ${height / 2} ${gap * 0.5} ${y} ${gap} ${y}`}
              fill="none"
              stroke={`var(--portreeve-series-${lane.role === 'canary' ? 2 : lane.role === 'mirror' ? 3 : waiting ? 6 : 1})`}
              strokeWidth={thick}
              strokeDasharray={waiting ? '5 5' : undefined}
              opacity={0.75}
            />
          )
        })}
      </svg>
      <ol className="route-lanes">
        {lanes.map((lane, index) => {
          const state = states.get(lane.provider)
          const calls = real.get(`${lane.provider}/${lane.model}`)
          return (
            <li key={index} style={{ height: ROW - 12, margin: '6px 0' }} className="card">
              <div style={{ minWidth: 0, flex: 1 }}>
                <div className="clip" style={{ fontWeight: 600 }}>
                  <span className="quiet">{lane.provider}/</span>
                  {lane.model}
                </div>
                <div className="quiet clip" style={{ fontSize: 12 }}>
                  {said(lane)}
                  {lane.when && ` · ${t('when', { tests: lane.when })}`}
                </div>
              </div>
              <div style={{ textAlign: 'right', fontSize: 12 }}>
                {state === undefined ? (
                  <StatusBadge tone="warn" label={t('unknownProvider')} />
                ) : state === 'failing' ? (
                  <StatusBadge tone="bad" label={t('failing')} />
                ) : null}
                {calls !== undefined && <div className="quiet">{t('real', { count: calls })}</div>}
              </div>
            </li>
          )
        })}
      </ol>
    </div>
  )
}

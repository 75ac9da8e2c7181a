import { Tooltip } from '@mantine/core'
import { COMMON } from '../i18n/common.ts'
import { useFormat } from '../i18n/format.ts'
import { useText } from '../i18n/text.ts'
import { useNow } from './clock.ts'

/** Micro-dollars; null is an unknown price, which is never shown as nothing. */
export function Money({ micros, price = false }: { micros: number | null | undefined; price?: boolean }) {
  const format = useFormat()
  const t = useText(COMMON)
  if (micros == null)
    return (
      <Tooltip label={t('unknownPrice')}>
        <span className="quiet" tabIndex={-1}>
          {t('unknown')}
        </span>
      </Tooltip>
    )
  return <span>{price ? format.price(micros) : format.money(micros)}</span>
}

/** What is known of a sum; calls without a price are said beside it, never counted as nothing. */
export function KnownMoney({ micros, unpriced }: { micros: number; unpriced: number }) {
  const t = useText(COMMON)
  const format = useFormat()
  if (unpriced === 0 || micros === 0) return <Money micros={unpriced > 0 ? null : micros} />
  return (
    <Tooltip label={t('unpricedCalls', { count: unpriced })}>
      <span tabIndex={-1}>≥ {format.money(micros)}</span>
    </Tooltip>
  )
}

export function Duration({ ms }: { ms: number | null | undefined }) {
  return <span>{useFormat().duration(ms)}</span>
}

/** "3 min ago", with the full time when asked. Takes milliseconds or RFC 3339. */
export function RelativeTime({ at }: { at: number | string | null | undefined }) {
  const format = useFormat()
  const now = useNow()
  if (at == null) return <span className="quiet">–</span>
  const time = typeof at === 'string' ? Date.parse(at) : at
  return (
    <Tooltip label={format.absolute(time)}>
      <time dateTime={new Date(time).toISOString()} style={{ whiteSpace: 'nowrap' }}>
        {format.relative(time, now)}
      </time>
    </Tooltip>
  )
}

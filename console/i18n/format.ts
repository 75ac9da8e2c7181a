import { useMemo } from 'react'
import { type Language, useLanguage } from './text.ts'

const MINUTE = 60_000

/** Numbers, money and times as the reader writes them. Money is integer micro-dollars; null is unknown and shown as a dash. */
export function formatters(language: Language) {
  const number = new Intl.NumberFormat(language)
  const compact = new Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: 1 })
  const percent = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1 })
  const change = new Intl.NumberFormat(language, {
    style: 'percent',
    maximumFractionDigits: 0,
    signDisplay: 'exceptZero',
  })
  const unit = (name: string, digits: number) => {
    const written = new Intl.NumberFormat(language, {
      style: 'unit',
      unit: name,
      unitDisplay: 'short',
      maximumFractionDigits: digits,
    })
    // The unit's own sign: English locale data says "sec".
    return {
      format: (value: number) =>
        written
          .format(value)
          .replace(/ secs?$/, ' s')
          .replace(/ bytes?$/, ' B'),
    }
  }
  const milliseconds = unit('millisecond', 0)
  const fewMilliseconds = unit('millisecond', 1)
  const seconds = unit('second', 2)
  const minutes = unit('minute', 1)
  const money = (digits: number, least: number) =>
    new Intl.NumberFormat(language, {
      style: 'currency',
      currency: 'USD',
      currencyDisplay: 'narrowSymbol',
      minimumFractionDigits: least,
      maximumFractionDigits: digits,
    })
  const [cents, mills, micros] = [money(2, 2), money(4, 4), money(6, 6)]
  const price = money(6, 2)
  const compactMoney = new Intl.NumberFormat(language, {
    style: 'currency',
    currency: 'USD',
    currencyDisplay: 'narrowSymbol',
    notation: 'compact',
    maximumFractionDigits: 1,
  })
  const absolute = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' })
  const day = new Intl.DateTimeFormat(language, { month: 'short', day: 'numeric' })
  const date = new Intl.DateTimeFormat(language, { dateStyle: 'medium' })
  const time = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  const clock = new Intl.DateTimeFormat(language, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  })
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' })
  const sizes = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const
  return {
    number: (value: number | null | undefined) => (value == null ? '–' : number.format(value)),
    compact: (value: number | null | undefined) =>
      value == null ? '–' : Math.abs(value) < 10_000 ? number.format(value) : compact.format(value),
    percent: (share: number | null | undefined) =>
      share == null || !Number.isFinite(share) ? '–' : percent.format(share),
    change: (share: number) => change.format(share),
    duration: (ms: number | null | undefined) => {
      if (ms == null) return '–'
      if (ms < 10) return fewMilliseconds.format(ms)
      if (ms < 1000) return milliseconds.format(ms)
      return ms < 2 * MINUTE ? seconds.format(ms / 1000) : minutes.format(ms / MINUTE)
    },
    money: (value: number | null | undefined) => {
      if (value == null) return '–'
      const dollars = value / 1e6
      if (dollars === 0 || Math.abs(dollars) >= 10) return cents.format(dollars)
      return (Math.abs(dollars) >= 0.01 ? mills : micros).format(dollars)
    },
    /** A price: as many digits as it has. */
    price: (value: number) => price.format(value / 1e6),
    compactMoney: (value: number) =>
      Math.abs(value) < 10_000e6 ? cents.format(value / 1e6) : compactMoney.format(value / 1e6),
    bytes: (value: number | null | undefined) => {
      if (value == null) return '–'
      const step = Math.min(4, value < 1 ? 0 : Math.floor(Math.log10(value) / 3))
      return unit(sizes[step] ?? 'byte', step ? 1 : 0).format(value / 1000 ** step)
    },
    absolute: (at: number) => absolute.format(at),
    day: (at: number) => day.format(at),
    date: (at: number) => date.format(at),
    time: (at: number) => time.format(at),
    clock: (at: number) => clock.format(at),
    relative: (at: number, now: number) => {
      const ms = at - now
      const size = Math.abs(ms)
      if (size < 45_000) return relative.format(Math.round(ms / 1000), 'second')
      if (size < 45 * MINUTE) return relative.format(Math.round(ms / MINUTE), 'minute')
      if (size < 22 * 60 * MINUTE) return relative.format(Math.round(ms / (60 * MINUTE)), 'hour')
      return relative.format(Math.round(ms / (24 * 60 * MINUTE)), 'day')
    },
  }
}

export type Format = ReturnType<typeof formatters>

const cache = new Map<Language, Format>()

export function useFormat(): Format {
  const language = useLanguage()
  return useMemo(() => {
    const known = cache.get(language) ?? formatters(language)
    cache.set(language, known)
    return known
  }, [language])
}

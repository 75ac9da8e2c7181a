const ISO =
  /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[Tt](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?)?)?)?(Z|z|[+-]\d{2}(?::?\d{2})?)?$/

/**
 * Milliseconds since 1970 of an IAM date: one of the W3C profiles of ISO 8601 (year, month, day, minutes, seconds, fractions) or whole
 * seconds since 1970, as IAM accepts both. A date without offset is UTC. Four digits alone are a year.
 */
export function parseInstant(text: string): number | undefined {
  const iso = ISO.exec(text)
  if (iso) {
    const [, year, month = '01', day = '01', hour = '00', minute = '00', second = '00', fraction = '0', offset] = iso
    const millis = Math.trunc(Number(`0.${fraction}`) * 1000)
    const date = new Date(0)
    date.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
    date.setUTCHours(Number(hour), Number(minute), Number(second), millis)
    if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day) + (Number(hour) === 24 ? 1 : 0)) {
      return undefined
    }
    return date.getTime() - offsetMillis(offset)
  }
  return /^-?\d{1,13}$/.test(text) ? Number(text) * 1000 : undefined
}

function offsetMillis(offset: string | undefined): number {
  const parts = /^([+-])(\d{2}):?(\d{2})?$/.exec(offset ?? '')
  if (!parts) return 0
  return (parts[1] === '-' ? -1 : 1) * (Number(parts[2]) * 60 + Number(parts[3] ?? '0')) * 60_000
}

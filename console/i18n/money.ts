/** "2.50" in micro-dollars; null when it is no amount. */
export function microsOf(text: string): number | null {
  const match = /^\s*\$?(\d{1,9})(?:[.,](\d{0,6}))?\s*$/.exec(text)
  return match ? Number(match[1]) * 1_000_000 + Number((match[2] ?? '').padEnd(6, '0')) : null
}

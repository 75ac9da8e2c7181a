/** An IP address as a number with its width in bits. */
type Address = { readonly bits: 32 | 128; readonly value: bigint }

/** Reads an IPv4 or IPv6 address, zero-compressed and with an embedded IPv4 tail too; undefined when it is none. */
export function parseAddress(text: string): Address | undefined {
  const v4 = parseV4(text)
  if (v4 !== undefined) return { bits: 32, value: v4 }
  const v6 = parseV6(text)
  return v6 === undefined ? undefined : { bits: 128, value: v6 }
}

function parseV4(text: string): bigint | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  let value = 0n
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return undefined
    value = (value << 8n) | BigInt(part)
  }
  return value
}

function parseV6(text: string): bigint | undefined {
  if (!text.includes(':')) return undefined
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = groups(halves[0] ?? '')
  const tail = halves.length === 2 ? groups(halves[1] ?? '') : []
  if (!head || !tail) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const all = [...head, ...Array.from({ length: missing }, () => 0), ...tail]
  return all.reduce((value, group) => (value << 16n) | BigInt(group), 0n)
}

function groups(text: string): number[] | undefined {
  if (text === '') return []
  const result: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    const v4 = index === parts.length - 1 && part.includes('.') ? parseV4(part) : undefined
    if (v4 !== undefined) result.push(Number(v4 >> 16n), Number(v4 & 0xffffn))
    else if (/^[0-9a-fA-F]{1,4}$/.test(part)) result.push(Number.parseInt(part, 16))
    else return undefined
  }
  return result
}

export type Range = { readonly bits: 32 | 128; readonly shift: bigint; readonly prefix: bigint }

/** Reads `address/length` or a lone address; undefined when it is neither. */
export function parseRange(text: string): Range | undefined {
  const [base = '', length, ...more] = text.split('/')
  const address = parseAddress(base)
  if (!address || more.length > 0) return undefined
  if (length !== undefined && (!/^\d{1,3}$/.test(length) || Number(length) > address.bits)) return undefined
  const shift = BigInt(address.bits - (length === undefined ? address.bits : Number(length)))
  return { bits: address.bits, shift, prefix: address.value >> shift }
}

export function inRange(range: Range, text: string): boolean {
  const address = parseAddress(text)
  return address !== undefined && address.bits === range.bits && address.value >> range.shift === range.prefix
}

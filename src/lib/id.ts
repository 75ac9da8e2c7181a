/** A new id: typed prefix and a UUIDv7 in hexadecimal, so that ids sort by the time they were made. */
export function newId(prefix: 'call' | 'key' | 'usr' | 'ses' | 'prv' | 'als' | 'lim' | 'bud' | 'aud'): string {
  return `${prefix}_${Bun.randomUUIDv7().replaceAll('-', '')}`
}

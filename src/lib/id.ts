type Prefix = 'call' | 'key' | 'usr' | 'ses' | 'prv' | 'als' | 'lim' | 'bud' | 'aud' | 'tok' | 'err'

/** Tells this process's ids apart from any other's. */
const PROCESS = Buffer.from(crypto.getRandomValues(new Uint8Array(6))).toString('hex')
let lastNow = 0
let stem = ''
let counter = Math.floor(Math.random() * 0x10000)
/** What an id ends in, by the counter's last two digits: one text for each id costs enough. */
const ENDS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0') + PROCESS)

/**
 * A new id: typed prefix, milliseconds, a counter and 48 random bits of the process, in hexadecimal. Ids sort by the time they were made.
 * They are names, not secrets.
 */
export function newId(prefix: Prefix): string {
  counter = (counter + 1) % 0x1000000
  const now = Date.now()
  const low = counter & 255
  if (now !== lastNow || low === 0) {
    lastNow = now
    stem = `_${now.toString(16).padStart(12, '0')}${((counter >>> 8) + 0x10000).toString(16).slice(1)}`
  }
  return `${prefix}${stem}${ENDS[low]}`
}

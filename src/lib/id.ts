type Prefix = 'call' | 'key' | 'usr' | 'ses' | 'prv' | 'als' | 'lim' | 'bud' | 'aud' | 'tok' | 'err'

/** Tells this process's ids apart from any other's. */
const PROCESS = Buffer.from(crypto.getRandomValues(new Uint8Array(6))).toString('hex')
let lastNow = 0
let lastTime = ''
let counter = Math.floor(Math.random() * 0x10000)
/** The digits of the counter but its last two, and what these are made of: one text for each id costs enough. */
let high = ''
const LOW = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/**
 * A new id: typed prefix, milliseconds, a counter and 48 random bits of the process, in hexadecimal. Ids sort by the time they were made.
 * They are names, not secrets.
 */
export function newId(prefix: Prefix): string {
  counter = (counter + 1) % 0x1000000
  const now = Date.now()
  if (now !== lastNow) {
    lastNow = now
    lastTime = now.toString(16).padStart(12, '0')
  }
  const low = counter & 255
  if (low === 0 || high === '') high = ((counter >>> 8) + 0x10000).toString(16).slice(1)
  return `${prefix}_${lastTime}${high}${LOW[low]}${PROCESS}`
}

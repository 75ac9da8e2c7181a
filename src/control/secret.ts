import { createHash, randomBytes } from 'node:crypto'

/** Hex SHA-256: all that is stored of a secret that callers present. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

/**
 * A new secret: a prefix that says what it is, 256 random bits as 43 characters of base64url, and their CRC-32 as 6 more, so that a
 * scanner of leaked secrets can tell a real one from text that looks alike.
 */
export function createSecret(prefix: 'prk_live_' | 'pra_' | 'prs_' | 'pri_'): string {
  const random = randomBytes(32).toString('base64url')
  return `${prefix}${random}${checksum(random)}`
}

/** Whether a text has the form of a secret of ours, its checksum included. */
export function isSecretOfOurs(text: string): boolean {
  const match = /^pr(?:k_live|a|s|i)_([\w-]{43})([\w-]{6})$/.exec(text)
  return match !== null && checksum(match[1] ?? '') === match[2]
}

/** What people may see of a secret: its prefix and last four characters, where enough others stay unknown. */
export function hintOf(secret: string): string {
  const prefix = /^pr(?:k_live|a)_/.exec(secret)?.[0] ?? ''
  return `${prefix}…${secret.length - prefix.length >= 20 ? secret.slice(-4) : ''}`
}

/** The last four characters of a vendor's key, where enough others stay unknown; null otherwise. */
export function lastFour(secret: string): string | null {
  return secret.length >= 20 ? secret.slice(-4) : null
}

function checksum(text: string): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(Bun.hash.crc32(text))
  return bytes.toString('base64url')
}

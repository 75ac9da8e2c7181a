import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AppError } from '../errors.ts'

/** Seals values for the database and the data folder. `place` is part of the seal: what was sealed for one place opens at no other. */
export type Sealer = {
  readonly seal: (value: string, place: string) => string
  /** Throws `invalid_configuration` when the key is another one, or the value was tampered with. */
  readonly open: (sealed: string, place: string) => string
}

const KEY_FILE = 'sealing.key'

/**
 * The sealer of `ENCRYPTION_KEY` (comma-separated: the first seals, every one opens, so that keys can be rotated), or of the key file
 * in the data folder, which is made when there is none. Values are sealed with AES-256-GCM.
 */
export function openSealer(dataFolder: string, encryptionKey: string | null): Sealer {
  const keys = (encryptionKey === null ? [keyFile(dataFolder)] : encryptionKey.split(',')).map((text) =>
    keyFrom(text.trim()),
  )
  const [first] = keys
  if (!first) throw new AppError('invalid_configuration', 'ENCRYPTION_KEY is empty.', { field: 'ENCRYPTION_KEY' })
  return {
    seal(value, place) {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', first.bytes, nonce).setAAD(Buffer.from(place))
      const sealed = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()])
      return ['v1', first.id, Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')].join('.')
    },
    open(sealed, place) {
      const [version, id, text = ''] = sealed.split('.')
      const key = keys.find((candidate) => candidate.id === id)
      if (version !== 'v1' || !key) throw cannotOpen(place, 'it was sealed with another key')
      const bytes = Buffer.from(text, 'base64url')
      try {
        const decipher = createDecipheriv('aes-256-gcm', key.bytes, bytes.subarray(0, 12))
          .setAAD(Buffer.from(place))
          .setAuthTag(bytes.subarray(12, 28))
        return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8')
      } catch {
        throw cannotOpen(place, 'it was changed since')
      }
    },
  }
}

function cannotOpen(place: string, why: string): AppError {
  return new AppError(
    'invalid_configuration',
    `What is sealed for ${place} cannot be opened: ${why}. Give ENCRYPTION_KEY, or the data folder's ${KEY_FILE}, as it was; or enter the secret again.`,
  )
}

function keyFrom(text: string): { id: string; bytes: Buffer } {
  if (text.length < 32) {
    throw new AppError(
      'invalid_configuration',
      'ENCRYPTION_KEY is too short: use at least 32 random characters, as "openssl rand -base64 32" prints.',
      { field: 'ENCRYPTION_KEY' },
    )
  }
  const bytes = createHash('sha256').update('portreeve sealing 1\0').update(text).digest()
  return { id: createHash('sha256').update(bytes).digest('hex').slice(0, 8), bytes }
}

function keyFile(dataFolder: string): string {
  const path = join(dataFolder, KEY_FILE)
  if (!existsSync(path)) writeFileSync(path, randomBytes(32).toString('base64url'), { mode: 0o600, flag: 'wx' })
  chmodSync(path, 0o600)
  return readFileSync(path, 'utf8').trim()
}

import { describe, expect, test } from 'bun:test'
import { mkdtempSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSealer } from './sealing.ts'
import { createSecret, hashSecret, hintOf, isSecretOfOurs, lastFour } from './secret.ts'

describe('secrets', () => {
  test('have a prefix, 256 bits and a checksum', () => {
    const secret = createSecret('prk_live_')
    expect(secret).toMatch(/^prk_live_[\w-]{49}$/)
    expect(isSecretOfOurs(secret)).toBe(true)
    const flipped = secret.slice(0, 20) + (secret[20] === 'a' ? 'b' : 'a') + secret.slice(21)
    expect(isSecretOfOurs(flipped)).toBe(false)
    expect(createSecret('prk_live_')).not.toBe(secret)
  })
  test('are stored by a hash that the gateway can compute again', () => {
    expect(hashSecret('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  })
  test.each([
    ['prk_live_0123456789012345678901234567wxyz', 'prk_live_…wxyz'],
    ['my-own-long-secret-of-a-file', '…file'],
    ['short', '…'],
  ])('%s is shown as %s', (secret, hint) => expect(hintOf(secret)).toBe(hint))
  test.each([
    ['sk-ant-0123456789abcdef', 'cdef'],
    ['sk-short', null],
  ])('%s ends in %p', (secret, end) => expect(lastFour(secret)).toBe(end))
})

describe('sealing', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sealing-'))
  const long = (letter: string) => letter.repeat(40)
  test('opens what it sealed, only at its place, and hides it', () => {
    const sealer = openSealer(folder, null)
    const sealed = sealer.seal('sk-canary', 'provider openai')
    expect(sealed).not.toContain('canary')
    expect(sealer.seal('sk-canary', 'provider openai')).not.toBe(sealed)
    expect(openSealer(folder, null).open(sealed, 'provider openai')).toBe('sk-canary')
    expect(() => sealer.open(sealed, 'provider other')).toThrow('cannot be opened')
    expect(() => sealer.open(`${sealed.slice(0, -2)}AA`, 'provider openai')).toThrow('it was changed since')
    expect((statSync(join(folder, 'sealing.key')).mode & 0o777).toString(8)).toBe('600')
  })
  test('keys rotate: the first seals, each opens', () => {
    const old = openSealer(folder, long('a')).seal('x', 'p')
    const both = openSealer(folder, `${long('b')},${long('a')}`)
    expect(both.open(old, 'p')).toBe('x')
    expect(openSealer(folder, long('b')).open(both.seal('y', 'p'), 'p')).toBe('y')
    expect(() => openSealer(folder, long('b')).open(old, 'p')).toThrow('sealed with another key')
  })
  test('short keys are refused', () => expect(() => openSealer(folder, 'hunter2')).toThrow('at least 32'))
})

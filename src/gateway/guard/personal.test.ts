import { describe, expect, test } from 'bun:test'
import { PersonalData } from '../../contract/guard.ts'
import { findAll } from './matcher.ts'
import { personalMatchers } from './personal.ts'

const ALL = personalMatchers(PersonalData.options)

/** What is found, as `label:text`. */
const found = (text: string) => findAll(ALL, text).map(({ label, start, end }) => `${label}:${text.slice(start, end)}`)

describe('personal data', () => {
  test.each([
    ['write to jane.doe+x@mail.example.co.uk.', ['email:jane.doe+x@mail.example.co.uk']],
    ['a@b is none, nor is @name', []],
    ['call +49 (30) 1234-5678 now', ['phone:+49 (30) 1234-5678']],
    ['call +14155552671', ['phone:+14155552671']],
    ['(415) 555-2671 or 415-555-2671', ['phone:(415) 555-2671', 'phone:415-555-2671']],
    ['06 12 34 56 78', ['phone:06 12 34 56 78']],
    ['手机13812345678。', ['phone:13812345678']],
    ['on 01-02-2024 at 10.30', []],
    ['order 123456789', []],
    ['4111 1111 1111 1111', ['card:4111 1111 1111 1111']],
    ['4111-1111-1111-1111 12/29', ['card:4111-1111-1111-1111']],
    ['5555555555554444', ['card:5555555555554444']],
    ['378282246310005', ['card:378282246310005']],
    ['4111 1111 1111 1111 2026', ['card:4111 1111 1111 1111']],
    ['4111 1111 1111 1112', []],
    ['id 41111111111111110000000000', []],
    ['GB82 WEST 1234 5698 7654 32', ['iban:GB82 WEST 1234 5698 7654 32']],
    ['DE89370400440532013000, please', ['iban:DE89370400440532013000']],
    ['GB82 WEST 1234 5698 7654 32 THANKS', ['iban:GB82 WEST 1234 5698 7654 32']],
    ['GB82 WEST 1234 5698 7654 33', []],
    ['SSN 536-90-4399', ['national_id:536-90-4399']],
    ['666-12-3456', []],
    ['QQ 12 34 56 C', []],
    ['AB 12 34 56 C', ['national_id:AB 12 34 56 C']],
    ['1 84 12 76 451 089 46', ['national_id:1 84 12 76 451 089 46']],
    ['DNI 12345678Z', ['national_id:12345678Z']],
    ['DNI 12345678A', []],
    ['RSSMRA85T10A562S', ['national_id:RSSMRA85T10A562S']],
    ['529.982.247-25', ['national_id:529.982.247-25']],
    ['529.982.247-26', []],
    ['11010519491231002X', ['national_id:11010519491231002X']],
    ['2341 2341 2346', ['national_id:2341 2341 2346']],
    ['2341 2341 2347', []],
    ['key sk-abcdefghijklmnopqrstuvwx', ['secret:sk-abcdefghijklmnopqrstuvwx']],
    ['AKIAIOSFODNN7EXAMPLE', ['secret:AKIAIOSFODNN7EXAMPLE']],
    ['task-list, disk-usage', []],
    ['host 10.0.0.256 or 10.0.0.25', ['ip:10.0.0.25']],
    ['version 1.2.3', []],
  ])('%s', (text, expected) => expect(found(text)).toEqual(expected))

  test('a private key is covered to its end', () => {
    const key = `-----BEGIN RSA PRIVATE KEY-----\n${'MIIEpAIBAAKCAQEA\n'.repeat(90)}-----END RSA PRIVATE KEY-----`
    expect(found(`see ${key} there`)).toEqual([`secret:${key}`])
  })

  test('stays fast on hostile text', () => {
    const began = performance.now()
    for (const text of [
      '1'.repeat(200_000),
      '1 '.repeat(100_000),
      'a.'.repeat(100_000),
      '+1'.repeat(100_000),
      'GB82 '.repeat(40_000),
    ])
      found(text)
    expect(performance.now() - began).toBeLessThan(8_000)
  })
})

import type { PersonalData } from '../../contract/guard.ts'
import { scannerOf } from '../../lib/linear/scanner.ts'
import {
  passesCodiceFiscale,
  passesCpf,
  passesDni,
  passesIban,
  passesLuhn,
  passesMod11Two,
  passesNir,
  passesVerhoeff,
} from './checksum.ts'
import type { Matcher } from './matcher.ts'

type Span = readonly [start: number, end: number]

const whole = (candidate: string): Span[] => [[0, candidate.length]]
const digitsOf = (text: string) => text.replace(/\D/g, '')
const when = (test: (candidate: string) => boolean) => (candidate: string) => (test(candidate) ? whole(candidate) : [])

/** Card numbers among groups of digits: whole groups that together have 13 to 19 digits, begin as cards do, and pass Luhn. */
function cardsIn(candidate: string): Span[] {
  const groups = [...candidate.matchAll(/\d+/g)].map((match) => ({ at: match.index, text: match[0] }))
  const found: Span[] = []
  for (let first = 0; first < groups.length; first++) {
    let digits = ''
    for (let last = first; last < groups.length && digits.length < 19; last++) {
      digits += groups[last]!.text
      if (digits.length < 13 || digits.length > 19 || !/^[2-6]/.test(digits) || !passesLuhn(digits)) continue
      found.push([groups[first]!.at, groups[last]!.at + groups[last]!.text.length])
      first = last
      break
    }
  }
  return found
}

/** Length of an IBAN by country (SWIFT registry). */
const IBAN_LENGTHS: Readonly<Record<string, number>> = Object.fromEntries(
  'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
)

function ibanIn(candidate: string): Span[] {
  const length = IBAN_LENGTHS[candidate.slice(0, 2).toUpperCase()]
  if (length === undefined) return []
  let letters = ''
  let end = 0
  while (end < candidate.length && letters.length < length) {
    if (candidate[end] !== ' ' && candidate[end] !== '-') letters += candidate[end]
    end++
  }
  const next = candidate[end]
  if (letters.length < length || (next !== undefined && next !== ' ' && next !== '-')) return []
  return passesIban(letters.toUpperCase()) ? [[0, end]] : []
}

const isPhone = (candidate: string) => {
  const { length } = digitsOf(candidate)
  return length >= (candidate.startsWith('+') ? 7 : 9) && length <= 15
}

/** One matcher for each way in which a kind of personal data is written; made when a guard asks for them. */
const MATCHERS: Readonly<Record<PersonalData, () => readonly Omit<Matcher, 'label'>[]>> = {
  email: () => [
    { scanner: scannerOf(['[A-Za-z0-9._%+\\-]+@[A-Za-z0-9\\-]+(\\.[A-Za-z0-9\\-]+)*\\.[A-Za-z]{2,24}'], false) },
  ],
  phone: () => [
    {
      scanner: scannerOf(
        [
          '\\+\\d([ ().\\-]{0,3}\\d){6,14}',
          '\\bTEL?:? ?\\d{7,15}\\b',
          '\\(\\d{2,4}\\) ?\\d{3,4}[ .\\-]\\d{3,4}\\b',
          '\\b\\d{3}[ .\\-]\\d{3}[ .\\-]\\d{4}\\b',
          '\\b00\\d([ .\\-]?\\d){7,13}\\b',
          '\\b0\\d{1,4}[ /.\\-]\\d{2,8}([ .\\-]?\\d{2,4}){0,4}\\b',
          '\\b1[3-9]\\d{9}\\b',
        ],
        true,
      ),
      refine: when(isPhone),
    },
  ],
  card: () => [{ scanner: scannerOf(['\\b\\d([ \\-]?\\d){12,60}\\b'], false), refine: cardsIn }],
  iban: () => [{ scanner: scannerOf(['\\b[A-Z]{2}\\d{2}([ \\-]?[A-Z0-9]){11,60}\\b'], true), refine: ibanIn }],
  national_id: () => [
    {
      scanner: scannerOf(['\\b\\d{3}-\\d{2}-\\d{4}\\b'], false),
      refine: when((id) => !/^(000|666|9)|-00-|-0000$/.test(id)),
    },
    { scanner: scannerOf(['\\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\\d{2} ?\\d{2} ?\\d{2} ?[A-D]\\b'], false) },
    {
      scanner: scannerOf(['\\b[12][ .]?\\d{2}[ .]?\\d{2}[ .]?\\d{2}[ .]?\\d{3}[ .]?\\d{3}[ .]?\\d{2}\\b'], false),
      refine: when((id) => passesNir(digitsOf(id))),
    },
    {
      scanner: scannerOf(['\\b(\\d{8}|[XYZ]-?\\d{7})-?[A-Z]\\b'], false),
      refine: when((id) => passesDni(id.replaceAll('-', ''))),
    },
    {
      scanner: scannerOf(['\\b[A-Z]{6}\\d{2}[A-EHLMPRST]\\d{2}[A-Z]\\d{3}[A-Z]\\b'], true),
      refine: when((id) => passesCodiceFiscale(id.toUpperCase())),
    },
    {
      scanner: scannerOf(['\\b\\d{3}\\.?\\d{3}\\.?\\d{3}-\\d{2}\\b'], false),
      refine: when((id) => passesCpf(digitsOf(id))),
    },
    { scanner: scannerOf(['\\b[1-9]\\d{16}[\\dXx]\\b'], false), refine: when(passesMod11Two) },
    {
      scanner: scannerOf(['\\b[2-9]\\d{3}[ \\-]\\d{4}[ \\-]\\d{4}\\b'], false),
      refine: when((id) => passesVerhoeff(digitsOf(id))),
    },
  ],
  secret: () => [
    {
      scanner: scannerOf(
        [
          '\\b(sk|pk|rk)[-_][A-Za-z0-9_\\-]{20,}',
          '\\b(AKIA|ASIA)[A-Z0-9]{16}\\b',
          '\\bgh[oprsu]_[A-Za-z0-9]{36,}',
          '\\bgithub_pat_[A-Za-z0-9_]{22,}',
          '\\bglpat-[A-Za-z0-9_\\-]{20,}',
          '\\bxox[abeprs]-[A-Za-z0-9\\-]{10,}',
          '\\bAIza[A-Za-z0-9_\\-]{35}',
          '\\bnpm_[A-Za-z0-9]{36}\\b',
          '\\bhf_[A-Za-z0-9]{30,}',
          '\\bprk_[a-z]+_[A-Za-z0-9_\\-]{20,}',
          '\\bwhsec_[A-Za-z0-9+/=]{16,}',
          '\\beyJ[A-Za-z0-9_\\-]{8,}\\.eyJ[A-Za-z0-9_\\-]{8,}\\.[A-Za-z0-9_\\-]{8,}',
          '-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[A-Za-z0-9+/=\\s\\\\]*(-----END [A-Z ]{0,30}PRIVATE KEY-----)?',
        ],
        false,
      ),
    },
  ],
  ip: () => [
    {
      scanner: scannerOf(['\\b\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\b'], false),
      refine: when((ip) => ip.split('.').every((part) => Number(part) <= 255)),
    },
  ],
}

/** Matchers for the named kinds; longer and surer kinds come first. */
export function personalMatchers(kinds: readonly PersonalData[]): Matcher[] {
  return kinds.flatMap((kind) => MATCHERS[kind]().map((matcher) => ({ label: kind, ...matcher })))
}

import type { Configuration } from '../contract/configuration.ts'
import type { Finding } from './finding.ts'
import { HIDDEN } from './hidden.ts'
import { type ReferenceScope, resolveReference } from './reference.ts'

/** The most characters that a call may carry as its key. */
const LONGEST = 512

/** What a program can try out in no time is a password, not a key. */
const SHORTEST_SAFE = 16

/** What is wrong with the secrets of API keys, and what is only unwise. Neither shows a secret. */
export function judgeKeySecrets(
  { keys }: Configuration,
  scope: ReferenceScope,
  at: (path: readonly (string | number)[], message: string) => Finding,
): { readonly wrong: readonly Finding[]; readonly unwise: readonly Finding[] } {
  const wrong: Finding[] = []
  const unwise: Finding[] = []
  const holders = new Map<string, string>()
  for (const [index, { name, secret }] of keys.entries()) {
    const path = ['keys', index, 'secret']
    const resolved = resolveReference(secret, scope)
    // What cannot be found has been told, and what is hidden is known to nobody here.
    if ('missing' in resolved || resolved.value === HIDDEN) continue
    const { value } = resolved
    const holder = holders.get(value)
    if (holder !== undefined) wrong.push(at(path, `is the secret of "${holder}" too; each key needs its own`))
    else if (value.length > LONGEST) wrong.push(at(path, `has more than ${LONGEST} characters; no call can carry it`))
    else if (!/^[\x21-\x7e]+$/.test(value))
      wrong.push(at(path, 'holds a blank or a character beyond ASCII; no call can carry it'))
    else if (value.length < SHORTEST_SAFE)
      unwise.push(
        at(
          path,
          `has fewer than ${SHORTEST_SAFE} characters and can be guessed; "openssl rand -hex 32" prints a safe one`,
        ),
      )
    holders.set(value, name)
  }
  return { wrong, unwise }
}

/**
 * Patterns of the policy language: `*` is any run of characters, `?` any one. A compiled pattern is a list of character codes in
 * which the two wildcards are negative, so that text which came out of a variable can never act as a wildcard.
 */
export type Glob = readonly number[]

export const STAR = -1
export const ANY = -2

export function compileGlob(text: string): Glob {
  const codes: number[] = []
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code === 0x2a) {
      if (codes.at(-1) !== STAR) codes.push(STAR)
    } else codes.push(code === 0x3f ? ANY : code)
  }
  return codes
}

/** Whether the value is in the pattern's language. Two pointers with one point of return: never worse than length × length. */
export function globMatches(glob: Glob, value: string): boolean {
  let at = 0
  let from = 0
  let star = -1
  let resume = 0
  while (from < value.length) {
    const want = glob[at]
    if (want === STAR) {
      star = at
      at += 1
      resume = from
    } else if (want === ANY || want === value.charCodeAt(from)) {
      at += 1
      from += 1
    } else if (star >= 0) {
      at = star + 1
      resume += 1
      from = resume
    } else return false
  }
  while (glob[at] === STAR) at += 1
  return at === glob.length
}

/**
 * Whether every text that `inner` matches is matched by `outer` too. A yes is certain; a no can be wrong for patterns in which
 * wildcards stand side by side in unusual order, so callers must treat no as "not proven".
 */
export function globCovers(outer: string, inner: string): boolean {
  const want = compileGlob(outer)
  const have = compileGlob(inner)
  let at = 0
  let from = 0
  let star = -1
  let resume = 0
  while (from < have.length) {
    const w = want[at]
    const h = have[from]
    if (w === STAR) {
      star = at
      at += 1
      resume = from
    } else if (h !== STAR && (w === ANY || w === h)) {
      at += 1
      from += 1
    } else if (star >= 0) {
      at = star + 1
      resume += 1
      from = resume
    } else return false
  }
  while (want[at] === STAR) at += 1
  return at === want.length
}

/** Whether some text matches both patterns. Exact; length × length. */
export function globsMeet(one: string, other: string): boolean {
  const a = compileGlob(one)
  const b = compileGlob(other)
  // row[j] answers for the rest of `a` from the current index against the rest of `b` from j.
  let row = b.map((_, index) => b.slice(index).every((code) => code === STAR))
  row.push(true)
  for (let i = a.length - 1; i >= 0; i -= 1) {
    const next: boolean[] = Array.from({ length: b.length + 1 }, () => false)
    next[b.length] = a[i] === STAR && row[b.length] === true
    for (let j = b.length - 1; j >= 0; j -= 1) {
      if (a[i] === STAR) next[j] = row[j] === true || next[j + 1] === true
      else if (b[j] === STAR) next[j] = next[j + 1] === true || row[j] === true
      else next[j] = (a[i] === b[j] || a[i] === ANY || b[j] === ANY) && row[j + 1] === true
    }
    row = next
  }
  return row[0] === true
}

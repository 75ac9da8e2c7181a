/**
 * Whether two patterns can mean the same text: `*` and `?` as in policies, and `⟨…⟩` for a part that is not known, which can be anything.
 * Used to tell "denied" from "depends on something unknown".
 */
export function couldMatch(one: string, other: string): boolean {
  const left = symbolsOf(one)
  const right = symbolsOf(other)
  // reachable[j]: the first i symbols of `left` and the first j of `right` can mean the same text.
  let reachable = right.map(() => false)
  reachable = [true, ...reachable]
  for (let j = 1; j <= right.length; j += 1) reachable[j] = reachable[j - 1] === true && right[j - 1] === ANY
  for (const symbol of left) {
    const next: boolean[] = [reachable[0] === true && symbol === ANY]
    for (let j = 1; j <= right.length; j += 1) {
      const against = right[j - 1]
      const stays = (symbol === ANY || against === ANY) && (reachable[j] === true || next[j - 1] === true)
      next[j] = stays || (reachable[j - 1] === true && (symbol === against || symbol === ONE || against === ONE))
    }
    reachable = next
  }
  return reachable[right.length] === true
}

const ANY = '*'
const ONE = '?'

function symbolsOf(text: string): readonly string[] {
  return text.replace(/⟨[^⟩]*⟩/g, ANY).split('')
}

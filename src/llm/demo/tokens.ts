/**
 * Splits a text into pieces of about the size that models bill (a short word with its leading space, or four characters of a long one).
 * Joining the pieces gives the text back exactly; no piece cuts a character.
 */
export function pieces(text: string): string[] {
  const found: string[] = []
  for (const [word] of text.matchAll(/\s*\S+|\s+/gu)) {
    const letters = Array.from(word)
    if (letters.length <= 8) found.push(word)
    else for (let at = 0; at < letters.length; at += 5) found.push(letters.slice(at, at + 5).join(''))
  }
  return found
}

export function countTokens(text: string): number {
  return pieces(text).length
}

/** FNV-1a, 32 bits: the demo's only source of variety, so that the same prompt always gives the same answer. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}

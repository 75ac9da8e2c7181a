import { ANY, compileGlob, type Glob, globMatches, STAR } from './glob.ts'

/** The request's context with keys in lower case, as IAM compares them. A key without any value is not in it. */
export type RequestContext = ReadonlyMap<string, string | readonly string[]>

/** Matches one text of a policy (a resource, a condition value) against one text of the request. */
export type Matcher = (value: string, context: () => RequestContext) => boolean

export function contextOf(raw: Readonly<Record<string, string | readonly string[]>>): RequestContext {
  const context = new Map<string, string | readonly string[]>()
  for (const key in raw) {
    if (!Object.hasOwn(raw, key)) continue
    const value = raw[key]
    if (value !== undefined && (typeof value === 'string' || value.length > 0)) context.set(key.toLowerCase(), value)
  }
  return context
}

/** What a variable may stand for: the value of a key that has a single one. */
export function singleValue(context: RequestContext, lowerKey: string): string | undefined {
  const value = context.get(lowerKey)
  return typeof value === 'string' ? value : undefined
}

type Piece = { readonly text: string } | { readonly key: string; readonly fallback: string | undefined }

const VARIABLE = /\$\{([^}]*)\}/g

/**
 * Splits `${…}`: `${*}`, `${?}` and `${$}` are the characters themselves, the rest are context keys with an optional quoted default.
 * The pieces of a text without variables are the text alone.
 */
export function piecesOf(text: string): readonly Piece[] {
  const pieces: Piece[] = []
  let from = 0
  for (const match of text.matchAll(VARIABLE)) {
    if (match.index > from) pieces.push({ text: text.slice(from, match.index) })
    from = match.index + match[0].length
    const inside = (match[1] ?? '').trim()
    const quoted = /^([^,]+),\s*'([^']*)'$/.exec(inside)
    // An escape keeps its dollar form: the compiler below must not take it for a wildcard.
    if (inside === '*' || inside === '?' || inside === '$') pieces.push({ key: '', fallback: inside })
    else pieces.push({ key: (quoted?.[1] ?? inside).trim().toLowerCase(), fallback: quoted?.[2] })
  }
  if (from < text.length) pieces.push({ text: text.slice(from) })
  return pieces
}

/** The context keys that a text's variables need: those without a default. */
export function variablesOf(text: string): readonly string[] {
  return piecesOf(text).flatMap((piece) => ('key' in piece && piece.fallback === undefined ? [piece.key] : []))
}

/** The value of a variable: the context's single value, else its default, else nothing. */
function resolve(piece: { key: string; fallback: string | undefined }, context: RequestContext): string | undefined {
  return singleValue(context, piece.key) ?? piece.fallback
}

export type TextOptions = { readonly wildcards: boolean; readonly variables: boolean; readonly ignoreCase?: boolean }

/**
 * A matcher for one text of a policy. A variable without value makes the text equal to nothing
 * (IAM user guide, "Policy variables with no value").
 */
export function compileText(text: string, options: TextOptions): Matcher {
  const fold = options.ignoreCase ? (value: string) => value.toLowerCase() : undefined
  const pieces = options.variables && text.includes('${') ? piecesOf(text) : undefined
  if (!pieces) {
    const wanted = fold ? fold(text) : text
    if (!options.wildcards || !/[*?]/.test(wanted)) {
      return fold ? (value) => fold(value) === wanted : (value) => value === wanted
    }
    if (wanted === '*') return () => true
    const head = /^([^*?]+)\*$/.exec(wanted)?.[1]
    if (head !== undefined && !fold) return (value) => value.startsWith(head)
    const glob = compileGlob(wanted)
    return fold ? (value) => globMatches(glob, fold(value)) : (value) => globMatches(glob, value)
  }
  return (value, context) => {
    const glob = globOf(pieces, options.wildcards, fold, context())
    return glob !== undefined && globMatches(glob, fold ? fold(value) : value)
  }
}

function globOf(
  pieces: readonly Piece[],
  wildcards: boolean,
  fold: ((value: string) => string) | undefined,
  context: RequestContext,
): Glob | undefined {
  const codes: number[] = []
  for (const piece of pieces) {
    const text = 'text' in piece ? piece.text : resolve(piece, context)
    if (text === undefined) return undefined
    const folded = fold ? fold(text) : text
    for (let index = 0; index < folded.length; index += 1) {
      const code = folded.charCodeAt(index)
      if (wildcards && 'text' in piece && code === 0x2a) codes.push(STAR)
      else codes.push(wildcards && 'text' in piece && code === 0x3f ? ANY : code)
    }
  }
  return codes
}

// Reads regular expressions without look-around and back-references, which run in linear time.

/** Sorted, disjoint ranges of UTF-16 code units, as pairs: lo, hi, lo, hi … */
export type Ranges = readonly number[]

export type Node =
  | { readonly kind: 'empty' }
  | { readonly kind: 'set'; readonly ranges: Ranges }
  | { readonly kind: 'sequence'; readonly nodes: readonly Node[] }
  | { readonly kind: 'choice'; readonly nodes: readonly Node[] }
  | { readonly kind: 'repeat'; readonly node: Node; readonly min: number; readonly max: number }

/** What must hold at an end of a match. `whole`: not between two letters or digits, whatever the match itself ends in. */
export type Edge = 'none' | 'boundary' | 'inside' | 'text' | 'whole'

/** One alternative of the whole pattern, with what must hold before and after it. */
export type Alternative = { readonly node: Node; readonly before: Edge; readonly after: Edge }

const MAX_UNIT = 0xffff
const MAX_REPEAT = 1_000

const DIGIT = [0x30, 0x39]
const WORD = [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a]
const SPACE = [
  0x09, 0x0d, 0x20, 0x20, 0xa0, 0xa0, 0x1680, 0x1680, 0x2000, 0x200a, 0x2028, 0x2029, 0x202f, 0x202f, 0x205f, 0x205f,
  0x3000, 0x3000, 0xfeff, 0xfeff,
]
const NOT_LINE_END = invert([0x0a, 0x0a, 0x0d, 0x0d, 0x2028, 0x2029])
const CLASSES: Readonly<Record<string, Ranges>> = {
  d: DIGIT,
  D: invert(DIGIT),
  w: WORD,
  W: invert(WORD),
  s: SPACE,
  S: invert(SPACE),
}
const CONTROLS: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, 0: 0 }

/** Why a pattern was refused, with the place in it. */
export class PatternError extends Error {
  override readonly name = 'PatternError'
  readonly at: number

  constructor(message: string, at: number) {
    super(`${message} at character ${at + 1}`)
    this.at = at
  }
}

/** The alternatives of a pattern. Throws PatternError. */
export function parsePattern(pattern: string, ignoreCase: boolean): Alternative[] {
  const reader = new Reader(pattern, ignoreCase)
  return reader.alternatives()
}

/** Fixed text as a node. */
export function literal(text: string, ignoreCase: boolean): Node {
  const nodes = Array.from({ length: text.length }, (_, index) => unit(text.charCodeAt(index), ignoreCase))
  return { kind: 'sequence', nodes }
}

class Reader {
  readonly #pattern: string
  readonly #ignoreCase: boolean
  #at = 0
  #depth = 0

  constructor(pattern: string, ignoreCase: boolean) {
    this.#pattern = pattern
    this.#ignoreCase = ignoreCase
  }

  alternatives(): Alternative[] {
    const found: Alternative[] = []
    do {
      const before = this.#edge('^')
      const node = this.#sequence()
      const after = this.#edge('$')
      if (this.#peek() === ')') throw this.#error('unexpected ")"')
      if (this.#peek() !== undefined && this.#peek() !== '|')
        throw this.#error('\\b, \\B, ^ and $ are only understood at the ends of an alternative')
      found.push({ node, before, after })
    } while (this.#take('|'))
    return found
  }

  #edge(anchor: '^' | '$'): Edge {
    if (this.#take(anchor)) return 'text'
    if (this.#take('\\b')) return 'boundary'
    return this.#take('\\B') ? 'inside' : 'none'
  }

  #sequence(): Node {
    const nodes: Node[] = []
    for (;;) {
      const next = this.#peek()
      if (next === undefined || next === '|' || next === ')' || next === '$') break
      if (next === '\\' && /[bB]/.test(this.#pattern[this.#at + 1] ?? '')) break
      nodes.push(this.#quantified(this.#atom()))
    }
    return nodes.length === 1 ? nodes[0]! : { kind: 'sequence', nodes }
  }

  #quantified(node: Node): Node {
    const start = this.#at
    let bounds: [number, number] | undefined
    if (this.#take('*')) bounds = [0, Infinity]
    else if (this.#take('+')) bounds = [1, Infinity]
    else if (this.#take('?')) bounds = [0, 1]
    else {
      const match = /^\{(\d{1,4})(?:(,)(\d{0,4}))?\}/.exec(this.#pattern.slice(this.#at, this.#at + 12))
      if (!match) return node
      this.#at += match[0].length
      const min = Number(match[1])
      bounds = [min, match[2] === undefined ? min : match[3] ? Number(match[3]) : Infinity]
    }
    const [min, max] = bounds
    if (min > MAX_REPEAT || (max !== Infinity && max > MAX_REPEAT) || max < min)
      throw new PatternError(`a repetition must rise and stay below ${MAX_REPEAT}`, start)
    this.#take('?')
    if (/[*+?]/.test(this.#peek() ?? '')) throw this.#error('nothing to repeat')
    return { kind: 'repeat', node, min, max }
  }

  #atom(): Node {
    const start = this.#at
    const next = this.#pattern[this.#at++]!
    if (next === '.') return { kind: 'set', ranges: NOT_LINE_END }
    if (next === '[') return { kind: 'set', ranges: this.#set() }
    if (next === '(') return this.#group(start)
    if (next === '\\') return this.#escape()
    if (next === '^') throw new PatternError('^ is only understood at the beginning of an alternative', start)
    if (/[*+?]/.test(next)) throw new PatternError('nothing to repeat', start)
    return unit(next.charCodeAt(0), this.#ignoreCase)
  }

  #group(start: number): Node {
    if (this.#take('?')) {
      if (/^(=|!|<=|<!)/.test(this.#pattern.slice(this.#at, this.#at + 2)))
        throw new PatternError('look-around is not supported: it cannot run in linear time', start)
      const name = /^(:|<[A-Za-z_]\w*>)/.exec(this.#pattern.slice(this.#at))
      if (!name) throw new PatternError('unknown kind of group', start)
      this.#at += name[0].length
    }
    if (++this.#depth > 50) throw new PatternError('groups are nested too deeply', start)
    const nodes: Node[] = []
    do nodes.push(this.#sequence())
    while (this.#take('|'))
    this.#depth--
    if (!this.#take(')')) {
      if (this.#peek() === undefined) throw new PatternError('the group is not closed', start)
      throw this.#error('\\b, \\B, ^ and $ are only understood at the ends of an alternative')
    }
    return nodes.length === 1 ? nodes[0]! : { kind: 'choice', nodes }
  }

  #escape(): Node {
    const start = this.#at - 1
    const next = this.#pattern[this.#at]
    if (next !== undefined && /[1-9k]/.test(next))
      throw new PatternError('back-references are not supported: they cannot run in linear time', start)
    const known = next === undefined ? undefined : CLASSES[next]
    if (known) {
      this.#at++
      return { kind: 'set', ranges: known }
    }
    return unit(this.#unitEscape(), this.#ignoreCase)
  }

  /** Reads what follows a backslash as one code unit. */
  #unitEscape(): number {
    const start = this.#at - 1
    const next = this.#pattern[this.#at++]
    if (next === undefined) throw new PatternError('nothing follows the backslash', start)
    const control = CONTROLS[next]
    if (control !== undefined) return control
    if (next === 'x' || next === 'u') {
      const match = (next === 'x' ? /^[0-9a-f]{2}/i : /^[0-9a-f]{4}/i).exec(this.#pattern.slice(this.#at, this.#at + 4))
      if (!match) throw new PatternError(`\\${next} needs ${next === 'x' ? 2 : 4} hexadecimal digits`, start)
      this.#at += match[0].length
      return Number.parseInt(match[0], 16)
    }
    if (/[A-Za-z]/.test(next)) throw new PatternError(`\\${next} is not supported`, start)
    return next.charCodeAt(0)
  }

  #set(): Ranges {
    const start = this.#at - 1
    const negated = this.#take('^')
    const ranges: number[] = []
    let first = true
    while (first || this.#peek() !== ']') {
      first = false
      if (this.#peek() === undefined) throw new PatternError('the set is not closed', start)
      if (this.#peek() === ']') break
      const lo = this.#setUnit()
      if (typeof lo !== 'number') {
        ranges.push(...lo)
        continue
      }
      let hi = lo
      if (this.#peek() === '-' && this.#pattern[this.#at + 1] !== ']' && this.#pattern[this.#at + 1] !== undefined) {
        this.#at++
        const end = this.#setUnit()
        if (typeof end !== 'number' || end < lo) throw this.#error('the range is out of order')
        hi = end
      }
      ranges.push(lo, hi)
    }
    this.#at++
    const sorted = normalise(this.#ignoreCase ? bothCases(ranges) : ranges)
    return negated ? invert(sorted) : sorted
  }

  #setUnit(): number | Ranges {
    const next = this.#pattern[this.#at++]!
    if (next !== '\\') return next.charCodeAt(0)
    const known = CLASSES[this.#pattern[this.#at] ?? '']
    if (known) {
      this.#at++
      return known
    }
    if (this.#take('b')) return 8
    return this.#unitEscape()
  }

  #peek(): string | undefined {
    return this.#pattern[this.#at]
  }

  #take(text: string): boolean {
    if (!this.#pattern.startsWith(text, this.#at)) return false
    this.#at += text.length
    return true
  }

  #error(message: string): PatternError {
    return new PatternError(message, this.#at)
  }
}

function unit(code: number, ignoreCase: boolean): Node {
  return { kind: 'set', ranges: ignoreCase ? normalise(bothCases([code, code])) : [code, code] }
}

/** Adds the other case of each unit; ranges of more than 600 units hold both already. */
function bothCases(ranges: readonly number[]): number[] {
  const all = [...ranges]
  for (let index = 0; index < ranges.length; index += 2) {
    const lo = ranges[index]!
    const hi = ranges[index + 1]!
    if (hi - lo > 600) continue
    for (let code = lo; code <= hi; code++) {
      const text = String.fromCharCode(code)
      for (const other of [text.toLowerCase(), text.toUpperCase()])
        if (other.length === 1) all.push(other.charCodeAt(0), other.charCodeAt(0))
    }
  }
  return all
}

function normalise(ranges: readonly number[]): number[] {
  const pairs: [number, number][] = []
  for (let index = 0; index < ranges.length; index += 2) pairs.push([ranges[index]!, ranges[index + 1]!])
  pairs.sort((a, b) => a[0] - b[0])
  const merged: number[] = []
  for (const [lo, hi] of pairs) {
    const last = merged.length - 1
    if (last > 0 && lo <= merged[last]! + 1) merged[last] = Math.max(merged[last]!, hi)
    else merged.push(lo, hi)
  }
  return merged
}

function invert(ranges: Ranges): Ranges {
  const rest: number[] = []
  let from = 0
  for (let index = 0; index < ranges.length; index += 2) {
    if (ranges[index]! > from) rest.push(from, ranges[index]! - 1)
    from = ranges[index + 1]! + 1
  }
  if (from <= MAX_UNIT) rest.push(from, MAX_UNIT)
  return rest
}

import { literal, parsePattern, PatternError, type Edge } from './parse.ts'
import { compileProgram, compileWords, type Program } from './program.ts'

/** No match is longer than this; what goes on beyond it is cut there. */
export const MAX_MATCH = 4_096
const MAX_DFA_STATES = 2_000
const DEAD_CLASS = -1

export type Match = { readonly start: number; readonly end: number }

/** Finds matches in time linear in the text, whatever pattern and text are. */
export class Scanner {
  readonly #program: Program
  readonly #bounds: Int32Array
  readonly #ascii: Int16Array
  readonly #classes: number
  #sets: Int32Array[] = []
  #ids = new Map<string, number>()
  #table: Int32Array[] = []
  #accepting: boolean[] = []

  constructor(program: Program) {
    this.#program = program
    this.#bounds = boundsOf(program)
    this.#classes = this.#bounds.length + 1
    this.#ascii = new Int16Array(256)
    for (let code = 0; code < 256; code++) this.#ascii[code] = search(this.#bounds, code)
    this.#reset()
  }

  /** Whether the empty text is a match, so that every place would be one. */
  get matchesNothing(): boolean {
    return this.#accepting[0]!
  }

  /**
   * For text that comes in pieces: the last place before which nothing is pending, so that no match can reach over it, and whether there
   * may be a match at all.
   */
  look(text: string): { quietAt: number; mayMatch: boolean } {
    let state = 0
    let quietAt = 0
    let mayMatch = false
    for (let at = 0; at < text.length; at++) {
      state = this.#step(state, text.charCodeAt(at))
      if (state === 0) quietAt = at + 1
      else if (this.#accepting[state]) mayMatch = true
    }
    return { quietAt, mayMatch }
  }

  /** Whether the text may hold a match: a quick look that forgets the edges. */
  mayMatch(text: string): boolean {
    let state = 0
    for (let at = 0; at < text.length; at++) {
      state = this.#step(state, text.charCodeAt(at))
      if (state !== 0 && this.#accepting[state]) return true
    }
    return false
  }

  /** All matches, leftmost and longest first, none overlapping. `before` is the text in front of it, for the edges. */
  findAll(text: string, before = ''): Match[] {
    if (!this.mayMatch(text)) return []
    const found: Match[] = []
    let from = 0
    while (from < text.length) {
      const match = this.#findFrom(text, from, before)
      if (!match) break
      found.push(match)
      from = match.end
    }
    return found
  }

  /** One pass; of threads in the same state the one that began first lives on. */
  #findFrom(text: string, from: number, before: string): Match | undefined {
    const { reads, next, accepts, starts } = this.#program
    let threads = new Map<number, number>()
    let best: Match | undefined
    const unitBefore = (at: number) => (at > 0 ? text.charCodeAt(at - 1) : lastUnit(before))
    const holds = (edge: Edge, at: number, end: boolean): boolean => {
      if (edge === 'none') return true
      if (edge === 'text') return end ? at === text.length : at === 0 && before === ''
      if (edge === 'whole') return !isInside(unitBefore(at), text.charCodeAt(at))
      return isBoundary(unitBefore(at), text.charCodeAt(at)) === (edge === 'boundary')
    }
    const add = (into: Map<number, number>, state: number, start: number, at: number): void => {
      const pending = [state]
      for (let next_ = pending.pop(); next_ !== undefined; next_ = pending.pop()) {
        const known = into.get(next_)
        if (known !== undefined && known <= start) continue
        into.set(next_, start)
        const after = accepts.get(next_)
        if (after !== undefined) {
          if (
            at > start &&
            (!best || start < best.start || (start === best.start && at > best.end)) &&
            holds(after, at, true)
          )
            best = { start, end: at }
        } else if (!reads[next_]) pending.push(...next[next_]!)
      }
    }
    for (let at = from; at <= text.length; at++) {
      if (!best) for (const { state, before: edge } of starts) if (holds(edge, at, false)) add(threads, state, at, at)
      if (at === text.length) break
      const code = text.charCodeAt(at)
      const stepped = new Map<number, number>()
      for (const [state, start] of threads) {
        const ranges = reads[state]
        if (!ranges || at - start >= MAX_MATCH || (best && start > best.start) || !inRanges(ranges, code)) continue
        add(stepped, next[state]![0]!, start, at + 1)
      }
      threads = stepped
      if (best && threads.size === 0) return best
    }
    return best
  }

  #step(state: number, code: number): number {
    const unit = code < 256 ? this.#ascii[code]! : search(this.#bounds, code)
    const known = this.#table[state]![unit]!
    if (known !== DEAD_CLASS) return known
    return this.#build(state, unit, code)
  }

  #build(state: number, unit: number, code: number): number {
    const { reads, next, starts } = this.#program
    const from = this.#sets[state]!
    if (this.#sets.length >= MAX_DFA_STATES) {
      this.#reset()
    }
    const reached = new Set<number>()
    const pending: number[] = starts.map(({ state }) => state)
    for (const id of from) {
      const ranges = reads[id]
      if (ranges && inRanges(ranges, code)) pending.push(next[id]![0]!)
    }
    const to = this.#intern(reached, pending)
    const row = this.#sets[state] === from ? this.#table[state] : undefined
    if (row) row[unit] = to
    return to
  }

  /** The deterministic state of everything that is reached without reading. */
  #intern(reached: Set<number>, pending: number[]): number {
    const { reads, next, accepts } = this.#program
    let accepting = false
    for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
      if (reached.has(id)) continue
      reached.add(id)
      if (accepts.has(id)) accepting = true
      if (!reads[id]) pending.push(...next[id]!)
    }
    const set = Int32Array.from([...reached].filter((id) => reads[id] || accepts.has(id))).sort()
    const name = set.join()
    const known = this.#ids.get(name)
    if (known !== undefined) return known
    this.#ids.set(name, this.#sets.length)
    this.#sets.push(set)
    this.#accepting.push(accepting)
    this.#table.push(new Int32Array(this.#classes).fill(DEAD_CLASS))
    return this.#sets.length - 1
  }

  #reset(): void {
    this.#sets = []
    this.#ids = new Map()
    this.#table = []
    this.#accepting = []
    this.#intern(
      new Set(),
      this.#program.starts.map(({ state }) => state),
    )
  }
}

/** Throws PatternError when a pattern needs more than linear time or is none. */
export function scannerOf(patterns: readonly string[], ignoreCase: boolean): Scanner {
  const scanner = new Scanner(compileProgram(patterns.flatMap((pattern) => parsePattern(pattern, ignoreCase))))
  if (scanner.matchesNothing) throw new PatternError('the pattern matches the empty text', 0)
  return scanner
}

/** Finds whole words; a word may hold spaces and signs. */
export function scannerOfWords(words: readonly string[], ignoreCase: boolean): Scanner {
  return new Scanner(compileWords(words, (text) => literal(text, ignoreCase)))
}

function boundsOf({ reads }: Program): Int32Array {
  const bounds = new Set<number>()
  for (const ranges of reads) {
    if (!ranges) continue
    for (let index = 0; index < ranges.length; index += 2) {
      bounds.add(ranges[index]!)
      bounds.add(ranges[index + 1]! + 1)
    }
  }
  return Int32Array.from(bounds).sort()
}

/** How many bounds are at or below the code. */
function search(bounds: Int32Array, code: number): number {
  let lo = 0
  let hi = bounds.length
  while (lo < hi) {
    const middle = (lo + hi) >> 1
    if (bounds[middle]! <= code) lo = middle + 1
    else hi = middle
  }
  return lo
}

function inRanges(ranges: readonly number[], code: number): boolean {
  for (let index = 0; index < ranges.length; index += 2)
    if (code >= ranges[index]! && code <= ranges[index + 1]!) return true
  return false
}

function lastUnit(text: string): number {
  return text === '' ? Number.NaN : text.charCodeAt(text.length - 1)
}

/** A place between a letter or digit and something else. */
function isBoundary(left: number, right: number): boolean {
  return isWordUnit(left) !== isWordUnit(right)
}

function isInside(left: number, right: number): boolean {
  return isWordUnit(left) && isWordUnit(right)
}

const WORD_UNIT = /[\p{L}\p{N}\p{M}_]/u

function isWordUnit(code: number): boolean {
  if (Number.isNaN(code)) return false
  if (code < 128)
    return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || code === 95 || (code >= 97 && code <= 122)
  return !isUnparted(code) && WORD_UNIT.test(String.fromCharCode(code))
}

/** Thai, Lao, Khmer, Japanese, Chinese and Korean do not part words: they have no insides. */
function isUnparted(code: number): boolean {
  return (
    (code >= 0x0e00 && code <= 0x0eff) ||
    (code >= 0x1780 && code <= 0x17ff) ||
    (code >= 0x2e80 && code <= 0xd7ff) ||
    (code >= 0xf900 && code <= 0xfaff)
  )
}

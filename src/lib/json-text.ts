import { AppError } from '../errors.ts'

/** A place in a text, both counted from 1; a column counts UTF-16 code units. */
export type Place = { readonly line: number; readonly column: number }

type Span = { readonly start: number; readonly end: number }

/** A JSON value that knows where it stands: `start` and `end` are offsets into the text. */
export type JsonNode = Span &
  (
    | { readonly kind: 'object'; readonly members: readonly JsonMember[] }
    | { readonly kind: 'array'; readonly items: readonly JsonNode[] }
    | { readonly kind: 'scalar'; readonly value: string | number | boolean | null }
  )

export type JsonMember = { readonly key: string; readonly keyStart: number; readonly node: JsonNode }

export type JsonPath = readonly (string | number)[]

/** A parsed text: the plain value, the nodes with their places, and the keys that an object names twice. */
export type JsonText = {
  readonly text: string
  readonly root: JsonNode
  readonly value: unknown
  readonly duplicates: readonly { readonly key: string; readonly place: Place; readonly first: Place }[]
  readonly placeOf: (offset: number) => Place
  /** Where the value at a path stands; of an absent one, where its nearest present parent stands. */
  readonly placeAt: (path: JsonPath) => Place
}

/** Deeper nesting is refused: no document that Portreeve reads comes near it. */
const MAX_DEPTH = 512

/**
 * Parses JSON and keeps the place of every value. Iterative, so that depth cannot exhaust the stack; a leading byte order mark is
 * skipped. Of a repeated key the last value counts, as in JSON.parse, and the repetition is reported.
 * Throws `invalid_json` with line, column and what was expected there.
 */
export function parseJsonText(text: string): JsonText {
  const placeOf = placesIn(text)
  const duplicates: { key: string; place: Place; first: Place }[] = []
  const { node: root, value } = new Reader(text, placeOf, duplicates).read()
  return { text, root, value, duplicates, placeOf, placeAt: (path) => placeOf(nodeAt(root, path).start) }
}

function nodeAt(root: JsonNode, path: JsonPath): JsonNode {
  let node = root
  for (const step of path) {
    const next =
      node.kind === 'object'
        ? node.members.findLast((member) => member.key === step)?.node
        : node.kind === 'array' && typeof step === 'number'
          ? node.items[step]
          : undefined
    if (!next) return node
    node = next
  }
  return node
}

/** Offsets to places, by binary search in the line starts, which are found when first asked for. */
export function placesIn(text: string): (offset: number) => Place {
  let starts: number[] | undefined
  return (offset) => {
    if (!starts) {
      starts = [0]
      for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
    }
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    const lineStart = starts[low] ?? 0
    const mark = low === 0 && text.charCodeAt(0) === 0xfeff ? 1 : 0
    return { line: low + 1, column: Math.max(1, offset - lineStart + 1 - mark) }
  }
}

type Open =
  | {
      kind: 'object'
      start: number
      members: JsonMember[]
      value: Record<string, unknown>
      seen: Map<string, number>
      key?: { text: string; start: number }
    }
  | { kind: 'array'; start: number; items: JsonNode[]; value: unknown[] }

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

class Reader {
  private at = 0
  private readonly text: string
  private readonly placeOf: (offset: number) => Place
  private readonly duplicates: { key: string; place: Place; first: Place }[]

  constructor(text: string, placeOf: (offset: number) => Place, duplicates: Reader['duplicates']) {
    this.text = text
    this.placeOf = placeOf
    this.duplicates = duplicates
    if (text.charCodeAt(0) === 0xfeff) this.at = 1
  }

  read(): { node: JsonNode; value: unknown } {
    const stack: Open[] = []
    for (;;) {
      let done = this.value(stack)
      while (done) {
        const open = stack.at(-1)
        if (!open) {
          this.space()
          if (this.at < this.text.length) this.fail('expected the end of the document')
          return done
        }
        done = this.place(open, done, stack)
      }
    }
  }

  /** Reads a scalar, or opens a container (nothing returned), or closes an empty one. */
  private value(stack: Open[]): { node: JsonNode; value: unknown } | undefined {
    this.space()
    const start = this.at
    const char = this.text[start]
    if (char === '{' || char === '[') {
      if (stack.length >= MAX_DEPTH) this.fail(`nested deeper than ${MAX_DEPTH} levels`)
      this.at += 1
      this.space()
      if (char === '[') {
        if (this.take(']')) return { node: { kind: 'array', items: [], start, end: this.at }, value: [] }
        stack.push({ kind: 'array', start, items: [], value: [] })
        return undefined
      }
      if (this.take('}')) return { node: { kind: 'object', members: [], start, end: this.at }, value: {} }
      const open: Open = { kind: 'object', start, members: [], value: {}, seen: new Map() }
      this.key(open)
      stack.push(open)
      return undefined
    }
    const value = this.scalar(char)
    return { node: { kind: 'scalar', value, start, end: this.at }, value }
  }

  /** Puts a finished value into its container; answers the container when that ends too. */
  private place(open: Open, done: { node: JsonNode; value: unknown }, stack: Open[]) {
    const close = open.kind === 'object' ? '}' : ']'
    if (open.kind === 'array') {
      open.items.push(done.node)
      open.value.push(done.value)
    } else if (open.key) {
      open.members.push({ key: open.key.text, keyStart: open.key.start, node: done.node })
      // defineProperty, so that a member named __proto__ stays a member.
      Object.defineProperty(open.value, open.key.text, {
        value: done.value,
        enumerable: true,
        configurable: true,
        writable: true,
      })
    }
    this.space()
    if (this.take(',')) {
      if (open.kind === 'object') {
        this.space()
        this.key(open)
      }
      return undefined
    }
    if (!this.take(close)) this.fail(`expected "," or "${close}"`)
    stack.pop()
    const span = { start: open.start, end: this.at }
    const node: JsonNode =
      open.kind === 'object'
        ? { kind: 'object', members: open.members, ...span }
        : { kind: 'array', items: open.items, ...span }
    return { node, value: open.value as unknown }
  }

  private key(open: Open & { kind: 'object' }): void {
    const start = this.at
    if (this.text[start] !== '"') this.fail('expected a key in double quotes')
    const text = this.string()
    const first = open.seen.get(text)
    if (first === undefined) open.seen.set(text, start)
    else this.duplicates.push({ key: text, place: this.placeOf(start), first: this.placeOf(first) })
    this.space()
    if (!this.take(':')) this.fail(`expected ":" after the key "${text.slice(0, 60)}"`)
    open.key = { text, start }
  }

  private scalar(char: string | undefined): string | number | boolean | null {
    if (char === '"') return this.string()
    for (const [word, value] of [
      ['true', true],
      ['false', false],
      ['null', null],
    ] as const) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length
        return value
      }
    }
    NUMBER.lastIndex = this.at
    const number = NUMBER.exec(this.text)?.[0]
    if (number) {
      this.at += number.length
      return Number(number)
    }
    if (char === undefined) return this.fail(this.at <= 1 ? 'the document is empty' : 'the document ends too early')
    return this.fail('expected a value')
  }

  private string(): string {
    const from = this.at + 1
    let result = ''
    let plain = from
    for (let at = from; at < this.text.length; at += 1) {
      const code = this.text.charCodeAt(at)
      if (code === 0x22) {
        this.at = at + 1
        return result + this.text.slice(plain, at)
      }
      if (code < 0x20) {
        this.at = at
        this.fail('a control character must be written as an escape inside a string')
      }
      if (code !== 0x5c) continue
      result += this.text.slice(plain, at)
      const escape = this.text[at + 1] ?? ''
      const hex = escape === 'u' ? /^[0-9a-fA-F]{4}/.exec(this.text.slice(at + 2, at + 6))?.[0] : undefined
      const plainEscape = ESCAPES[escape]
      if (hex) result += String.fromCharCode(Number.parseInt(hex, 16))
      else if (plainEscape !== undefined) result += plainEscape
      else {
        this.at = at
        this.fail('unknown escape in a string')
      }
      at += hex ? 5 : 1
      plain = at + 1
    }
    this.at = from - 1
    return this.fail('the string that starts here is never closed')
  }

  private space(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
      this.at += 1
    }
  }

  private take(char: string): boolean {
    if (this.text[this.at] !== char) return false
    this.at += 1
    return true
  }

  private fail(expected: string): never {
    const { line, column } = this.placeOf(this.at)
    const found = this.text[this.at]
    const shown = found === undefined ? 'the end' : found < ' ' ? 'a control character' : `"${found}"`
    const place = `line ${line}, column ${column}`
    throw new AppError('invalid_json', `Not valid JSON at ${place}: ${expected}, found ${shown}.`, {
      findings: [{ place: `${line}:${column}`, message: `${expected}, found ${shown}` }],
    })
  }
}

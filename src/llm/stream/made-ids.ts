// Which ids an answer of the Responses API gives to things that the vendor keeps.
import { findBytes } from '../../lib/bytes.ts'
import {
  eachElement,
  eachMember,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  readString,
  skipSpace,
  toBuffer,
} from './json-scan.ts'

/** Most ids that are taken from one answer. */
const MOST_IDS = 200
const LONGEST_ID = 512
const LARGEST_LINE = 65_536
const LINE_FEED = 10
/** Events that name what was made; deltas only repeat it. */
const ITEM_EVENTS = ['"response.created"', '"response.output_item.added"'] as const
const ITEM_MARKS = ITEM_EVENTS.map((name) => Buffer.from(name))
/** Items that clients send back as a whole. */
const CARRIED: ReadonlySet<string> = new Set(['message', 'function_call', 'custom_tool_call'])

function endsLine(chunk: Uint8Array | string): boolean {
  return typeof chunk === 'string' ? chunk.endsWith('\n') : chunk[chunk.length - 1] === LINE_FEED
}

function namesItems(chunk: Uint8Array | string): boolean {
  if (typeof chunk === 'string') return ITEM_EVENTS.some((name) => chunk.includes(name))
  return ITEM_MARKS.some((mark) => findBytes(chunk, mark) >= 0)
}

/** Collects the ids of what an answer made at the vendor, from the whole answer or from its stream as the client sees it. */
export class MadeIds {
  /** Told once, when the response itself has a name. */
  onResponse: (() => void) | undefined
  readonly #ids = new Set<string>()
  /** Whether the vendor keeps the answer: else only the ids of what it may have to look up again count. */
  readonly #stored: boolean
  /** The part of a line that has come so far, in a stream. */
  #line: Buffer[] = []
  #lineBytes = 0

  constructor(stored: boolean) {
    this.#stored = stored
  }

  get ids(): readonly string[] {
    return [...this.#ids]
  }

  /** A whole response, conversation, or list of items, as JSON. What is none tells nothing. */
  readAnswer(body: Uint8Array | string): void {
    const bytes = toBuffer(body)
    const start = skipSpace(bytes, 0)
    try {
      if (bytes[start] === OPEN_OBJECT) this.#readResponse(bytes, start)
    } catch {
      // Not JSON: whoever reads the answer will say so.
    }
  }

  /** Bytes of an event stream, cut anywhere. */
  push(chunk: Uint8Array | string): void {
    if (chunk.length === 0) return
    if (this.#lineBytes === 0 && endsLine(chunk) && !namesItems(chunk)) return
    const bytes = toBuffer(chunk)
    let from = 0
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, from)) {
      this.#endLine(bytes.subarray(from, end))
      from = end + 1
    }
    this.#keep(bytes.subarray(from))
  }

  #keep(part: Buffer): void {
    if (part.length === 0) return
    // The events that are read are small; of a larger one nothing needs to be kept but that it was larger.
    if (this.#lineBytes + part.length <= LARGEST_LINE) this.#line.push(Buffer.from(part))
    else this.#line = []
    this.#lineBytes += part.length
  }

  #endLine(rest: Buffer): void {
    const whole = this.#lineBytes === 0 ? rest : Buffer.concat([...this.#line, rest])
    const complete = this.#lineBytes <= LARGEST_LINE
    this.#line = []
    this.#lineBytes = 0
    if (!complete || !namesItems(whole)) return
    const start = whole.indexOf(OPEN_OBJECT)
    try {
      if (start >= 0) this.#readEvent(whole, start)
    } catch {
      // A broken event: the relay judges it.
    }
  }

  #readEvent(bytes: Buffer, start: number): void {
    eachMember(bytes, start, (name, from) => {
      if (bytes[from] !== OPEN_OBJECT) return
      if (name === 'item') this.#readItem(bytes, from)
      else if (name === 'response') this.#readResponse(bytes, from)
    })
  }

  #readResponse(bytes: Buffer, start: number): void {
    eachMember(bytes, start, (name, from, to) => {
      if (name === 'id' && this.#stored) {
        this.#add(bytes, from, to)
        this.onResponse?.()
        this.onResponse = undefined
      }
      if ((name !== 'output' && name !== 'data') || bytes[from] !== OPEN_ARRAY) return
      eachElement(bytes, from, (item) => {
        if (bytes[item] === OPEN_OBJECT) this.#readItem(bytes, item)
      })
    })
  }

  #readItem(bytes: Buffer, start: number): void {
    let id: [number, number] | undefined
    let type = ''
    eachMember(bytes, start, (name, from, to) => {
      if (name === 'id') id = [from, to]
      else if (name === 'type' && bytes[from] === QUOTE) type = readString(bytes, from, to)
      else if (name === 'container_id') this.#add(bytes, from, to)
    })
    if (id && (this.#stored || !CARRIED.has(type))) this.#add(bytes, ...id)
  }

  #add(bytes: Buffer, from: number, to: number): void {
    if (bytes[from] !== QUOTE || to - from > LONGEST_ID || this.#ids.size >= MOST_IDS) return
    const id = readString(bytes, from, to)
    if (id !== '') this.#ids.add(id)
  }
}

// Which of the things that a vendor keeps a request of the Responses API leans on.
import { AppError } from '../../errors.ts'
import {
  CLOSE_ARRAY,
  eachElement,
  eachMember,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  readString,
  skipSpace,
  skipString,
  toBuffer,
} from './json-scan.ts'
import type { RequestScan } from './splice.ts'

/**
 * How a request uses an id. `state`: nothing but the vendor's memory can replace it. `item`: an item that is here in part, the rest of
 * which a vendor with a memory looks up. `echo`: the id of an item that is here as a whole.
 */
export type ReferenceKind = 'state' | 'item' | 'echo'

/** An id in a request. `field` says where it stands: `previous_response_id`, `conversation`, `input[2].id`. */
export type Reference = {
  readonly field: string
  readonly id: string
  readonly kind: ReferenceKind
  /** A whole item that only its maker can read. */
  readonly sealed?: true
}

const NULL = 0x6e
const NONE: readonly Reference[] = []

/** A name with an `i` and a `d` in it may be spelt with escapes, or in a case that some parsers do not mind. */
const ID_MARKS = ['id"', 'ID"', 'Id"', 'iD"', '\\u00'].map((mark) => Buffer.from(mark))
const CONTAINER_MARKS = ['container', '\\u00'].map((mark) => Buffer.from(mark))

/**
 * Every id by which a Responses request names something that the vendor keeps. Costs a few searches for a request without one. Throws
 * `invalid_request` for what two parsers could read in two ways.
 */
export function referencesIn(body: Uint8Array, scan: RequestScan): readonly Reference[] {
  const bytes = toBuffer(body)
  const found: Reference[] = []
  if (scan.previousResponseId !== undefined)
    found.push({ field: 'previous_response_id', id: scan.previousResponseId, kind: 'state' })
  if (scan.conversationStart >= 0) readConversation(bytes, scan.conversationStart, found)
  const { inputStart, inputEnd, toolsStart, toolsEnd } = scan
  // A single item is no valid input, but some vendor may take it for a list of one.
  const listed = bytes[inputStart] === OPEN_ARRAY
  if ((listed || bytes[inputStart] === OPEN_OBJECT) && hasAny(bytes.subarray(inputStart, inputEnd), ID_MARKS)) {
    if (listed) readInput(bytes, inputStart, found)
    else readItem(bytes, inputStart, 'input', found)
  }
  if (bytes[toolsStart] === OPEN_ARRAY && hasAny(bytes.subarray(toolsStart, toolsEnd), CONTAINER_MARKS))
    readTools(bytes, toolsStart, found)
  return found.length === 0 ? NONE : found
}

/** The same for a body that adds `items` to a conversation. It must be well-formed JSON. */
export function referencesInItems(body: Uint8Array): readonly Reference[] {
  const bytes = toBuffer(body)
  const found: Reference[] = []
  const start = skipSpace(bytes, 0)
  const items = bytes[start] === OPEN_OBJECT ? membersOf(bytes, start, 'body', ['items']).get('items') : undefined
  if (items && bytes[items.from] === OPEN_ARRAY) readInput(bytes, items.from, found, 'items')
  return found
}

const hasAny = (bytes: Buffer, marks: readonly Buffer[]) => marks.some((mark) => bytes.indexOf(mark) !== -1)

type Members = ReadonlyMap<string, { readonly from: number; readonly to: number }>

/** The members of an object; those of the given names must be there once, and spelt plainly. */
function membersOf(bytes: Buffer, start: number, field: string, names: readonly string[]): Members {
  const members = new Map<string, { from: number; to: number }>()
  eachMember(bytes, start, (name, from, to) => {
    const meant = names.find((known) => known === name.toLowerCase())
    if (meant === undefined) return
    if (meant !== name) throw unclear(`${field}.${meant}`, `write ${field}.${meant} in lower case`)
    if (members.has(name)) throw unclear(`${field}.${name}`, `${field}.${name} is given twice`)
    members.set(name, { from, to })
  })
  return members
}

const unclear = (field: string, message: string) => new AppError('invalid_request', message, { field })

/** Undefined for null and for what is absent. */
function textAt(bytes: Buffer, members: Members, name: string, field: string): string | undefined {
  const at = members.get(name)
  if (!at || bytes[at.from] === NULL) return undefined
  if (bytes[at.from] !== QUOTE) throw unclear(`${field}.${name}`, `${field}.${name} must be a string`)
  return readString(bytes, at.from, at.to)
}

/** An id, or the `id` of an object; undefined for anything else. */
function idAt(bytes: Buffer, start: number, field: string): string | undefined {
  if (bytes[start] === QUOTE) return readString(bytes, start, skipString(bytes, start))
  if (bytes[start] !== OPEN_OBJECT) return undefined
  return textAt(bytes, membersOf(bytes, start, field, ['id']), 'id', field)
}

function readConversation(bytes: Buffer, start: number, found: Reference[]): void {
  const field = 'conversation'
  if (bytes[start] === NULL) return
  const id = idAt(bytes, start, field)
  if (id === undefined) throw unclear(field, 'conversation must be an id, or an object with an id')
  found.push({ field, id, kind: 'state' })
}

/** What an item may hold beside its id so that nobody has to look it up. */
const CONTENT = ['role', 'content', 'arguments', 'input', 'output', 'encrypted_content', 'result'] as const
const ITEM = ['id', 'type', 'container_id', 'approval_request_id', 'environment', ...CONTENT]

function readInput(bytes: Buffer, start: number, found: Reference[], name = 'input'): void {
  let index = 0
  eachElement(bytes, start, (from) => {
    const field = `${name}[${index++}]`
    if (bytes[from] === OPEN_OBJECT) readItem(bytes, from, field, found)
  })
}

function readItem(bytes: Buffer, start: number, field: string, found: Reference[]): void {
  const members = membersOf(bytes, start, field, ITEM)
  const id = textAt(bytes, members, 'id', field)
  if (id !== undefined) {
    const type = textAt(bytes, members, 'type', field)
    const bare = type === 'item_reference' || (type === undefined && !members.has('role'))
    const kind = bare ? 'state' : isWhole(bytes, members, type) ? 'echo' : 'item'
    const sealed = kind === 'echo' && members.has('encrypted_content')
    found.push({ field: `${field}.id`, id, kind, ...(sealed && { sealed }) })
  }
  for (const name of ['container_id', 'approval_request_id']) {
    const other = textAt(bytes, members, name, field)
    if (other !== undefined) found.push({ field: `${field}.${name}`, id: other, kind: 'item' })
  }
  readEnvironment(bytes, members, field, found)
}

/** Whether the item carries what it says. Tools that run at the vendor leave their results there: their items never do. */
function isWhole(bytes: Buffer, members: Members, type: string | undefined): boolean {
  const first = (name: string) => {
    const at = members.get(name)
    return at && bytes[at.from] !== NULL ? at : undefined
  }
  const filled = (name: string) => {
    const at = first(name)
    if (!at) return false
    const byte = bytes[at.from]
    return byte === QUOTE
      ? at.to - at.from > 2
      : byte === OPEN_ARRAY && bytes[skipSpace(bytes, at.from + 1)] !== CLOSE_ARRAY
  }
  switch (type) {
    case undefined:
    case 'message':
      return first('role') !== undefined && filled('content')
    case 'function_call':
      return first('arguments') !== undefined
    case 'custom_tool_call':
      return first('input') !== undefined
    case 'reasoning':
      return filled('encrypted_content') || filled('content')
    case 'compaction':
    case 'compaction_summary':
      return filled('encrypted_content')
    case 'image_generation_call':
      return filled('result')
    default:
      return type.endsWith('_output') && first('output') !== undefined
  }
}

/** Containers hold the files that an earlier call worked with. */
function readTools(bytes: Buffer, start: number, found: Reference[]): void {
  let index = 0
  eachElement(bytes, start, (from) => {
    const field = `tools[${index++}]`
    if (bytes[from] !== OPEN_OBJECT) return
    const members = membersOf(bytes, from, field, ['container', 'environment'])
    const container = members.get('container')
    const place = `${field}.container`
    const id = container && idAt(bytes, container.from, place)
    if (id !== undefined) found.push({ field: place, id, kind: 'state' })
    readEnvironment(bytes, members, field, found)
  })
}

function readEnvironment(bytes: Buffer, members: Members, field: string, found: Reference[]): void {
  const environment = members.get('environment')
  if (!environment || bytes[environment.from] !== OPEN_OBJECT) return
  const place = `${field}.environment`
  const id = textAt(bytes, membersOf(bytes, environment.from, place, ['container_id']), 'container_id', place)
  if (id !== undefined) found.push({ field: `${place}.container_id`, id, kind: 'state' })
}

// Finds in a form what the gateway must know, without copying its files, and changes only those bytes.
import { AppError } from '../../errors.ts'
import { findBytes, latin1, newBytes, putBytes, utf8 } from '../../lib/bytes.ts'
import { scanRequest, type RequestScan } from '../stream/splice.ts'
import { readPartHead, type PartHead } from './head.ts'

/** A part that is no file. Offsets are bytes of the body. */
export type FormText = { readonly name: string; readonly start: number; readonly end: number }

export type FormScan = {
  /** What a JSON body with the same fields says. */
  readonly request: RequestScan
  /** The parts that are no files, without `model` and `stream`. */
  readonly texts: readonly FormText[]
  /** Bytes of the files. */
  readonly fileBytes: number
}

/** The fields that policy reads: none may come twice or in disguise, for policy and vendor must see the same value. */
const READ = ['model', 'stream', 'user'] as const
type Read = (typeof READ)[number]

const MOST_PARTS = 256
const MOST_HEAD = 8192
const LONGEST_VALUE = 4096
const LINE_END = Buffer.from('\r\n')
const BLANK_LINE = Buffer.from('\r\n\r\n')
const DASH = 0x2d
const SAYS_NOTHING = scanRequest(Buffer.from('{}'))
/** A control character. */
const CONTROL = /[\x00-\x1f\x7f]/ // oxlint-disable-line no-control-regex

const broken = (problem: string) => new AppError('invalid_request', `the form cannot be read: ${problem}`)
const refused = (field: Read, problem: string) => new AppError('invalid_request', `"${field}" ${problem}`, { field })

const isLineEnd = (bytes: Uint8Array, at: number) => bytes[at] === 13 && bytes[at + 1] === 10

/**
 * One pass over a form. Throws `invalid_request` when it is not whole, when its boundary stands anywhere but between parts, and when one of the
 * fields that policy reads comes twice, misspelt in case, as a file, or encoded.
 */
export function scanForm(bytes: Uint8Array, boundary: string): FormScan {
  const mark = Buffer.from(`--${boundary}`)
  const request: RequestScan = { ...SAYS_NOTHING }
  const texts: FormText[] = []
  const seen = new Set<string>()
  let fileBytes = 0
  if (findBytes(bytes.subarray(0, mark.length), mark) !== 0)
    throw broken('it does not begin with the boundary that its content-type names')
  let at = mark.length
  for (let parts = 0; !isLast(bytes, at); parts++) {
    if (parts === MOST_PARTS) throw broken(`it has more than ${MOST_PARTS} parts`)
    if (!isLineEnd(bytes, at)) throw misplaced()
    const next = findBytes(bytes, mark, at)
    if (next < 0) throw broken('it ends before its last boundary')
    const headEnd = findBytes(bytes, BLANK_LINE, at + 2)
    const start = headEnd + BLANK_LINE.length
    const end = next - LINE_END.length
    if (!isLineEnd(bytes, end)) throw misplaced()
    if (headEnd < 0 || start > end || headEnd - at > MOST_HEAD)
      throw broken(`a part has no head, or one longer than ${MOST_HEAD} bytes`)
    const head = readPartHead(latin1(bytes, at + 2, headEnd))
    if (head.length !== undefined && head.length !== end - start)
      throw broken('the content-length of a part is not the length of the part')
    const field = readName(head.name)
    if (field !== undefined) {
      if (seen.has(field)) throw refused(field, 'is given twice')
      seen.add(field)
      note(request, bytes, field, head, start, end)
    }
    if (head.isFile) fileBytes += end - start
    else if (field === undefined || field === 'user') texts.push({ name: head.name, start, end })
    at = next + mark.length
  }
  return { request, texts, fileBytes }
}

/** Whether this is the end of the last boundary. What stands behind it must be nothing: some readers look there for parts. */
function isLast(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== DASH || bytes[at + 1] !== DASH) return false
  const rest = bytes.length - at - 2
  if (rest !== 0 && !(rest === 2 && isLineEnd(bytes, at + 2))) throw broken('something stands behind its last boundary')
  return true
}

const misplaced = () => broken('its boundary stands inside of a part: choose another one')

/** Which of the read fields this is, if any. Refuses names that some parser would take for one. */
function readName(name: string): Read | undefined {
  const root = /^[^.[]*/.exec(name)![0].toLowerCase()
  const meant = READ.find((field) => field === root)
  if (meant === undefined || name === meant) return meant
  throw refused(meant, `must be written plainly: ${JSON.stringify(name)} is read differently by different parsers`)
}

function note(scan: RequestScan, bytes: Uint8Array, field: Read, head: PartHead, start: number, end: number): void {
  if (head.isFile) throw refused(field, 'must be a field of the form, not a file')
  if (!head.isPlain) throw refused(field, 'must be plain text in UTF-8')
  if (end - start > LONGEST_VALUE) throw refused(field, `must be no longer than ${LONGEST_VALUE} bytes`)
  const value = utf8(bytes, start, end)
  if (CONTROL.test(value)) throw refused(field, 'must be on one line, without control characters')
  if (field === 'user') scan.user = value
  else if (field === 'model') {
    scan.model = value
    scan.modelStart = start
    scan.modelEnd = end
  } else if (value === 'true' || value === 'false') scan.stream = value === 'true'
  else throw refused(field, 'must be true or false')
}

/** What shall stand in a part in place of its content. */
export type FormEdit = { readonly start: number; readonly end: number; readonly value: string }

/** The form with only these contents changed, given in their order. Throws `invalid_request` when one of them holds the boundary. */
export function spliceForm(bytes: Uint8Array, boundary: string, edits: readonly FormEdit[]): Uint8Array {
  const values = edits.map(({ value }) => {
    if (value.includes(`--${boundary}`)) throw misplaced()
    return Buffer.from(value)
  })
  const size = edits.reduce((sum, { start, end }, index) => sum + values[index]!.length - (end - start), bytes.length)
  const spliced = newBytes(size)
  let read = 0
  let written = 0
  for (const [index, { start, end }] of edits.entries()) {
    written = putBytes(spliced, putBytes(spliced, written, bytes, read, start), values[index]!)
    read = end
  }
  putBytes(spliced, written, bytes, read)
  return spliced
}

/** The form for this model. */
export function spliceModel(
  bytes: Uint8Array,
  boundary: string,
  { model, modelStart, modelEnd }: RequestScan,
  to: string,
) {
  if (modelStart < 0 || model === to) return bytes
  return spliceForm(bytes, boundary, [{ start: modelStart, end: modelEnd, value: to }])
}

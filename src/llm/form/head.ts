// Heads of multipart/form-data (RFC 7578), read strictly: what two readers could understand in two ways is refused.
import { AppError } from '../../errors.ts'

/** Token = value, the value a token or in quotes. A backslash before the closing quote ends the text for one reader and not for the next. */
const PARAMETER = /[\t ]*;[\t ]*([\w!#$%&'*+.^`|~-]+)=(?:"((?:[^"\\]|\\(?!"))*)"|([^\s";,\\]+))/y

/** The parameters behind a header's value, by their names in lower case; undefined where they cannot be read or one comes twice. */
function parametersOf(text: string): ReadonlyMap<string, string> | undefined {
  const found = new Map<string, string>()
  PARAMETER.lastIndex = 0
  let at = 0
  while (at < text.length) {
    const match = PARAMETER.exec(text)
    if (!match) return undefined
    const name = match[1]!.toLowerCase()
    // Behind a star stand encoded texts, and pieces of them: few readers know them.
    if (found.has(name) || (name.includes('*') && name !== 'filename*')) return undefined
    found.set(name, match[2] ?? match[3] ?? '')
    at = PARAMETER.lastIndex
  }
  return found
}

const FORM = /^multipart\/form-data(?![\w!#$&^.+-])[\t ]*/i
const ASCII = /^[\t\x20-\x7e]*$/
const BOUNDARY = /^(?=.{1,70}$)[\w'()+,./:=? -]*[\w'()+,./:=?-]$/

/** The boundary that a content-type names; undefined where it is no form's. Throws `invalid_request` where it names none that all readers find. */
export function boundaryOf(contentType: string): string | undefined {
  const type = FORM.exec(contentType)
  if (!type) return undefined
  const boundary = parametersOf(contentType.slice(type[0].length).trimEnd())?.get('boundary')
  if (boundary !== undefined && BOUNDARY.test(boundary) && ASCII.test(contentType)) return boundary
  throw new AppError(
    'invalid_request',
    'the content-type of the form names no valid boundary: send "multipart/form-data; boundary=…", with 1 to 70 letters, digits or dashes',
  )
}

/** What stands before a part's content. */
export type PartHead = {
  readonly name: string
  readonly isFile: boolean
  /** What its `content-length` says. */
  readonly length: number | undefined
  /** Whether every reader takes the content as text in UTF-8, as it stands there. */
  readonly isPlain: boolean
}

const LINE = /^([\w!#$%&'*+.^`|~-]+):[\t ]*([\t\x20-\x7e\x80-\xff]*)$/
const DISPOSITION = /^form-data[\t ]*(?=;)/i
/** Quotes, percents and backslashes in names are read as themselves by one reader, and as escapes by another. */
const NAME = /^[!#$&-[\]-~]+$/
const PLAIN_TYPE = /^text\/plain[\t ]*(?:;[\t ]*charset="?(?:utf-8|us-ascii)"?[\t ]*)?$/i
const PLAIN_ENCODING = /^(?:7bit|8bit|binary)$/i

/** Reads the header lines of one part, one character for each byte. Throws `invalid_request`. */
export function readPartHead(text: string): PartHead {
  const lines = new Map<string, string>()
  for (const line of text.split('\r\n')) {
    const match = LINE.exec(line)
    const name = match?.[1]?.toLowerCase()
    if (!match || name === undefined || lines.has(name)) throw badHead('a header of a part is not valid')
    lines.set(name, match[2]!.trimEnd())
  }
  const disposition = lines.get('content-disposition') ?? ''
  const type = DISPOSITION.exec(disposition)
  const parameters = type ? parametersOf(disposition.slice(type[0].length)) : undefined
  const name = parameters?.get('name')
  if (!parameters || name === undefined) throw badHead('a part does not say `content-disposition: form-data; name="…"`')
  if (!NAME.test(name))
    throw badHead(`the name of a part, ${JSON.stringify(name.slice(0, 64))}, is read differently by different parsers`)
  const length = lines.get('content-length')
  if (length !== undefined && !/^\d{1,15}$/.test(length)) throw badHead('the content-length of a part is no number')
  return {
    name,
    isFile: parameters.has('filename') || parameters.has('filename*'),
    length: length === undefined ? undefined : Number(length),
    isPlain:
      PLAIN_TYPE.test(lines.get('content-type') ?? 'text/plain') &&
      PLAIN_ENCODING.test(lines.get('content-transfer-encoding') ?? 'binary'),
  }
}

const badHead = (problem: string) => new AppError('invalid_request', `the form cannot be read: ${problem}`)

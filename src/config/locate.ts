import { isMap, isSeq, LineCounter, parseDocument, type Document, type YAMLMap } from 'yaml'
import { AppError } from '../errors.ts'
import { nameOf } from '../contract/schema-path.ts'
import { offsetOf } from './configuration-text.ts'
import type { Finding } from './finding.ts'

type Path = readonly (string | number)[]

/**
 * Finds the lines of what was only seen to be wrong when the whole configuration was put together. A place is `aliases.fast`; a message
 * begins with the field inside it, as `targets[0].provider "x" is not set up`.
 */
export function locate(
  text: string,
  file: string,
  findings: readonly { readonly place: string; readonly message: string }[],
): Finding[] {
  const counter = new LineCounter()
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false })
  return findings.map(({ place, message }) => {
    const entry = entryOf(document, place)
    if (!entry) return { file, line: 1, column: 1, field: place, message }
    const inside = /^[a-z_]\w*(?:\[\d+\]|\.\w+)*(?=:? )/.exec(message)?.[0] ?? ''
    const field = [...entry, ...pathOf(inside)]
    const found = inside !== '' && document.hasIn(field)
    const path = found ? field : entry
    const { line, col } = counter.linePos(offsetOf(document, path))
    const words = found ? message.slice(inside.length).replace(/^:? /, '') : message
    return { file, line, column: col, field: nameOf(path), message: words }
  })
}

/** The same for what was thrown when the configuration was put together. Throws anything else on. */
export function locateRefusal(
  error: unknown,
  { text, path }: { readonly text: string; readonly path: string },
): Finding[] {
  if (!(error instanceof AppError) || !error.details.findings) throw error
  return locate(text, path, error.details.findings)
}

/** The path of `aliases.fast`: an entry of a list is known by its id or name, a price by its model as calls name it. */
function entryOf(document: Document, place: string): Path | undefined {
  const [, list = '', name = ''] = /^([^.]+)\.(.+)$/.exec(place) ?? []
  const entries = document.get(list)
  if (!isSeq(entries)) return undefined
  const idOf = (entry: YAMLMap) =>
    entry.get('id') ?? entry.get('name') ?? `${String(entry.get('provider'))}/${String(entry.get('model'))}`
  const index = entries.items.findIndex((entry) => isMap(entry) && idOf(entry) === name)
  return index === -1 ? undefined : [list, index]
}

function pathOf(name: string): Path {
  return [...name.matchAll(/\w+/g)].map(([step]) => (/^\d+$/.test(step) ? Number(step) : step))
}

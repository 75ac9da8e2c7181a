import { type CollectionTag, isNode, LineCounter, parseDocument as parseYaml, type ScalarTag } from 'yaml'
import { AppError } from '../../errors.ts'
import type { JsonPath, Place } from '../../lib/json-text.ts'
import { parseDocument } from '../document.ts'

/** A template's value, and where its parts stand in the text. */
export type Source = { readonly value: unknown; readonly placeAt: (path: JsonPath) => Place | undefined }

const FUNCTIONS = [
  'And',
  'Base64',
  'Cidr',
  'Equals',
  'FindInMap',
  'GetAtt',
  'GetAZs',
  'If',
  'ImportValue',
  'Join',
  'Length',
  'Not',
  'Or',
  'Select',
  'Split',
  'Sub',
  'ToJsonString',
  'Transform',
]

const longName = (name: string) => (name === 'Ref' || name === 'Condition' ? name : `Fn::${name}`)

/** CloudFormation's short forms: `!Sub x` is `{"Fn::Sub": x}`. */
const TAGS = [...FUNCTIONS, 'Ref', 'Condition'].flatMap((name): (ScalarTag | CollectionTag)[] => [
  { tag: `!${name}`, resolve: (text: string) => ({ [longName(name)]: text }) },
  { tag: `!${name}`, collection: 'seq', resolve: (items) => ({ [longName(name)]: items.toJSON() as unknown }) },
  { tag: `!${name}`, collection: 'map', resolve: (members) => ({ [longName(name)]: members.toJSON() as unknown }) },
])

/** Parses JSON or YAML; faults are `invalid_usage` with file, line and column. */
export function parseSource(text: string, what: string): Source {
  if (/^\s*[{[]/.test(text) || text.trim() === '') return parseDocument(text, what)
  const lines = new LineCounter()
  const placeOf = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  try {
    const document = parseYaml(text, { lineCounter: lines, customTags: TAGS, strict: false, logLevel: 'error' })
    const [error] = document.errors
    if (error) {
      const { line, column } = placeOf(error.pos[0])
      throw new AppError(
        'invalid_usage',
        `${what}:${line}:${column}: not valid YAML: ${error.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '')}.`,
      )
    }
    return {
      value: document.toJS() as unknown,
      placeAt: (path) => {
        for (let length = path.length; length >= 0; length -= 1) {
          const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true)
          if (isNode(node) && node.range) return placeOf(node.range[0])
        }
        return undefined
      },
    }
  } catch (error) {
    if (error instanceof AppError) throw error
    // Nesting beyond the stack, or aliases that would fill the memory.
    throw new AppError(
      'invalid_usage',
      `${what} is not valid YAML: ${error instanceof Error ? error.message : String(error)}.`,
    )
  }
}

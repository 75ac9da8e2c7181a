import type { z } from 'zod'
import { closest } from '../lib/closest.ts'
import { fieldsAt, schemaAt, type Path } from './schema-path.ts'

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping of fields',
  record: 'a mapping of fields',
}

/** One thing that is wrong with a value, at its place. */
export type IssueFinding = { readonly path: Path; readonly message: string }

/**
 * What is wrong, in words that are the same for the file, the management API and the command line. `quoted` says how text is told from a number
 * in the language of the document. Never shows the value, which may be a secret.
 */
export function readIssue(schema: z.ZodType, issue: z.core.$ZodIssue, value: unknown, quoted?: string): IssueFinding[] {
  const path = issue.path as Path
  const fields = fieldsAt(schema, path)
  if (isUnknownField(issue)) {
    return issue.keys.map((key) => {
      const near = closest(key, fields)
      const hint = near ? `did you mean "${near}"?` : fields.length ? `use one of ${fields.join(', ')}` : 'remove it'
      return { path: [...path, key], message: `there is no field "${key}" here; ${hint}` }
    })
  }
  const given = valueAt(value, path)
  const choices = choicesOf(issue)
  const at = schemaAt(schema, path)
  if (given === undefined && path.length > 0) {
    const remedy = at?.description ?? (choices ? `use one of ${choices.join(', ')}` : undefined)
    const kind = at ? `add it (${TYPES[at.type] ?? at.type})` : issue.message
    return [{ path, message: `is missing; ${remedy ?? kind}` }]
  }
  const described = at?.type === 'number' ? at.description : undefined
  const near = typeof given === 'string' ? closest(given, choices ?? []) : undefined
  const words = issueWords(issue, given, { described, fields, ...(quoted ? { quoted } : {}) })
  return [{ path, message: near ? `${words}; did you mean "${near}"?` : words }]
}

/** Whether the issue is about fields that no schema knows: each is a finding of its own. */
export function isUnknownField(issue: z.core.$ZodIssue): issue is z.core.$ZodIssueUnrecognizedKeys {
  return issue.code === 'unrecognized_keys'
}

const TYPES: Readonly<Record<string, string>> = { array: 'a list', object: 'a mapping', number: 'a number' }

/** What is known of the place of an issue beside the issue itself. */
type IssueHints = {
  /** What the schema says of the value, its unit above all. */
  readonly described?: string | undefined
  /** The fields that a mapping may have there. */
  readonly fields?: readonly string[]
  /** How text is told from a number in the language of the document. */
  readonly quoted?: string
}

function issueWords(issue: z.core.$ZodIssue, given: unknown, hints: IssueHints = {}): string {
  const { described, fields = [], quoted } = hints
  const choices = choicesOf(issue)
  if (choices) return `must be ${choices.length === 1 ? '' : 'one of '}${choices.join(', ')}`
  // What is wrong with a name of a mapping, its own schema says.
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? issue.message
  // A schema that says it in words of its own knows best.
  if (!/^(?:Invalid|Too small|Too big)\b/.test(issue.message)) return issue.message
  if (issue.code === 'invalid_format' && issue.format === 'url') return 'must be a URL, as https://host/path'
  if (issue.code === 'invalid_format' && issue.format === 'email')
    return 'must be an e-mail address, as name@example.com'
  if (described !== undefined && ['invalid_type', 'too_small', 'too_big'].includes(issue.code))
    return `must be ${described}`
  if (issue.code === 'too_small') return `must ${boundOf(issue.origin, 'at least', issue.minimum)}`
  if (issue.code === 'too_big') return `must ${boundOf(issue.origin, 'at most', issue.maximum)}`
  if (issue.code !== 'invalid_type') return issue.message
  if (quoted && issue.expected === 'string' && (typeof given === 'number' || typeof given === 'boolean'))
    return `must be text: ${quoted}`
  const kind = KINDS[issue.expected]
  if (kind === undefined) return issue.message
  const how = issue.expected === 'array' ? ', as [a, b]' : fields.length > 0 ? `, with ${fields.join(', ')}` : ''
  return `must be ${kind}${how}`
}

/** The value at the path of an issue; undefined where there is none. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, step) => (at as Record<PropertyKey, unknown> | null | undefined)?.[step], value)
}

/** What a value may be, where it is one of a few. */
function choicesOf(issue: z.core.$ZodIssue): string[] | undefined {
  if (issue.code === 'invalid_value') return issue.values.map(String)
  if (issue.code !== 'invalid_union' || issue.discriminator === undefined) return undefined
  const { options } = issue as { readonly options?: readonly unknown[] }
  return options?.map(String)
}

const COUNTED: Readonly<Record<string, readonly [string, string]>> = {
  string: ['character', 'characters'],
  array: ['entry', 'entries'],
}

function boundOf(origin: string, which: string, bound: number | bigint): string {
  const [one, many] = COUNTED[origin] ?? []
  if (one === undefined) return `be ${which} ${bound}`
  return `have ${which} ${Number(bound) === 1 ? `one ${one}` : `${bound} ${many}`}`
}

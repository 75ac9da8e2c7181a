import type { z } from 'zod'

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping of fields',
  record: 'a mapping of fields',
}

/** What is known of the place of an issue beside the issue itself. */
export type IssueHints = {
  /** What the schema says of the value, its unit above all. */
  readonly described?: string | undefined
  /** The fields that a mapping may have there. */
  readonly fields?: readonly string[]
  /** How text is told from a number in the language of the document. */
  readonly quoted?: string
}

/** What a value must be, in words. Never shows the value, which may be a secret. */
export function issueWords(issue: z.core.$ZodIssue, given: unknown, hints: IssueHints = {}): string {
  const { described, fields = [], quoted } = hints
  const choices = choicesOf(issue)
  if (choices) return `must be ${choices.length === 1 ? '' : 'one of '}${choices.join(', ')}`
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
export function choicesOf(issue: z.core.$ZodIssue): string[] | undefined {
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

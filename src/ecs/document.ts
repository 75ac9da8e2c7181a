import { AppError } from '../errors.ts'
import { formatPath } from '../iam/policy.ts'
import { type JsonPath, type JsonText, parseJsonText } from '../lib/json-text.ts'

/** Something wrong in a document that a user gave, at a path. */
export type DocumentProblem = { readonly path: JsonPath; readonly message: string }

/**
 * Reads members of a JSON object whose keys are written as the ECS API writes them (`executionRoleArn`) or as CloudFormation does
 * (`ExecutionRoleArn`). Absent, null and empty texts are all absent, as in a skeleton that was filled in part. A member of the wrong
 * type becomes a problem at its path; a member that nobody reads is left alone.
 */
export class Fields {
  readonly path: JsonPath
  private readonly value: Readonly<Record<string, unknown>>
  private readonly problems: DocumentProblem[]

  constructor(value: Readonly<Record<string, unknown>>, path: JsonPath, problems: DocumentProblem[]) {
    this.value = value
    this.path = path
    this.problems = problems
  }

  raw(name: string): unknown {
    return this.value[this.keyOf(name)] ?? undefined
  }

  has(name: string): boolean {
    return this.raw(name) !== undefined
  }

  text(name: string): string | undefined {
    const value = this.raw(name)
    if (value === undefined || value === '') return undefined
    if (typeof value === 'string') return value
    if (typeof value === 'number') return String(value)
    this.say(name, 'must be text')
    return undefined
  }

  boolean(name: string): boolean | undefined {
    const value = this.raw(name)
    if (value === undefined || typeof value === 'boolean') return value
    if (value === 'true' || value === 'false') return value === 'true'
    this.say(name, 'must be true or false')
    return undefined
  }

  texts(name: string): readonly string[] {
    const value = this.raw(name)
    if (value === undefined) return []
    if (Array.isArray(value) && value.every((item) => typeof item === 'string'))
      return value.filter((item) => item !== '')
    this.say(name, 'must be a list of texts')
    return []
  }

  /** Text values of an object; numbers and booleans are written out, as CloudFormation allows. */
  map(name: string): Readonly<Record<string, string>> {
    const value = this.raw(name)
    if (value === undefined) return {}
    if (!isRecord(value)) {
      this.say(name, 'must be an object of texts')
      return {}
    }
    const entries: [string, string][] = []
    for (const [key, item] of Object.entries(value)) {
      if (typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean')
        entries.push([key, String(item)])
    }
    return Object.fromEntries(entries)
  }

  object(name: string): Fields | undefined {
    const value = this.raw(name)
    if (value === undefined) return undefined
    if (isRecord(value)) return new Fields(value, [...this.path, this.keyOf(name)], this.problems)
    this.say(name, 'must be an object')
    return undefined
  }

  objects(name: string): readonly Fields[] {
    const value = this.raw(name)
    if (value === undefined) return []
    if (!Array.isArray(value)) {
      this.say(name, 'must be a list of objects')
      return []
    }
    return value.flatMap((item: unknown, index) => {
      const path = [...this.path, this.keyOf(name), index]
      if (isRecord(item)) return [new Fields(item, path, this.problems)]
      this.problems.push({ path, message: 'must be an object' })
      return []
    })
  }

  say(name: string, message: string): void {
    this.problems.push({ path: [...this.path, this.keyOf(name)], message: `${name} ${message}` })
  }

  /** The key under which a member stands: as asked for, or with a capital when only that is there. */
  private keyOf(name: string): string {
    if (Object.hasOwn(this.value, name)) return name
    const capital = name.charAt(0).toUpperCase() + name.slice(1)
    return Object.hasOwn(this.value, capital) ? capital : name
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Larger files are refused before they are parsed; only Terraform plans come near it. */
const MAX_CHARACTERS = 64 * 1024 * 1024

/** Parses JSON that a user gave as `what` (a file's name); every fault is `invalid_usage` with file, line and column. */
export function parseDocument(text: string, what: string): JsonText {
  if (text.trim() === '') throw new AppError('invalid_usage', `${what} is empty: it must hold a JSON document.`)
  if (text.length > MAX_CHARACTERS) {
    throw new AppError(
      'invalid_usage',
      `${what} is larger than 64 MB, which none of these documents is: give the right file.`,
    )
  }
  try {
    return parseJsonText(text)
  } catch (error) {
    if (error instanceof AppError) throw new AppError('invalid_usage', `${what}: ${error.message}`, error.details)
    throw error
  }
}

/** The problems of a document as one `invalid_usage`, each with file, line and column where the text is known. */
export function problemsError(problems: readonly DocumentProblem[], what: string, text?: JsonText): AppError {
  const findings = problems.map(({ path, message }) => {
    const place = text?.placeAt(path)
    return { place: place ? `${what}:${place.line}:${place.column}` : formatPath(path) || what, message }
  })
  const [first] = findings
  return new AppError('invalid_usage', `${first?.place ?? what}: ${first?.message ?? 'is not valid'}.`, {
    findings: findings.slice(1),
  })
}

import type { Guard } from '../../contract/guard.ts'
import { compileJsonSchema } from '../../lib/json-schema.ts'
import { scannerOf, scannerOfWords } from '../../lib/linear/scanner.ts'
import { compileWildcards } from '../../lib/wildcard.ts'
import { compileSelector, type CallAttributes } from '../../quota/attributes.ts'
import type { Matcher } from './matcher.ts'
import { personalMatchers } from './personal.ts'

type Of<Kind extends Guard['kind']> = Extract<Guard, { kind: Kind }>

/** A guard that looks at texts, piece by piece. */
export type TextGuard = {
  readonly name: string
  readonly action: 'block' | 'mask' | 'restore'
  readonly input: boolean
  readonly output: boolean
  readonly refusesUnreadable: boolean
  readonly matchers: readonly Matcher[]
}

/** All guards that concern one caller, by what they look at. */
export type GuardSet = {
  readonly texts: readonly TextGuard[]
  readonly sizes: readonly Of<'size'>[]
  readonly tools: readonly { readonly name: string; readonly allows: (tool: string) => boolean }[]
  readonly schemas: readonly { readonly name: string; readonly accepts: (value: unknown) => boolean }[]
  readonly webhooks: readonly Of<'webhook'>[]
  /** Whether anything looks at answers, so that streams must be read and not only passed on. */
  readonly readsOutput: boolean
}

const MAX_REMEMBERED = 4_096

/** Compiled guards. Most configurations have none, and most callers few: the set of a caller is found once. */
export class Guards {
  readonly #rules: readonly {
    guard: Guard
    matches: (attributes: CallAttributes) => boolean
    compiled: Partial<GuardSet>
  }[]
  readonly #sets = new Map<string, GuardSet | undefined>()

  constructor(guards: readonly Guard[]) {
    this.#rules = guards.map((guard) => ({
      guard,
      matches: compileSelector(guard.for),
      compiled: compileGuard(guard),
    }))
  }

  /** The guards that concern a call; undefined when there are none. */
  for(attributes: CallAttributes): GuardSet | undefined {
    if (this.#rules.length === 0) return undefined
    const id = `${attributes.key}\0${attributes.team}\0${attributes.application}\0${attributes.model}`
    if (this.#sets.has(id)) return this.#sets.get(id)
    if (this.#sets.size >= MAX_REMEMBERED) this.#sets.clear()
    const set = merge(this.#rules.filter(({ matches }) => matches(attributes)).map(({ compiled }) => compiled))
    this.#sets.set(id, set)
    return set
  }
}

function merge(parts: readonly Partial<GuardSet>[]): GuardSet | undefined {
  if (parts.length === 0) return undefined
  const texts = parts.flatMap((part) => part.texts ?? [])
  const sizes = parts.flatMap((part) => part.sizes ?? [])
  const tools = parts.flatMap((part) => part.tools ?? [])
  const schemas = parts.flatMap((part) => part.schemas ?? [])
  const webhooks = parts.flatMap((part) => part.webhooks ?? [])
  const readsOutput =
    texts.some(({ output, action }) => output || action === 'restore') ||
    sizes.some(({ max_output_characters }) => max_output_characters !== undefined) ||
    tools.length > 0 ||
    schemas.length > 0 ||
    webhooks.some(({ on }) => on.includes('output'))
  return { texts, sizes, tools, schemas, webhooks, readsOutput }
}

function compileGuard(guard: Guard): Partial<GuardSet> {
  switch (guard.kind) {
    case 'patterns':
      return { texts: [textGuard(guard, patternMatchers(guard))] }
    case 'personal_data':
      return { texts: [textGuard(guard, personalMatchers(guard.find))] }
    case 'size':
      return { sizes: [guard] }
    case 'tools':
      return { tools: [{ name: guard.name, allows: compileWildcards(guard.allow) }] }
    case 'json_schema':
      return { schemas: [{ name: guard.name, accepts: compileJsonSchema(guard.schema) }] }
    case 'webhook':
      return { webhooks: [guard] }
  }
}

function textGuard(guard: Of<'patterns'> | Of<'personal_data'>, matchers: readonly Matcher[]): TextGuard {
  return {
    name: guard.name,
    action: guard.action,
    input: guard.on.includes('input'),
    // What is masked for the way out only is put back into the answer, not masked there.
    output: guard.on.includes('output') && guard.action !== 'restore',
    refusesUnreadable: guard.unreadable === 'refuse',
    matchers,
  }
}

function patternMatchers(guard: Of<'patterns'>): Matcher[] {
  const matchers: Matcher[] = []
  if (guard.words.length > 0)
    matchers.push({ label: 'word', scanner: scannerOfWords(guard.words, !guard.case_sensitive) })
  for (const pattern of guard.patterns)
    matchers.push({ label: 'pattern', scanner: scannerOf([pattern], !guard.case_sensitive) })
  return matchers
}

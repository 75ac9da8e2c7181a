import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml'
import type { z } from 'zod'
import { Configuration } from '../contract/configuration.ts'
import { isUnknownField, readIssue, valueAt } from '../contract/issue-words.ts'
import { nameOf, secretPaths } from '../contract/schema-path.ts'
import type { Finding } from './finding.ts'
import { judgeKeySecrets } from './key-secrets.ts'
import { isReference, type ReferenceScope, resolveReference } from './reference.ts'

type Path = readonly (string | number)[]

/** A file as it was read: its configuration with references still in it, or what is wrong. */
export type ConfigurationText =
  | { readonly ok: true; readonly configuration: Configuration; readonly warnings: readonly Finding[] }
  | { readonly ok: false; readonly findings: readonly Finding[] }

/** Reads the text of a `portreeve.yaml` and validates it whole: every finding at its place, in the order of the file. */
export function readConfigurationText(text: string, file: string, scope: ReferenceScope): ConfigurationText {
  const counter = new LineCounter()
  const document = parseDocument(text, { lineCounter: counter, uniqueKeys: true, prettyErrors: false })
  const finding = (offset: number, path: Path, message: string): Finding => {
    const { line, col } = counter.linePos(offset)
    return { file, line: Math.max(1, line), column: Math.max(1, col), field: nameOf(path), message }
  }
  if (document.errors.length > 0) {
    return { ok: false, findings: document.errors.map((error) => finding(error.pos[0], [], inWords(error.message))) }
  }
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: 100 }) ?? {}
  } catch (error) {
    // An alias without its anchor, or aliases that would unfold without end.
    return { ok: false, findings: [finding(0, [], (error as Error).message)] }
  }
  const parsed = Configuration.safeParse(value)
  const at = (path: Path, message: string) => finding(offsetOf(document, path), path, message)
  const secrets = parsed.success ? judgeKeySecrets(parsed.data, scope, at) : undefined
  const findings = parsed.success
    ? [...duplicates(parsed.data, at), ...missingReferences(parsed.data, scope, at), ...(secrets?.wrong ?? [])]
    : parsed.error.issues.flatMap((issue) => inPlace(issue, value, document, finding))
  if (parsed.success && findings.length === 0)
    return { ok: true, configuration: parsed.data, warnings: secrets?.unwise ?? [] }
  return { ok: false, findings: findings.toSorted((a, b) => a.line - b.line || a.column - b.column) }
}

type FindingAt = (path: Path, message: string) => Finding

function inPlace(
  issue: z.core.$ZodIssue,
  value: unknown,
  document: Document,
  finding: (offset: number, path: Path, message: string) => Finding,
): Finding[] {
  return readIssue(Configuration, issue, value, 'put it in quotation marks').map(({ path, message }) => {
    const last = path.at(-1)
    const offset = isUnknownField(issue)
      ? keyOffset(document, path.slice(0, -1), String(last))
      : offsetOf(document, path)
    return finding(offset, path, message)
  })
}

/** Lists whose entries are known by a name of their own. */
const NAMED = [
  ['providers', 'id'],
  ['aliases', 'name'],
  ['keys', 'name'],
  ['limits', 'name'],
  ['budgets', 'name'],
  ['guards', 'name'],
] as const

function duplicates(configuration: Configuration, at: FindingAt): Finding[] {
  return NAMED.flatMap(([list, field]) => {
    const first = new Map<string, number>()
    return (configuration[list] as readonly Readonly<Record<string, unknown>>[]).flatMap((entry, index) => {
      const name = String(entry[field])
      const before = first.get(name)
      if (before === undefined) first.set(name, index)
      return before === undefined
        ? []
        : [at([list, index, field], `"${name}" is the name of ${list}[${before}] already; choose another`)]
    })
  })
}

function missingReferences(configuration: Configuration, scope: ReferenceScope, at: FindingAt): Finding[] {
  return secretPaths(Configuration, configuration).flatMap((path) => {
    const secret = valueAt(configuration, path)
    if (typeof secret !== 'string' || !isReference(secret)) return []
    const resolved = resolveReference(secret, scope)
    return 'missing' in resolved ? [at(path, resolved.missing)] : []
  })
}

/** Where a path stands in the text; a path that is missing stands at what lacks it. */
export function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length >= 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as Node | undefined
    if (!node?.range) continue
    // A field that is missing is shown at the object that lacks it; a present one at its value.
    return node.range[0]
  }
  return 0
}

function keyOffset(document: Document, path: Path, key: string): number {
  const parent = path.length === 0 ? document.contents : document.getIn(path, true)
  if (isMap(parent)) {
    for (const pair of parent.items)
      if (isScalar(pair.key) && String(pair.key.value) === key) return pair.key.range?.[0] ?? 0
  }
  return isSeq(parent) ? (parent.range?.[0] ?? 0) : offsetOf(document, path)
}

function inWords(message: string): string {
  return message.replace(/^Map keys must be unique$/, 'this field is given twice; keep one')
}

import type { Place } from './json-text.ts'

export const SEVERITIES = ['error', 'warning', 'info'] as const
export type Severity = (typeof SEVERITIES)[number]

/** Something found wrong in a user's file: what, where, why, and what to do about it. */
export type Finding = {
  /** Stable and in kebab-case; what CI filters and suppressions name. */
  readonly id: string
  readonly severity: Severity
  readonly file: string
  readonly place: Place | undefined
  readonly reason: string
  readonly remedy: string
  /** Documentation of the matter, if any. */
  readonly link: string | undefined
}

export const FINDING_FORMATS = ['text', 'json', 'sarif', 'github'] as const
export type FindingFormat = (typeof FINDING_FORMATS)[number]

/** Findings by severity, then by place. */
export function sortFindings(findings: readonly Finding[]): readonly Finding[] {
  const rank = (finding: Finding) => SEVERITIES.indexOf(finding.severity)
  return findings.toSorted(
    (one, other) =>
      rank(one) - rank(other) ||
      one.file.localeCompare(other.file) ||
      (one.place?.line ?? 0) - (other.place?.line ?? 0) ||
      (one.place?.column ?? 0) - (other.place?.column ?? 0) ||
      one.id.localeCompare(other.id),
  )
}

/** Renders findings for people, for programs, for code scanning (SARIF 2.1.0) or as workflow commands that annotate a pull request. */
export function renderFindings(findings: readonly Finding[], format: FindingFormat, version: string): string {
  if (format === 'json') return `${JSON.stringify({ ...countFindings(findings), findings })}\n`
  if (format === 'sarif') return `${JSON.stringify(toSarif(findings, version), null, 2)}\n`
  if (format === 'github') return findings.map(toWorkflowCommand).join('')
  return toText(findings)
}

export function countFindings(findings: readonly Finding[]): { errors: number; warnings: number; infos: number } {
  const count = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length
  return { errors: count('error'), warnings: count('warning'), infos: count('info') }
}

function toText(findings: readonly Finding[]): string {
  const blocks = findings.map((finding) => {
    const place = finding.place ? `${finding.file}:${finding.place.line}:${finding.place.column}` : finding.file
    const link = finding.link ? [`  See: ${finding.link}`] : []
    return [
      `${place} ${finding.severity} ${finding.id}`,
      `  ${finding.reason}`,
      `  Fix: ${finding.remedy}`,
      ...link,
      '',
    ].join('\n')
  })
  const { errors, warnings, infos } = countFindings(findings)
  const numbered = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`
  return `${[...blocks, `${numbered(errors, 'error')}, ${numbered(warnings, 'warning')}, ${infos} info`].join('\n')}\n`
}

const COMMANDS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'notice' }

function toWorkflowCommand(finding: Finding): string {
  const data = (text: string) => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
  const property = (text: string) => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
  const place = finding.place ? `,line=${finding.place.line},col=${finding.place.column}` : ''
  const head = `::${COMMANDS[finding.severity]} file=${property(finding.file)}${place},title=${property(finding.id)}`
  return `${head}::${data(`${finding.reason} Fix: ${finding.remedy}`)}\n`
}

const LEVELS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'note' }

function toSarif(findings: readonly Finding[], version: string): unknown {
  const rules = [...new Map(findings.map((finding) => [finding.id, finding])).values()].toSorted((one, other) =>
    one.id.localeCompare(other.id),
  )
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'Portreeve',
            semanticVersion: version,
            rules: rules.map(({ id, remedy, link }) => ({
              id,
              shortDescription: { text: id.replaceAll('-', ' ') },
              help: { text: remedy },
              ...(link ? { helpUri: link } : {}),
            })),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: findings.map((finding) => ({
          ruleId: finding.id,
          ruleIndex: rules.findIndex(({ id }) => id === finding.id),
          level: LEVELS[finding.severity],
          message: { text: `${finding.reason} Fix: ${finding.remedy}` },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: encodeURI(finding.file) },
                ...(finding.place
                  ? { region: { startLine: finding.place.line, startColumn: finding.place.column } }
                  : {}),
              },
            },
          ],
        })),
      },
    ],
  }
}

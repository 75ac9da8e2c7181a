import { AppError } from '../errors.ts'

/** One thing that is wrong with a configuration file. Lines and columns count from 1. */
export type Finding = {
  readonly file: string
  readonly line: number
  readonly column: number
  /** `providers[0].base_url`; '' for the file as a whole. */
  readonly field: string
  readonly message: string
}

/** `portreeve.yaml:4:7`, as editors and terminals make it a link. */
export function placeOf({ file, line, column }: Finding): string {
  return `${file}:${line}:${column}`
}

/** One finding as people read it: place, field, what is wrong. */
export function lineOf(finding: Finding): string {
  return `${placeOf(finding)}: ${finding.field ? `${finding.field}: ` : ''}${finding.message}`
}

/** The refusal of a file, with every finding in it. */
export function refusal(file: string, findings: readonly Finding[]): AppError {
  const count = findings.length === 1 ? 'one thing is' : `${findings.length} things are`
  return new AppError('invalid_configuration', `${file} was refused: ${count} wrong in it.`, {
    findings: findings.map((finding) => ({
      place: placeOf(finding),
      message: finding.field ? `${finding.field}: ${finding.message}` : finding.message,
    })),
  })
}

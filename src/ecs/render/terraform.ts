import type { DerivedRole } from '../derive.ts'
import { statementsWithReasons } from './reasons.ts'

/** Terraform resources for the role and its policy, with the reasons as comments. */
export function renderTerraform(role: DerivedRole): string {
  const name = role.roleName
    .replace(/[^A-Za-z0-9_]+/g, '_')
    .replace(/^(\d)/, '_$1')
    .toLowerCase()
  const lines = [
    `resource "aws_iam_role" "${name}" {`,
    `  name = ${text(role.roleName)}`,
    `  assume_role_policy = jsonencode(${hcl(role.trustPolicy, 2)})`,
    '}',
  ]
  const [policy] = role.policies
  if (policy) {
    lines.push(
      '',
      `resource "aws_iam_role_policy" "${name}" {`,
      `  name = ${text(policy.name)}`,
      `  role = aws_iam_role.${name}.id`,
      '  policy = jsonencode({',
      `    Version = ${text(policy.document.Version ?? '')}`,
      '    Statement = [',
      ...statementsWithReasons(role).flatMap(({ statement, why }) => [
        ...why.map((line) => `      # ${line}`),
        `      ${hcl(statement, 6)},`,
      ]),
      '    ]',
      '  })',
      '}',
    )
  }
  return `${lines.join('\n')}\n`
}

/** A quoted text in which Terraform sees no template. */
function text(value: string): string {
  return JSON.stringify(value).replace(/[$%]\{/g, (brace) => brace.charAt(0) + brace)
}

function hcl(value: unknown, indent: number): string {
  const pad = ' '.repeat(indent)
  if (typeof value === 'string') return text(value)
  if (Array.isArray(value))
    return `[${value.map((entry: unknown) => `\n${pad}  ${hcl(entry, indent + 2)},`).join('')}\n${pad}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).map(([key, entry]) => {
    const name = /^[A-Za-z]+$/.test(key) ? key : text(key)
    return `\n${pad}  ${name} = ${hcl(entry, indent + 2)}`
  })
  return `{${members.join('')}\n${pad}}`
}

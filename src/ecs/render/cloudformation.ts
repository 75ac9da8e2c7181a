import type { DerivedRole } from '../derive.ts'
import { pascalName, statementsWithReasons } from './reasons.ts'

/** A CloudFormation template in YAML with the role as its one resource, and the reasons as comments. */
export function renderCloudFormation(role: DerivedRole): string {
  const logicalId = pascalName(role.roleName)
  const lines = [
    'AWSTemplateFormatVersion: "2010-09-09"',
    'Resources:',
    `  ${logicalId}:`,
    '    Type: AWS::IAM::Role',
    '    Properties:',
    `      RoleName: ${JSON.stringify(role.roleName)}`,
    '      AssumeRolePolicyDocument:',
    ...yaml(role.trustPolicy, 8),
  ]
  const [policy] = role.policies
  if (policy) {
    lines.push(
      '      Policies:',
      `        - PolicyName: ${JSON.stringify(policy.name)}`,
      '          PolicyDocument:',
      `            Version: ${JSON.stringify(policy.document.Version)}`,
      '            Statement:',
      ...statementsWithReasons(role).flatMap(({ statement, why }) => [
        ...why.map((line) => `              # ${line}`),
        ...item(statement, 14),
      ]),
    )
  }
  lines.push('Outputs:', '  RoleArn:', '    Value: !GetAtt', `      - ${logicalId}`, '      - Arn')
  return `${lines.join('\n')}\n`
}

/** Block YAML of a value; every scalar is a quoted text, which YAML and CloudFormation read alike. */
function yaml(value: unknown, indent: number): readonly string[] {
  const pad = ' '.repeat(indent)
  if (Array.isArray(value)) return value.flatMap((entry: unknown) => item(entry, indent))
  if (typeof value !== 'object' || value === null) return [`${pad}${JSON.stringify(value)}`]
  return Object.entries(value).flatMap(([key, entry]) => {
    const name = /^[A-Za-z]+$/.test(key) ? key : JSON.stringify(key)
    return typeof entry === 'object' && entry !== null
      ? [`${pad}${name}:`, ...yaml(entry, indent + 2)]
      : [`${pad}${name}: ${JSON.stringify(entry)}`]
  })
}

function item(value: unknown, indent: number): readonly string[] {
  const [first = '', ...rest] = yaml(value, indent + 2)
  return [`${' '.repeat(indent)}- ${first.slice(indent + 2)}`, ...rest]
}

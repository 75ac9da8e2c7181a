import type { DerivedRole } from '../derive.ts'
import { statementsOf } from '../../iam/policy.ts'
import { pascalName, statementsWithReasons } from './reasons.ts'

/** A CDK construct in TypeScript for the role, with the reasons as comments. */
export function renderCdk(role: DerivedRole): string {
  const name = pascalName(role.roleName)
  const [trust] = statementsOf(role.trustPolicy)
  const [policy] = role.policies
  const statements = statementsWithReasons(role).flatMap(({ statement, why }) => [
    ...why.map((line) => `          // ${line}`),
    `          iam.PolicyStatement.fromJson(${code(statement, 10)}),`,
  ])
  const inline = policy
    ? [
        '      inlinePolicies: {',
        `        ${JSON.stringify(policy.name)}: new iam.PolicyDocument({ statements: [`,
        ...statements,
        '        ] }),',
        '      },',
      ]
    : []
  return `${[
    "import * as iam from 'aws-cdk-lib/aws-iam'",
    "import { Construct } from 'constructs'",
    '',
    `export class ${name} extends iam.Role {`,
    '  constructor(scope: Construct, id: string) {',
    '    super(scope, id, {',
    `      roleName: ${JSON.stringify(role.roleName)},`,
    `      assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com', { conditions: ${code(trust?.Condition, 6)} }),`,
    ...inline,
    '    })',
    '  }',
    '}',
  ].join('\n')}\n`
}

function code(value: unknown, indent: number): string {
  return JSON.stringify(value, null, 2).replaceAll('\n', `\n${' '.repeat(indent)}`)
}

import { lintRoleFile } from '../iam/lint/lint.ts'
import { FINDING_FORMATS, type FindingFormat, renderFindings, SEVERITIES, type Severity } from '../lib/findings.ts'
import { defineCommand } from './command.ts'
import { asUsage, readUserJson } from './files.ts'
import { version } from './version.ts'

export const roleLint = defineCommand({
  name: 'role lint',
  summary: 'find what is wrong, useless or too wide in an execution role',
  about: [
    'FILE is a policy document, a role {"trustPolicy", "policies": [{"name", "document"}]}, the output of aws iam get-role, get-role-policy, get-policy-version or',
    'get-account-authorization-details, or a CloudFormation template. Exit code 1 when a finding is an error (see --fail-on).',
  ].join(' '),
  positionals: [{ name: 'FILE', about: 'the role or policy as JSON, or - for standard input', required: true }],
  options: {
    'role-name': { about: "the role's name, when the file does not say it", value: 'NAME' },
    format: { about: 'how findings are shown', value: 'FORMAT', choices: FINDING_FORMATS, default: 'text' },
    'fail-on': {
      about: 'the least grave finding that makes the exit code 1',
      value: 'SEVERITY',
      choices: [...SEVERITIES, 'never'],
      default: 'error',
    },
  },
  examples: [
    'portreeve role lint role.json',
    'aws iam get-role-policy --role-name app --policy-name pull | portreeve role lint -',
    'portreeve role lint role.json --format sarif > role.sarif',
  ],
  async run(input, io) {
    const file = input.positionals[0] ?? '-'
    const text = await readUserJson(file, io)
    const name = file === '-' ? 'stdin' : file
    const lint = lintRoleFile(text, { file: name, roleName: input.text('role-name') })
    const findings = await lint.catch((error: unknown) =>
      asUsage(name, () => {
        throw error
      }),
    )
    const format = input.json ? 'json' : (input.text('format') as FindingFormat)
    io.out(renderFindings(findings, format, version))
    const least = SEVERITIES.indexOf(input.text('fail-on') as Severity)
    return findings.some(({ severity }) => SEVERITIES.indexOf(severity) <= least) ? 1 : 0
  },
})

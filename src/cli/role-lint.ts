import type { LintNeed } from '../iam/lint/rule-needs.ts'
import { FINDING_FORMATS, type FindingFormat, renderFindings, SEVERITIES, type Severity } from '../lib/findings.ts'
import { defineCommand, type Input } from './command.ts'
import { asUsage, readUserFile } from './files.ts'
import type { Io } from './io.ts'
import { version } from '../lib/version.ts'

export const roleLint = defineCommand({
  name: 'role lint',
  summary: 'find what is wrong, useless or too wide in an execution role',
  about: [
    'FILE is a policy document, a role {"trustPolicy", "policies": [{"name", "document"}]}, the output of aws iam get-role, get-role-policy, get-policy-version or',
    'get-account-authorization-details, or a CloudFormation template, in JSON or YAML. Exit code 1 when a finding is an error (see --fail-on). docs/role-lint.md explains every finding.',
  ].join(' '),
  positionals: [{ name: 'FILE', about: 'the role or policy as JSON or YAML, or - for standard input', required: true }],
  options: {
    'task-definition': {
      about: 'also say what this task does not need, and what it lacks; may be repeated',
      value: 'FILE',
      many: true,
    },
    facts: { about: 'what is known of the account, for --task-definition', value: 'FILE' },
    region: { about: 'the region the task runs in', value: 'REGION' },
    account: { about: 'the account the task runs in', value: 'ACCOUNT' },
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
    'portreeve role lint role.json --task-definition task.json',
    'aws iam get-role-policy --role-name app --policy-name pull | portreeve role lint -',
    'portreeve role lint role.json --format sarif > role.sarif',
  ],
  async run(input, io) {
    const { lintRoleFile } = await import('../iam/lint/lint.ts')
    const file = input.positionals[0] ?? '-'
    const name = file === '-' ? 'stdin' : file
    const { parseSource } = await import('../ecs/template/source.ts')
    const text = parseSource(await readUserFile(file, io), name)
    const needs = await needsFrom(input, io)
    const lint = lintRoleFile(text, { file: name, roleName: input.text('role-name'), needs })
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

/** What the task definitions need of their execution role; nothing when none is given. */
async function needsFrom(input: Input, io: Io): Promise<readonly LintNeed[] | undefined> {
  const paths = input.list('task-definition')
  if (paths.length === 0) return undefined
  const [{ needsOf }, { resolveSetting }, { readFacts, readTaskDefinition }] = await Promise.all([
    import('../ecs/needs.ts'),
    import('../ecs/setting.ts'),
    import('./role-input.ts'),
  ])
  const facts = await readFacts(input, io)
  const needs = await Promise.all(
    paths.map(async (path) => {
      const task = await readTaskDefinition(path, io)
      const { setting } = resolveSetting(task, undefined, facts)
      return needsOf(task, { ...setting, hasExecutionRole: true })
    }),
  )
  return needs.flat().filter(({ actor }) => actor === 'execution-role')
}

import { AWS_OPTIONS } from './aws-options.ts'
import { type Command, defineCommand, type Option } from './command.ts'

const PLACE: Readonly<Record<string, Option>> = {
  facts: {
    about: 'what is known of the account: log groups, secrets, network (see docs/execution-role.md)',
    value: 'FILE',
  },
  region: { about: 'the region the task runs in', value: 'REGION' },
  account: { about: 'the account the task runs in', value: 'ACCOUNT' },
}

const roleDerive = defineCommand({
  name: 'role derive',
  summary: 'write the least execution role that task definitions need',
  about: [
    'Trust policy with conditions against confused deputies, and one statement for each kind of need with exact ARNs. Several task definitions give one merged role.',
    'Notes go to standard error. What the containers themselves call belongs to the task role: --task-role derives that one.',
  ].join('\n'),
  positionals: [{ name: 'FILE', about: 'further task definitions', many: true }],
  options: {
    'task-definition': {
      about: 'task definition as JSON, or - for standard input',
      value: 'FILE',
      required: true,
      many: true,
    },
    'role-name': {
      about: "the role's name (default CSECSTaskExecutionRole, for the task role CSECSTaskRole)",
      value: 'NAME',
    },
    format: {
      about: 'how the role is written',
      value: 'FORMAT',
      choices: ['json', 'cloudformation', 'terraform', 'cdk'],
      default: 'json',
    },
    'task-role': { about: 'derive the task role in place of the execution role' },
    'source-vpce': { about: 'let images be pulled through this VPC endpoint only', value: 'VPCE' },
    'enable-execute-command': { about: 'the tasks run with ECS Exec' },
    'launch-type': {
      about: 'how the tasks run; else what each task definition requires',
      value: 'TYPE',
      choices: ['FARGATE', 'EC2', 'EXTERNAL'],
    },
    ...PLACE,
  },
  examples: [
    'portreeve role derive --task-definition task.json --region eu-central-1 --account 111122223333',
    'portreeve role derive --task-definition api.json worker.json --format terraform > role.tf',
  ],
  async run(input, io) {
    const { runDerive } = await import('./role-derive.ts')
    return runDerive(input, io)
  },
})

const rolePreflight = defineCommand({
  name: 'role preflight',
  summary: 'predict an ECS launch step by step, with the exact error that ECS would show',
  about: [
    'Offline: nothing is asked of AWS. Each step is ok, fails, or is unknown, and then says which fact would decide it. Exit code 1 when a step is sure to fail.',
    'Without --role only what does not need the role is decided.',
  ].join('\n'),
  options: {
    'task-definition': {
      about: 'task definition as JSON: for register, from describe, or a CloudFormation resource',
      value: 'FILE',
      required: true,
    },
    role: { about: 'the execution role: trust policy, policies, boundary', value: 'FILE' },
    'launch-type': {
      about: 'how the task runs; else what the task definition requires',
      value: 'TYPE',
      choices: ['FARGATE', 'EC2', 'EXTERNAL'],
    },
    ...PLACE,
  },
  examples: [
    'portreeve role preflight --task-definition task.json --role role.json',
    'portreeve role preflight --task-definition task.json --role role.json --facts facts.json --json',
  ],
  async run(input, io) {
    const { runPreflight } = await import('./role-preflight.ts')
    return runPreflight(input, io)
  },
})

const roleTest = defineCommand({
  name: 'role test',
  summary: 'predict an array of launches and compare with what each expects',
  about: [
    'Each case is {"id", "taskDefinition", "role", "context", "expected"}; expected is {"ok", "failingStep"?, "missingActions"?, "stoppedReasonContains"?, "warnings"?}.',
    'Every action, text and warning that a case names must be found; what it leaves out is not looked at. Exit code 1 when a case fails.',
  ].join('\n'),
  positionals: [{ name: 'CASES.json', about: 'the cases, or - for standard input', required: true }],
  examples: ['portreeve role test role-cases.json'],
  async run(input, io) {
    const { runRoleTest } = await import('./role-test.ts')
    return runRoleTest(input, io)
  },
})

const roleExplain = defineCommand({
  name: 'role explain',
  summary: 'say what a stopped reason, service event or API error of ECS means, and what mends it',
  about: [
    'Knows the texts of Fargate and of the EC2 agent in old and new wordings, also cut off. Reads standard input when no TEXT is given, and then also what',
    '"aws ecs describe-tasks" answers. --task asks AWS for the texts of a task, and predicts its launch from the facts of the account. Exit code 1 when the text is unknown.',
  ].join(' '),
  positionals: [{ name: 'TEXT', about: 'the text in quotes, or - for standard input' }],
  options: {
    task: { about: 'read the texts of this task from AWS', value: 'ARN' },
    'task-definition': { about: 'also say what the preflight of this task definition predicts', value: 'FILE' },
    role: { about: 'the execution role for that preflight', value: 'FILE' },
    ...AWS_OPTIONS,
    ...PLACE,
  },
  examples: [
    'portreeve role explain "ResourceInitializationError: unable to pull secrets or registry auth: ..."',
    'aws ecs describe-tasks --cluster prod --tasks TASK | portreeve role explain',
    'portreeve role explain --task arn:aws:ecs:eu-central-1:111122223333:task/prod/0123456789abcdef0123456789abcdef',
  ],
  async run(input, io) {
    const { runExplain } = await import('./role-explain.ts')
    return runExplain(input, io)
  },
})

const roleCheck = defineCommand({
  name: 'role check',
  summary: 'preflight every task definition of a template or plan before it is deployed',
  about: [
    'TEMPLATE is a CloudFormation template (JSON or YAML, also of SAM), the output of "terraform show -json PLAN", or a CDK output folder (cdk.out).',
    'References inside the file are followed; what only the deployment knows is said to be unknown, never guessed. Exit code 1 when a task is sure to fail.',
  ].join('\n'),
  positionals: [
    { name: 'TEMPLATE', about: 'template, plan or cdk.out, or - for standard input', required: true, many: true },
  ],
  options: {
    parameter: { about: "the value of a template's parameter", value: 'NAME=VALUE', many: true },
    format: {
      about: 'how findings are shown',
      value: 'FORMAT',
      choices: ['text', 'json', 'sarif', 'github'],
      default: 'text',
    },
    ...PLACE,
  },
  examples: [
    'portreeve role check template.yaml',
    'portreeve role check cdk.out --format github',
    'terraform show -json plan | portreeve role check -',
  ],
  async run(input, io) {
    const { runCheck } = await import('./role-check.ts')
    return runCheck(input, io)
  },
})

/** Commands on execution roles that need no AWS. What they run is loaded when one of them is asked for. */
export const roleCommands: readonly Command[] = [roleDerive, rolePreflight, roleTest, roleCheck, roleExplain]

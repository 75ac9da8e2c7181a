import { AWS_OPTIONS } from './aws-options.ts'
import { type Command, defineCommand, type Option } from './command.ts'

const DESIRED: Readonly<Record<string, Option>> = {
  role: { about: 'the role as wanted: trust policy, policies, managedPolicyArns', value: 'FILE' },
  'task-definition': {
    about: 'derive the role from this task definition in place of --role; may be repeated',
    value: 'FILE',
    many: true,
  },
  facts: { about: 'facts to derive from; without it they are read from AWS', value: 'FILE' },
  'role-name': {
    about: "the role's name, when the file does not say it (derived: CSECSTaskExecutionRole)",
    value: 'NAME',
  },
  boundary: { about: 'the permissions boundary, or "none" to take it away; left out it stays as it is', value: 'ARN' },
  tag: { about: 'a tag that the role gets', value: 'KEY=VALUE', many: true },
}

const OWNERSHIP =
  'Only a role with the tag portreeve:managed=true is changed, and on it only the policies that Portreeve put there; the tags portreeve:policies-N record them.'

const rolePlan = defineCommand({
  name: 'role plan',
  summary: 'show what would change to make a live execution role what it should be',
  about: [
    'Compares the role in AWS with --role, or with the least role for --task-definition, and shows every step as a diff. Changes nothing.',
    OWNERSHIP,
  ].join('\n'),
  options: { ...DESIRED, ...AWS_OPTIONS },
  examples: [
    'portreeve role plan --role role.json',
    'portreeve role plan --task-definition task.json --region eu-central-1',
  ],
  run: async (input, io) => (await import('./role-live-run.ts')).runPlan(input, io),
})

const roleApply = defineCommand({
  name: 'role apply',
  summary: 'make a live execution role what it should be',
  about: [
    'Does what "role plan" shows, and nothing when nothing differs. When a step fails the ones before it are undone. Ends when IAM shows the new state.',
    'Refuses to allow more than the live role does, unless --allow-widening is given.',
    OWNERSHIP,
  ].join('\n'),
  options: {
    ...DESIRED,
    'allow-widening': { about: 'carry the plan out although the role will allow more than today' },
    settle: {
      about: 'seconds that a new role or trust policy is given to reach every region',
      value: 'N',
      default: '10',
    },
    ...AWS_OPTIONS,
  },
  examples: [
    'portreeve role apply --role role.json',
    'portreeve role apply --task-definition task.json --role-name app-execution --allow-widening',
  ],
  run: async (input, io) => (await import('./role-live-run.ts')).runApply(input, io),
})

const roleDestroy = defineCommand({
  name: 'role destroy',
  summary: 'delete an execution role that Portreeve made',
  about:
    'Refuses a role without the tag portreeve:managed, and one with policies that Portreeve did not put there. When a step fails the ones before it are undone.',
  options: {
    'role-name': { about: 'the role', value: 'NAME', required: true },
    'plan-only': { about: 'show the steps and do nothing' },
    ...AWS_OPTIONS,
  },
  examples: ['portreeve role destroy --role-name app-execution --plan-only'],
  run: async (input, io) => (await import('./role-live-run.ts')).runDestroy(input, io),
})

const PLACEMENT: Readonly<Record<string, Option>> = {
  'launch-type': {
    about: 'how the task runs; else what the task definition requires',
    value: 'TYPE',
    choices: ['FARGATE', 'EC2', 'EXTERNAL'],
  },
  cluster: { about: 'the cluster of --service', value: 'NAME' },
  service: { about: 'a service whose subnets and security groups the task gets', value: 'NAME' },
  subnet: { about: 'a subnet that the task may start in', value: 'ID', many: true },
  'security-group': { about: 'a security group of the task', value: 'ID', many: true },
  'assign-public-ip': { about: 'the task gets a public address' },
}

const roleFacts = defineCommand({
  name: 'role facts',
  summary: 'collect from AWS what decides the launch of a task: the facts that preflight and derive take',
  about: [
    'Reads whether log groups, repositories, images, secrets, parameters and files exist, which keys encrypt them, the policies on them, routes and VPC endpoints, the execution role with its boundary, and the organization policies where they may be seen. Changes nothing and reads no secret.',
    'What the caller may not see is left out and listed under missingPermissions (and on standard error). The role is under executionRole, in the form of a role file.',
  ].join('\n'),
  options: {
    'task-definition': { about: 'task definition as JSON, or - for standard input', value: 'FILE', required: true },
    'role-name': { about: 'the execution role, when the task definition does not name it', value: 'NAME' },
    ...PLACEMENT,
    ...AWS_OPTIONS,
  },
  examples: ['portreeve role facts --task-definition task.json --cluster main --service api > facts.json'],
  run: async (input, io) => (await import('./role-live-run.ts')).runFacts(input, io),
})

const taskRegister = defineCommand({
  name: 'task register',
  summary: 'register a task definition with its execution role, after a preflight against the live account',
  about: [
    'Reads the facts of the account and predicts the launch; registers when nothing is sure to fail, and only when the newest revision differs. A role that was made just now is waited for.',
    'FILE is what "aws ecs register-task-definition --cli-input-json" or "describe-task-definition" has.',
  ].join('\n'),
  options: {
    'task-definition': { about: 'task definition as JSON, or - for standard input', value: 'FILE', required: true },
    'role-name': { about: 'the execution role to set; else the one that the file names', value: 'NAME' },
    'skip-preflight': { about: 'register without looking at the account first' },
    ...PLACEMENT,
    ...AWS_OPTIONS,
  },
  examples: ['portreeve task register --task-definition task.json --role-name app-execution'],
  run: async (input, io) => (await import('./role-live-run.ts')).runRegister(input, io),
})

/** Commands that speak to AWS. What they run, and the AWS SDK with it, is loaded when one of them is asked for. */
export const liveCommands: readonly Command[] = [rolePlan, roleApply, roleDestroy, roleFacts, taskRegister]

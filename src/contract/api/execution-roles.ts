import { z } from 'zod'
import { route } from '../route.ts'

/** A JSON text as somebody pasted it: findings name its lines. */
const Document = z.string().min(1).max(1_000_000)

/** Where the task starts and what is known of its account; each part is optional, and what is not told stays unknown. */
const Setting = {
  /** Facts as JSON: log groups, secrets, keys, network … */
  facts: Document.optional(),
  account: z
    .string()
    .regex(/^\d{12}$/, 'write the account id with its 12 digits')
    .optional(),
  region: z
    .string()
    .regex(/^[a-z]{2,4}(-[a-z]+)+-\d+$/, 'write a region such as eu-central-1')
    .optional(),
  launch_type: z.enum(['FARGATE', 'EC2', 'EXTERNAL']).optional(),
}

const Statement = z.record(z.string(), z.unknown())
const Policy = z.object({ Version: z.string().optional(), Statement: z.array(Statement) })

/** One API call of a step as it would end. */
export const LaunchCall = z.object({
  action: z.string(),
  resource: z.string(),
  actor: z.string(),
  why: z.string(),
  outcome: z.enum(['allowed', 'denied', 'unknown']),
  /** The policy layer that decided, and the statement where one did. */
  layer: z.string().optional(),
  policy: z.string().optional(),
  statement: z.int().optional(),
  sid: z.string().optional(),
  /** The end of AWS's denial message. */
  reason: z.string().optional(),
  missingFacts: z.array(z.string()).optional(),
})
export type LaunchCall = z.infer<typeof LaunchCall>

const LaunchFailure = z.object({
  row: z.string(),
  cause: z.string(),
  surface: z.string(),
  text: z.string(),
  otherWordings: z.array(z.string()),
  missingActions: z.array(z.string()),
})

export const LaunchChange = z.object({
  target: z.string(),
  about: z.string(),
  resource: z.string().optional(),
  statement: Statement.optional(),
  remove: z.object({ policy: z.string(), statement: z.int(), sid: z.string().optional() }).optional(),
})

export const LaunchStep = z.object({
  step: z.string(),
  status: z.enum(['allowed', 'denied', 'unknown', 'not-needed']),
  calls: z.array(LaunchCall),
  failures: z.array(LaunchFailure),
  degradations: z.array(LaunchFailure),
  warnings: z.array(z.string()),
  missingFacts: z.array(z.string()),
  changes: z.array(LaunchChange),
})
export type LaunchStep = z.infer<typeof LaunchStep>

/** A launch as it would go, the same as `portreeve role preflight --json` prints. */
export const LaunchPreflight = z.object({
  ok: z.boolean(),
  failingStep: z.string().optional(),
  missingActions: z.array(z.string()),
  cause: z.string().optional(),
  stoppedReason: z.string().optional(),
  otherWordings: z.array(z.string()),
  shownIn: z.string().optional(),
  warnings: z.array(z.string()),
  assumptions: z.array(z.string()),
  missingFacts: z.array(z.string()),
  steps: z.array(LaunchStep),
  patch: z.object({ executionRole: Policy.optional(), changes: z.array(LaunchChange) }),
})
export type LaunchPreflight = z.infer<typeof LaunchPreflight>

export const preflightRole = route({
  method: 'POST',
  path: '/execution-roles/preflight',
  action: 'execution-roles:Use',
  summary: 'Predict an ECS launch step by step, with the text that ECS would show',
  body: z.strictObject({ task_definition: Document, role: Document.optional(), ...Setting }),
  result: LaunchPreflight,
})

export const deriveRole = route({
  method: 'POST',
  path: '/execution-roles/derive',
  action: 'execution-roles:Use',
  summary: 'Derive the least role with which task definitions start',
  body: z.strictObject({
    task_definitions: z.array(Document).min(1).max(50),
    role_name: z
      .string()
      .regex(/^[\w+=,.@-]{1,64}$/, 'use up to 64 letters, digits and _+=,.@-')
      .default('CSECSTaskExecutionRole'),
    /** The execution role is what ECS acts with; the task role what the containers act with. */
    kind: z.enum(['execution-role', 'task-role']).default('execution-role'),
    ...Setting,
  }),
  result: z.object({
    role_name: z.string(),
    role_arn: z.string(),
    /** Why each statement is there, by its Sid. */
    reasons: z.array(z.object({ sid: z.string(), why: z.array(z.string()) })),
    notes: z.array(z.string()),
    /** The role as files. */
    json: z.string(),
    cloudformation: z.string(),
    terraform: z.string(),
    cdk: z.string(),
  }),
})

export const RoleFinding = z.object({
  id: z.string(),
  severity: z.enum(['error', 'warning', 'info']),
  line: z.int().nullable(),
  column: z.int().nullable(),
  reason: z.string(),
  remedy: z.string(),
  link: z.string().nullable(),
})
export type RoleFinding = z.infer<typeof RoleFinding>

export const lintRole = route({
  method: 'POST',
  path: '/execution-roles/lint',
  action: 'execution-roles:Use',
  summary: 'Find what is wrong, useless or too wide in an execution role or policy',
  body: z.strictObject({
    role: Document,
    task_definitions: z.array(Document).max(50).default([]),
    role_name: z.string().max(64).optional(),
    ...Setting,
  }),
  result: z.object({ findings: z.array(RoleFinding), errors: z.int(), warnings: z.int(), infos: z.int() }),
})

export const checkTemplate = route({
  method: 'POST',
  path: '/execution-roles/template',
  action: 'execution-roles:Use',
  summary: 'Check every task definition and execution role in a CloudFormation template or a Terraform plan',
  body: z.strictObject({ template: Document, parameters: z.record(z.string(), z.string()).default({}), ...Setting }),
  result: z.object({
    tasks: z.array(
      z.object({
        /** Its logical name in the template. */
        name: z.string(),
        /** Null when too little of it is known in the template to predict its launch. */
        preflight: LaunchPreflight.nullable(),
        findings: z.array(RoleFinding),
      }),
    ),
  }),
})

/** What a stopped reason means, who was denied what, and what mends it. */
export const ReasonExplained = z.object({
  text: z.string(),
  row: z.string().optional(),
  step: z.string().optional(),
  cause: z.string(),
  surfaces: z.array(z.string()),
  means: z.string(),
  denied: z
    .object({
      principal: z.string().optional(),
      action: z.string(),
      resource: z.string().optional(),
      layer: z.string().optional(),
      explicit: z.boolean(),
      policyArn: z.string().optional(),
    })
    .optional(),
  fix: z.object({ about: z.string(), statement: Statement.optional(), target: z.string().optional() }),
  certainty: z.enum(['certain', 'likely', 'possible']),
  wrapped: z.boolean(),
})
export type ReasonExplained = z.infer<typeof ReasonExplained>

export const explainReason = route({
  method: 'POST',
  path: '/execution-roles/explain',
  action: 'execution-roles:Use',
  summary: 'Explain a stopped reason, or every one in the output of `aws ecs describe-tasks`',
  body: z.strictObject({ text: Document }),
  result: z.object({ reasons: z.array(ReasonExplained) }),
})

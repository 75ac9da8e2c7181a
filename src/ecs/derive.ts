import { AppError } from '../errors.ts'
import { listOf, type PolicyDocument, type PolicyStatement } from '../iam/policy.ts'
import type { Facts } from './facts.ts'
import { trustStatement } from './launch/assume-role.ts'
import { isAwsRepository } from './launch/resource-side.ts'
import { hasUnknown, mergeNeeds, type Need, unknownParts } from './need.ts'
import { needsOf } from './needs.ts'
import { resolveSetting } from './setting.ts'
import { mergeStatements } from './statements.ts'
import type { TaskDefinition } from './task-definition.ts'

export type DeriveOptions = {
  readonly roleName: string
  /** The task role holds what the containers themselves do; the execution role what ECS does for them. */
  readonly kind: 'execution-role' | 'task-role'
  /** Lets images be pulled through this VPC endpoint only. Never a condition on the token: that call does not pass the endpoint. */
  readonly sourceVpce?: string
}

/** A role that lets its tasks start, and nothing else. */
export type DerivedRole = {
  readonly kind: DeriveOptions['kind']
  readonly roleName: string
  readonly roleArn: string
  readonly trustPolicy: PolicyDocument
  /** One policy, absent when the tasks need no permission at all. */
  readonly policies: readonly { readonly name: string; readonly document: PolicyDocument }[]
  /** Why each statement is there, by its Sid. */
  readonly reasons: readonly { readonly sid: string; readonly why: readonly string[] }[]
  readonly needs: readonly Need[]
  readonly notes: readonly string[]
}

/** Characters of all inline policies of one role together (IAM quotas). */
const INLINE_LIMIT = 10_240

/** The least role that serves all the task definitions. Throws `invalid_usage` when account or region are not known. */
export function deriveRole(tasks: readonly TaskDefinition[], facts: Facts, options: DeriveOptions): DerivedRole {
  const places = tasks.map((task) => {
    const withRole = { ...task, executionRoleArn: task.executionRoleArn ?? options.roleName }
    return { task: withRole, resolved: resolveSetting(withRole, undefined, facts) }
  })
  const settings = places.map(({ resolved }) => resolved.setting)
  const all = mergeNeeds(places.flatMap(({ task, resolved }) => needsOf(task, resolved.setting)))
  const needs = all
    .filter((need) => need.actor === options.kind)
    .map((need) => throughEndpoint(need, options.sourceVpce))
  requireKnown(
    needs,
    settings.map((setting) => [setting.account, setting.region]),
  )
  const [setting] = settings
  if (!setting) throw new AppError('invalid_usage', 'Give at least one task definition.')
  const accounts = [...new Set(settings.map(({ account }) => account))]
  if (accounts.length > 1) {
    throw new AppError(
      'invalid_usage',
      `The task definitions belong to the accounts ${accounts.join(' and ')}: a role serves one account, derive one for each.`,
    )
  }
  const { statements, reasons } = statementsFor(needs)
  const name = options.kind === 'execution-role' ? 'ecs-task-execution' : 'ecs-task'
  const document: PolicyDocument = { Version: '2012-10-17', Statement: statements }
  return {
    kind: options.kind,
    roleName: options.roleName,
    roleArn: `arn:${setting.partition}:iam::${setting.account}:role/${options.roleName}`,
    trustPolicy: { Version: '2012-10-17', Statement: [trustFor(settings)] },
    policies: statements.length > 0 ? [{ name, document }] : [],
    reasons,
    needs,
    notes: [
      ...new Set([
        ...places.flatMap(({ resolved }) => resolved.assumptions.map((text) => `Assumed ${text}.`)),
        ...notesOn(document, all, options),
      ]),
    ],
  }
}

/** AWS documents the condition for the pull actions alone ("Amazon ECR with interface VPC endpoints"). */
function throughEndpoint(need: Need, endpoint: string | undefined): Need {
  if (endpoint === undefined || need.feature !== 'ecr-pull') return need
  return { ...need, condition: { StringEquals: { 'aws:SourceVpce': endpoint } } }
}

/** What keeps an exact ARN from being written is asked for, never made up. */
function requireKnown(needs: readonly Need[], places: readonly (readonly [string, string])[]): void {
  const missing = new Set([...places.flat(), ...needs.flatMap((need) => need.grants)].flatMap(unknownParts))
  const flags = ['account', 'region'].filter((part) => missing.has(part))
  if (flags.length > 0) {
    const options = flags.map((flag) => `--${flag}`).join(' and ')
    throw new AppError(
      'invalid_usage',
      `The ${flags.join(' and ')} of the task ${flags.length > 1 ? 'are' : 'is'} not known from the task definition: give ${options}, or a facts file with accountId and region.`,
    )
  }
  const need = needs.find(({ grants }) => grants.some(hasUnknown))
  if (need)
    throw new AppError(
      'invalid_usage',
      `${need.why}: ${unknownParts(need.grants.join(' ')).join(', ')} is missing in the task definition.`,
    )
}

function trustFor(settings: readonly { partition: string; region: string; account: string }[]): PolicyStatement {
  const statements = settings.map(trustStatement)
  const [first] = statements
  const sources = [...new Set(statements.map((statement) => statement.Condition.ArnLike['aws:SourceArn']))]
  if (!first) throw new AppError('invalid_usage', 'Give at least one task definition.')
  return { ...first, Condition: { ...first.Condition, ArnLike: { 'aws:SourceArn': one(sources) } } }
}

function one(values: readonly string[]): string | readonly string[] {
  return values.length === 1 && values[0] !== undefined ? values[0] : values
}

/** One statement for each kind of need; the Sid says which, `reasons` say for what. */
function statementsFor(needs: readonly Need[]) {
  const services = [...new Set(needs.map((need) => need.action.split(':')[0]))]
  const merged = services.flatMap((service) =>
    mergeStatements(
      needs
        .filter((need) => need.action.split(':')[0] === service)
        .map((need): PolicyStatement => ({
          Effect: 'Allow',
          Action: need.action,
          Resource: one(need.grants),
          ...(need.condition ? { Condition: need.condition } : {}),
        })),
    ),
  )
  const used = new Map<string, number>()
  const named = merged.map((statement): PolicyStatement & { readonly Sid: string } => {
    const name = sidFor(listOf(statement.Action), statement)
    const count = (used.get(name) ?? 0) + 1
    used.set(name, count)
    return { Sid: count === 1 ? name : `${name}${count}`, ...statement }
  })
  const reasons = named.map((statement) => {
    const why = needs.filter((need) => grants(statement, need)).map((need) => need.why)
    return { sid: statement.Sid, why: [...new Set(why)] }
  })
  return { statements: named, reasons }
}

function grants(statement: PolicyStatement, need: Need): boolean {
  const resources = listOf(statement.Resource)
  const sameCondition = JSON.stringify(statement.Condition ?? null) === JSON.stringify(need.condition ?? null)
  return (
    sameCondition &&
    listOf(statement.Action).includes(need.action) &&
    need.grants.every((grant) => resources.includes(grant))
  )
}

const SIDS: readonly (readonly [RegExp, string])[] = [
  [/^ecr:GetAuthorizationToken$/, 'LogInToEcr'],
  [/^ecr:(BatchImportUpstreamImage|CreateRepository)$/, 'FillPullThroughCache'],
  [/^ecr:/, 'PullImages'],
  [/^logs:CreateLogGroup$/, 'CreateAndWriteLogs'],
  [/^logs:/, 'WriteLogs'],
  [/^secretsmanager:/, 'ReadSecrets'],
  [/^ssm:/, 'ReadParameters'],
  [/^s3:GetObject$/, 'ReadFiles'],
  [/^s3:GetBucketLocation$/, 'LocateBuckets'],
  [/^s3:PutObject$/, 'WriteLogsToS3'],
  [/^fsx:/, 'FindFileSystems'],
  [/^ssmmessages:/, 'EcsExec'],
  [/^elasticfilesystem:/, 'MountEfs'],
  [/^firehose:/, 'SendLogsToFirehose'],
  [/^kinesis:/, 'SendLogsToKinesis'],
  [/^xray:/, 'SendTraces'],
  [/^appmesh:/, 'ReadMesh'],
  [/^cloudwatch:/, 'SendMetrics'],
]

function sidFor(actions: readonly string[], statement: PolicyStatement): string {
  const [action = ''] = actions
  if (action === 'kms:Decrypt') {
    const via = /"([a-z0-9]+)\.[^"]*amazonaws/.exec(JSON.stringify(statement.Condition ?? ''))?.[1] ?? ''
    const names: Readonly<Record<string, string>> = {
      secretsmanager: 'SecretsManager',
      ssm: 'ParameterStore',
      s3: 'S3',
    }
    return `DecryptThrough${names[via] ?? 'Kms'}`
  }
  return SIDS.find(([pattern]) => pattern.test(action))?.[1] ?? action.replace(/[^A-Za-z0-9]/g, '')
}

function notesOn(document: PolicyDocument, all: readonly Need[], options: DeriveOptions): readonly string[] {
  const notes: string[] = []
  const size = JSON.stringify(document).length
  if (size > INLINE_LIMIT) {
    notes.push(
      `The policy has ${size} characters; IAM takes ${INLINE_LIMIT} inline in a role. Use one role for fewer task definitions, or managed policies of 6,144.`,
    )
  }
  const others = [...new Set(all.filter((need) => need.actor !== options.kind).map((need) => need.action))]
  if (options.kind === 'execution-role' && others.length > 0) {
    const taskActions = [...new Set(all.filter((need) => need.actor === 'task-role').map((need) => need.action))]
    if (taskActions.length > 0)
      notes.push(`The task role, not this one, needs ${taskActions.join(', ')}: derive it with --task-role.`)
  }
  if (options.kind === 'task-role')
    notes.push(
      'What the application itself calls stands in no task definition: add it here, never to the execution role.',
    )
  const foreign = [
    ...new Set(
      all
        .filter(
          (need) =>
            need.feature === 'ecr-pull' &&
            !isAwsRepository(need) &&
            need.account !== all.find((each) => each.feature === 'ecr-token')?.account,
        )
        .map((need) => need.resource),
    ),
  ]
  if (options.kind === 'execution-role' && foreign.length > 0) {
    notes.push(
      `Other accounts own ${foreign.join(', ')}: their repository policies must allow this role ecr:BatchGetImage and ecr:GetDownloadUrlForLayer too.`,
    )
  }
  return notes
}

import { AppError } from '../../errors.ts'
import type { NamedPolicy } from '../../iam/policy.ts'
import { isRecord } from '../document.ts'
import type { Facts } from '../facts.ts'
import { managedPolicy } from '../managed-policies.ts'
import { unknownPart } from '../need.ts'
import { readNamedPolicies, type Role } from '../role.ts'
import { asTaskDefinition } from '../task-definition.ts'
import type { FoundTask, Target } from './found-task.ts'

type Json = Readonly<Record<string, unknown>>

/** A resource of the plan: its values as far as they are known, and what its configuration refers to. */
type Resource = {
  readonly address: string
  readonly type: string
  readonly module: string
  readonly values: Json
  readonly references: ReadonlyMap<string, readonly string[]>
}

/** Whether a JSON value is what `terraform show -json` prints. */
export function isTerraformPlan(value: unknown): value is Json {
  return isRecord(value) && isRecord(value['planned_values'])
}

/** The task definitions of a Terraform plan, each with its role. What is "known after apply" stays unknown. */
export function tasksInTerraform(plan: Json, target: Target): readonly FoundTask[] {
  const resources = resourcesOf(plan)
  const facts = factsOf(plan, target)
  return resources
    .filter(({ type }) => type === 'aws_ecs_task_definition')
    .map((resource) => taskOf(resource, resources, facts))
}

function taskOf(resource: Resource, resources: readonly Resource[], facts: Facts): FoundTask {
  const { values, address } = resource
  const found = { name: address, place: undefined, facts }
  const containers = values['container_definitions']
  if (typeof containers !== 'string')
    return { ...found, unreadable: 'its container_definitions are only known after apply' }
  try {
    const role = roleOf(resource, 'execution_role_arn', resources)
    const taskRole = roleOf(resource, 'task_role_arn', resources)
    const platform = first(values['runtime_platform'])
    const task = asTaskDefinition(
      {
        family: values['family'],
        executionRoleArn: values['execution_role_arn'] ?? arnOf(role, resource, 'execution_role_arn'),
        taskRoleArn: values['task_role_arn'] ?? arnOf(taskRole, resource, 'task_role_arn'),
        networkMode: values['network_mode'],
        requiresCompatibilities: values['requires_compatibilities'],
        runtimePlatform: platform && {
          cpuArchitecture: platform['cpu_architecture'],
          operatingSystemFamily: platform['operating_system_family'],
        },
        containerDefinitions: JSON.parse(containers) as unknown,
        volumes: volumesOf(values['volume']),
      },
      address,
    )
    return { ...found, task, ...(role ? { role } : {}), facts: { ...facts, ...(taskRole ? { taskRole } : {}) } }
  } catch (error) {
    if (error instanceof AppError) return { ...found, unreadable: error.message.replace(/\.$/, '') }
    if (error instanceof SyntaxError) return { ...found, unreadable: 'its container_definitions are no JSON' }
    throw error
  }
}

/** The ARN of a role that the plan creates: its account is only known after apply. */
function arnOf(role: Role | undefined, resource: Resource, attribute: string): string | undefined {
  return (
    role?.roleArn ??
    (resource.references.has(attribute) ? unknownPart(resource.references.get(attribute)?.[0] ?? attribute) : undefined)
  )
}

function volumesOf(value: unknown): readonly unknown[] {
  const volumes: readonly unknown[] = Array.isArray(value) ? value : []
  return volumes.filter(isRecord).map((volume) => {
    const efs = first(volume['efs_volume_configuration'])
    const authorization = first(efs?.['authorization_config'])
    return {
      name: volume['name'],
      ...(efs
        ? {
            efsVolumeConfiguration: {
              fileSystemId: efs['file_system_id'],
              authorizationConfig: { iam: authorization?.['iam'] },
            },
          }
        : {}),
    }
  })
}

/** The role that an attribute names, by value or by reference, with every policy that the plan gives it. */
function roleOf(resource: Resource, attribute: string, resources: readonly Resource[]): Role | undefined {
  const value = resource.values[attribute]
  const roles = resources.filter(({ type }) => type === 'aws_iam_role')
  const found =
    roles.find(({ values }) => typeof value === 'string' && values['arn'] === value) ??
    referred(resource, attribute, 'aws_iam_role', resources)
  if (!found) return undefined
  const { values, address } = found
  const of = (type: string) =>
    resources.filter(
      (each) =>
        each.type === type &&
        (each.values['role'] === values['name'] || referred(each, 'role', 'aws_iam_role', resources) === found),
    )
  const unread: string[] = []
  const policies: NamedPolicy[] = []
  const add = (name: string, document: unknown) => {
    if (typeof document === 'string')
      policies.push(...readNamedPolicies([{ name, document: JSON.parse(document) as unknown }], name))
    else unread.push(`${name} (known after apply)`)
  }
  for (const policy of of('aws_iam_role_policy')) add(policy.address, policy.values['policy'])
  for (const inline of Array.isArray(values['inline_policy']) ? (values['inline_policy'] as readonly unknown[]) : []) {
    if (isRecord(inline) && inline['policy'] !== undefined) add(`${address}.inline_policy`, inline['policy'])
  }
  const arns = Array.isArray(values['managed_policy_arns'])
    ? (values['managed_policy_arns'] as readonly unknown[]).filter((arn) => typeof arn === 'string')
    : []
  for (const attachment of of('aws_iam_role_policy_attachment')) {
    const arn = attachment.values['policy_arn']
    const own = referred(attachment, 'policy_arn', 'aws_iam_policy', resources)
    if (own) add(own.address, own.values['policy'])
    else if (typeof arn === 'string') arns.push(arn)
    else unread.push(`${attachment.address} (known after apply)`)
  }
  for (const arn of arns) {
    const known = managedPolicy(arn)
    if (known) policies.push(known)
    else unread.push(arn)
  }
  const trust = values['assume_role_policy']
  const arn = values['arn']
  return {
    ...(typeof arn === 'string' ? { roleArn: arn } : {}),
    ...(typeof trust === 'string'
      ? {
          trustPolicy: readNamedPolicies([{ name: address, document: JSON.parse(trust) as unknown }], address)[0]
            ?.document ?? { Statement: [] },
        }
      : {}),
    policies,
    managedPolicyArns: arns,
    unreadPolicies: unread,
  }
}

/** The resource of a type that an attribute's expression refers to in the same module. */
function referred(
  resource: Resource,
  attribute: string,
  type: string,
  resources: readonly Resource[],
): Resource | undefined {
  const names = resource.references.get(attribute)?.filter((reference) => reference.startsWith(`${type}.`)) ?? []
  return resources.find(
    (each) => each.type === type && each.module === resource.module && names.some((name) => reaches(name, each)),
  )
}

function reaches(reference: string, { address, module }: Resource): boolean {
  const local = module === '' ? address : address.slice(module.length + 1)
  return (
    reference === local ||
    reference.startsWith(`${local}.`) ||
    reference.startsWith(`${local}[`) ||
    local.startsWith(`${reference}[`)
  )
}

function resourcesOf(plan: Json): readonly Resource[] {
  const expressions = new Map<string, ReadonlyMap<string, readonly string[]>>()
  const configuration = isRecord(plan['configuration']) ? plan['configuration']['root_module'] : undefined
  readConfiguration(configuration, '', expressions)
  const found: Resource[] = []
  readModule(
    isRecord(plan['planned_values']) ? plan['planned_values']['root_module'] : undefined,
    '',
    expressions,
    found,
  )
  return found
}

function readConfiguration(
  module: unknown,
  prefix: string,
  into: Map<string, ReadonlyMap<string, readonly string[]>>,
): void {
  if (!isRecord(module)) return
  for (const resource of records(module['resources'])) {
    const references = new Map<string, readonly string[]>()
    for (const [name, expression] of Object.entries(isRecord(resource['expressions']) ? resource['expressions'] : {})) {
      const names =
        isRecord(expression) && Array.isArray(expression['references'])
          ? (expression['references'] as readonly unknown[])
          : []
      if (names.length > 0) references.set(name, names.map(String))
    }
    into.set(`${prefix}${String(resource['address'])}`, references)
  }
  for (const [name, called] of Object.entries(isRecord(module['module_calls']) ? module['module_calls'] : {})) {
    if (isRecord(called)) readConfiguration(called['module'], `${prefix}module.${name}.`, into)
  }
}

function readModule(
  module: unknown,
  address: string,
  expressions: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>,
  found: Resource[],
): void {
  if (!isRecord(module)) return
  for (const resource of records(module['resources'])) {
    const full = String(resource['address'])
    // The configuration knows no indexes of count and for_each.
    const configured = full.replace(/\[[^\]]*\]/g, '')
    const values = isRecord(resource['values']) ? resource['values'] : {}
    found.push({
      address: full,
      type: String(resource['type']),
      module: address,
      values,
      references: expressions.get(configured) ?? new Map(),
    })
  }
  for (const child of records(module['child_modules'])) readModule(child, String(child['address']), expressions, found)
}

/** Account and region as the plan's data sources tell them. */
function factsOf(plan: Json, target: Target): Facts {
  const data: Resource[] = []
  const prior =
    isRecord(plan['prior_state']) && isRecord(plan['prior_state']['values'])
      ? plan['prior_state']['values']['root_module']
      : undefined
  readModule(prior, '', new Map(), data)
  const value = (type: string, ...names: readonly string[]) => {
    const values = data.find((each) => each.type === type)?.values ?? {}
    const found = names.map((name) => values[name]).find((each) => typeof each === 'string')
    return typeof found === 'string' ? found : undefined
  }
  const account = target.account ?? value('aws_caller_identity', 'account_id')
  const region = target.region ?? value('aws_region', 'region', 'name')
  return { ...(account === undefined ? {} : { accountId: account }), ...(region === undefined ? {} : { region }) }
}

function records(value: unknown): readonly Json[] {
  return Array.isArray(value) ? (value as readonly unknown[]).filter(isRecord) : []
}

function first(value: unknown): Json | undefined {
  return records(value)[0]
}

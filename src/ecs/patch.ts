import type { Evaluation, Layer } from '../iam/evaluate.ts'
import type { PolicyStatement } from '../iam/policy.ts'
import type { Launch } from './launch/launch.ts'
import { hasUnknown, type Need } from './need.ts'

export type ChangeTarget =
  | 'execution-role'
  | 'instance-role'
  | 'task-role'
  | 'caller'
  | 'trust-policy'
  | 'repository-policy'
  | 'secret-policy'
  | 'key-policy'
  | 'bucket-policy'
  | 'permissions-boundary'
  | 'session-policy'
  | 'service-control-policy'
  | 'resource-control-policy'
  | 'vpc-endpoint-policy'
  | 'task-definition'
  | 'network'
  | 'resource'

/** One thing to change so that a step succeeds. */
export type Change = {
  readonly target: ChangeTarget
  /** What to do, as one sentence for a person. */
  readonly about: string
  /** The resource whose policy must change, or that must be made. */
  readonly resource?: string
  /** The statement to add. */
  readonly statement?: PolicyStatement
  /** The statement that denies and must go or be narrowed. */
  readonly remove?: { readonly policy: string; readonly statement: number; readonly sid?: string }
}

/** What lets a denied call through: an added statement in each layer that lacks one, or the end of the statement that denies. */
export function changesFor(need: Need, evaluation: Evaluation, launch: Launch): readonly Change[] {
  const { decision, decidedBy } = evaluation
  if (decision === 'ExplicitlyDenied' && decidedBy) {
    const target = targetOf(decidedBy.layer, need)
    const { policy, statement, sid } = decidedBy
    const about = `statement ${statement + 1} of ${policy} denies ${need.action} on ${need.resource}: remove or narrow it`
    return [{ target, about, remove: { policy, statement, ...(sid === undefined ? {} : { sid }) } }]
  }
  return evaluation.missingIn.map((layer) => addition(layer, need, launch))
}

function addition(layer: Layer, need: Need, launch: Launch): Change {
  const target = targetOf(layer, need)
  const statement = statementFor(need, layer, launch)
  const resource = layer === 'resource' ? { resource: need.resource } : {}
  return {
    target,
    about: `allow ${need.action} on ${need.grants.join(' and ')} in the ${target.replaceAll('-', ' ')}`,
    ...resource,
    statement,
  }
}

function statementFor(need: Need, layer: Layer, launch: Launch): PolicyStatement {
  const resource = need.grants.length === 1 ? need.grants[0] : need.grants
  const base = { Effect: 'Allow', Action: need.action } as const
  if (layer === 'resource' || layer === 'vpce') {
    const role = launch.executionRoleArn
    const principal = role !== undefined && !hasUnknown(role) && layer === 'resource' ? { AWS: role } : '*'
    // A repository's policy speaks of that repository and takes no Resource.
    const inRepository = layer === 'resource' && need.action.startsWith('ecr:')
    const place =
      inRepository || resource === undefined
        ? {}
        : { Resource: need.action.startsWith('kms:') && layer === 'resource' ? '*' : resource }
    return { Effect: 'Allow', Principal: principal, Action: need.action, ...place }
  }
  const condition = layer === 'identity' && need.condition ? { Condition: need.condition } : {}
  return { ...base, Resource: resource ?? '*', ...condition }
}

function targetOf(layer: Layer, need: Need): ChangeTarget {
  switch (layer) {
    case 'identity':
      return need.actor
    case 'boundary':
      return 'permissions-boundary'
    case 'session':
      return 'session-policy'
    case 'scp':
      return 'service-control-policy'
    case 'rcp':
      return 'resource-control-policy'
    case 'vpce':
      return 'vpc-endpoint-policy'
    case 'resource':
      return RESOURCE_TARGETS[need.action.split(':')[0] ?? ''] ?? 'resource'
  }
}

const RESOURCE_TARGETS: Readonly<Record<string, ChangeTarget>> = {
  ecr: 'repository-policy',
  secretsmanager: 'secret-policy',
  kms: 'key-policy',
  s3: 'bucket-policy',
  sts: 'trust-policy',
}

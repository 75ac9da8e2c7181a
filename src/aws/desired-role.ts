import type { DerivedRole } from '../ecs/derive.ts'
import { asRole } from '../ecs/role.ts'
import { AppError } from '../errors.ts'
import { parseArn, roleNameOf } from '../iam/arn.ts'
import type { Aws } from './clients.ts'
import { readManaged } from './live-role.ts'
import type { DesiredRole, ManagedDocuments } from './role-plan.ts'

/** What the command line says beside the role itself. */
export type DesiredOptions = {
  readonly roleName?: string | undefined
  readonly boundaryArn?: string | null | undefined
  readonly tags?: Readonly<Record<string, string>>
}

/** A role file as the role that somebody wants. Its name comes from the options, its `roleName`, or its ARN; it must say whom it trusts. */
export function desiredFromFile(value: unknown, file: string, options: DesiredOptions): DesiredRole {
  const role = asRole(value, file)
  const raw = (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>
  const text = (key: string) => (typeof raw[key] === 'string' ? raw[key] : undefined)
  const arn = role.roleArn
  const roleName =
    options.roleName ?? text('roleName') ?? text('RoleName') ?? (arn === undefined ? undefined : roleNameOf(arn))
  if (roleName === undefined)
    throw new AppError('invalid_usage', `${file} does not say the role's name: give --role-name.`)
  if (!role.trustPolicy) {
    throw new AppError(
      'invalid_usage',
      `${file} has no trustPolicy: say who may assume the role ("portreeve role derive" writes one).`,
    )
  }
  const managed = new Set(role.managedPolicyArns)
  const named = options.boundaryArn ?? text('boundary') ?? role.boundary?.name
  return {
    roleName,
    path: text('path') ?? text('Path') ?? pathOf(arn),
    description: text('description') ?? text('Description') ?? '',
    trustPolicy: role.trustPolicy,
    policies: role.policies
      .filter(({ name }) => !managed.has(name))
      .map(({ name, document }) => ({ name: policyName(name), document })),
    managedPolicyArns: role.managedPolicyArns,
    boundaryArn: options.boundaryArn === null ? null : boundaryFrom(named, file),
    tags: options.tags ?? {},
  }
}

export function desiredFromDerived(derived: DerivedRole, options: DesiredOptions): DesiredRole {
  return {
    roleName: derived.roleName,
    path: '/',
    description: 'Lets ECS start the tasks that Portreeve derived it for',
    trustPolicy: derived.trustPolicy,
    policies: derived.policies,
    managedPolicyArns: [],
    boundaryArn: options.boundaryArn,
    tags: options.tags ?? {},
  }
}

function boundaryFrom(named: string | undefined, file: string): string | undefined {
  if (named === undefined || parseArn(named)?.service === 'iam') return named
  throw new AppError(
    'invalid_usage',
    `${file}: a boundary is set by its policy's ARN; "${named}" is none. Give --boundary ARN.`,
  )
}

function pathOf(arn: string | undefined): string {
  const resource = arn === undefined ? undefined : parseArn(arn)?.resource
  return resource === undefined ? '/' : resource.slice('role'.length, resource.lastIndexOf('/') + 1) || '/'
}

/** IAM takes these characters in policy names; a policy without a name in the file is named after its place there. */
function policyName(name: string): string {
  return (
    name
      .replaceAll(/[^\w+=,.@-]+/g, '-')
      .replaceAll(/^-+|-+$/g, '')
      .slice(0, 128) || 'policy'
  )
}

/** Documents of the managed policies that a role wants, as far as the caller may read them. */
export async function managedDocuments(aws: Aws, desired: DesiredRole): Promise<ManagedDocuments> {
  const arns = [...desired.managedPolicyArns, ...(typeof desired.boundaryArn === 'string' ? [desired.boundaryArn] : [])]
  const read = await Promise.all(arns.map((arn) => readManaged(aws, arn)))
  return new Map(arns.map((arn, index) => [arn, read[index]?.kind === 'found' ? read[index].value : undefined]))
}

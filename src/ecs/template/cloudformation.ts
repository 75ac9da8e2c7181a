import { AppError } from '../../errors.ts'
import { partitionOfRegion } from '../../iam/arn.ts'
import type { NamedPolicy } from '../../iam/policy.ts'
import { isRecord } from '../document.ts'
import type { Facts } from '../facts.ts'
import { hasUnknown } from '../need.ts'
import { dnsSuffixOf } from '../partition.ts'
import { asRole, readNamedPolicies, type Role } from '../role.ts'
import { asFacts } from '../read-facts.ts'
import { asTaskDefinition } from '../task-definition.ts'
import { type FoundTask, NO_ACCOUNT, NO_REGION, type Target } from './found-task.ts'
import { resolveValue, type Scope } from './intrinsics.ts'
import type { Source } from './source.ts'

type Properties = Readonly<Record<string, unknown>>

/** The task definitions of a CloudFormation template, each with its role and the things that the template itself makes. */
export function tasksInCloudFormation(
  source: Source,
  target: Target,
  given: ReadonlyMap<string, string>,
): readonly FoundTask[] {
  const template = new Template(source, target, given)
  return template.ofType('AWS::ECS::TaskDefinition').map((id) => template.task(id))
}

class Template {
  private readonly source: Source
  private readonly resources: Readonly<Record<string, unknown>>
  private readonly scope: Scope
  private readonly region: string
  private readonly account: string
  private readonly partition: string
  private readonly resolving = new Set<string>()

  constructor(source: Source, target: Target, given: ReadonlyMap<string, string>) {
    const root = isRecord(source.value) ? source.value : {}
    const section = (name: string) => (isRecord(root[name]) ? root[name] : {})
    this.source = source
    this.resources = section('Resources')
    this.region = target.region ?? NO_REGION
    this.account = target.account ?? NO_ACCOUNT
    this.partition = partitionOfRegion(this.region)
    this.scope = {
      parameters: parametersOf(section('Parameters'), given),
      resources: this.resources,
      mappings: section('Mappings'),
      conditions: section('Conditions'),
      pseudo: {
        'AWS::Region': this.region,
        'AWS::AccountId': this.account,
        'AWS::Partition': this.partition,
        'AWS::URLSuffix': dnsSuffixOf(this.region),
      },
      attribute: (id, attribute) => this.attribute(id, attribute),
    }
  }

  ofType(type: string): readonly string[] {
    return Object.keys(this.resources).filter((id) => this.typeOf(id) === type)
  }

  task(id: string): FoundTask {
    const found = { name: id, place: this.source.placeAt(['Resources', id]), facts: this.facts() }
    const properties = this.properties(id)
    if (!Array.isArray(properties['ContainerDefinitions'])) {
      return { ...found, unreadable: 'its ContainerDefinitions are only known when the stack is deployed' }
    }
    try {
      const task = asTaskDefinition(properties, id)
      const role = this.role(task.executionRoleArn)
      const taskRole = this.role(task.taskRoleArn)
      return { ...found, task, ...(role ? { role } : {}), facts: { ...found.facts, ...(taskRole ? { taskRole } : {}) } }
    } catch (error) {
      if (error instanceof AppError) return { ...found, unreadable: error.message.replace(/\.$/, '') }
      throw error
    }
  }

  private typeOf(id: string): string {
    const resource = Object.hasOwn(this.resources, id) ? this.resources[id] : undefined
    return isRecord(resource) && typeof resource['Type'] === 'string' ? resource['Type'] : ''
  }

  private properties(id: string): Properties {
    const resource = this.resources[id]
    const resolved = isRecord(resource) ? resolveValue(resource['Properties'] ?? {}, this.scope) : {}
    return isRecord(resolved) ? resolved : {}
  }

  /** The role with that ARN or name among the template's own, with the policies that other resources attach to it. */
  private role(arnOrName: string | undefined): Role | undefined {
    if (arnOrName === undefined) return undefined
    const id = this.ofType('AWS::IAM::Role').find(
      (each) => this.arn(each) === arnOrName || this.nameOf(each, 'RoleName') === arnOrName,
    )
    if (id === undefined) return undefined
    const properties = this.properties(id)
    const arns = Array.isArray(properties['ManagedPolicyArns'])
      ? (properties['ManagedPolicyArns'] as readonly unknown[])
      : []
    const own = new Map(
      this.ofType('AWS::IAM::ManagedPolicy').map((policy) => [this.attribute(policy, undefined), policy]),
    )
    const role = asRole(
      { ...properties, ManagedPolicyArns: arns.filter((arn) => !own.has(String(arn))), roleArn: this.arn(id) },
      id,
    )
    const name = this.nameOf(id, 'RoleName')
    const attached = ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy', 'AWS::IAM::RolePolicy'].flatMap((type) =>
      this.ofType(type).filter((policy) => {
        const { Roles: roles, RoleName: roleName } = this.properties(policy)
        return (
          (Array.isArray(roles) && roles.includes(name)) ||
          roleName === name ||
          (type === 'AWS::IAM::ManagedPolicy' && arns.includes(this.attribute(policy, undefined)))
        )
      }),
    )
    const policies = attached.flatMap((policy): readonly NamedPolicy[] => {
      const document = this.properties(policy)['PolicyDocument']
      return readNamedPolicies([{ name: policy, document }], policy)
    })
    return { ...role, policies: [...role.policies, ...policies] }
  }

  /** What the template makes itself will be there; of the rest it says nothing. */
  private facts(): Facts {
    const entries = (type: string, read: (properties: Properties) => unknown, key = (id: string) => this.arn(id)) =>
      Object.fromEntries(this.ofType(type).map((id) => [key(id) ?? id, read(this.properties(id))]))
    return asFacts(
      {
        incomplete: true,
        region: this.region,
        accountId: this.account,
        logGroups: this.ofType('AWS::Logs::LogGroup').map((id) => this.nameOf(id, 'LogGroupName')),
        secrets: entries('AWS::SecretsManager::Secret', ({ KmsKeyId: kms }) =>
          typeof kms === 'string' ? { kms: this.keyArn(kms) } : {},
        ),
        parameters: entries('AWS::SSM::Parameter', () => ({})),
        repositories: entries('AWS::ECR::Repository', ({ RepositoryPolicyText: policy }) => ({
          policy: isRecord(policy) ? policy : null,
        })),
        keys: entries('AWS::KMS::Key', ({ KeyPolicy: policy }) => (isRecord(policy) ? { policy } : {})),
      },
      'template',
    )
  }

  private keyArn(key: string): string {
    return key.startsWith('arn:') || key.startsWith('alias/') || hasUnknown(key)
      ? key
      : `arn:${this.partition}:kms:${this.region}:${this.account}:key/${key}`
  }

  /** A resource's own name: the one it is given, else one made from its id so that both ends of a reference agree. */
  private nameOf(id: string, property: string): string {
    const resource = this.resources[id]
    const written =
      isRecord(resource) && isRecord(resource['Properties']) ? resource['Properties'][property] : undefined
    if (written === undefined || this.resolving.has(id)) return id
    this.resolving.add(id)
    const name = resolveValue(written, this.scope)
    this.resolving.delete(id)
    return typeof name === 'string' ? name : id
  }

  private arn(id: string): string | undefined {
    const regional = (service: string, resource: string) =>
      `arn:${this.partition}:${service}:${this.region}:${this.account}:${resource}`
    switch (this.typeOf(id)) {
      case 'AWS::IAM::Role': {
        const properties = this.resources[id]
        const path =
          isRecord(properties) && isRecord(properties['Properties']) ? properties['Properties']['Path'] : undefined
        return `arn:${this.partition}:iam::${this.account}:role${typeof path === 'string' ? path : '/'}${this.nameOf(id, 'RoleName')}`
      }
      case 'AWS::Logs::LogGroup':
        return `${regional('logs', `log-group:${this.nameOf(id, 'LogGroupName')}`)}:*`
      case 'AWS::ECR::Repository':
        return regional('ecr', `repository/${this.nameOf(id, 'RepositoryName').toLowerCase()}`)
      case 'AWS::SecretsManager::Secret':
        return regional('secretsmanager', `secret:${this.nameOf(id, 'Name')}-XXXXXX`)
      case 'AWS::SSM::Parameter':
        return regional('ssm', `parameter/${this.nameOf(id, 'Name').replace(/^\//, '')}`)
      case 'AWS::KMS::Key':
        return regional('kms', `key/${id}`)
      case 'AWS::S3::Bucket':
        return `arn:${this.partition}:s3:::${this.nameOf(id, 'BucketName').toLowerCase()}`
      default:
        return undefined
    }
  }

  /** What `Ref` (no attribute) and `GetAtt` give for a resource. */
  private attribute(id: string, attribute: string | undefined): string | undefined {
    const type = this.typeOf(id)
    if (
      attribute === 'Arn' ||
      (type === 'AWS::SecretsManager::Secret' && (attribute === undefined || attribute === 'Id'))
    )
      return this.arn(id)
    if (attribute !== undefined) {
      if (type !== 'AWS::ECR::Repository' || attribute !== 'RepositoryUri') return undefined
      return `${this.account}.dkr.ecr.${this.region}.${dnsSuffixOf(this.region)}/${this.nameOf(id, 'RepositoryName').toLowerCase()}`
    }
    switch (type) {
      case 'AWS::IAM::Role':
        return this.nameOf(id, 'RoleName')
      case 'AWS::IAM::ManagedPolicy':
        return `arn:${this.partition}:iam::${this.account}:policy/${this.nameOf(id, 'ManagedPolicyName')}`
      case 'AWS::Logs::LogGroup':
        return this.nameOf(id, 'LogGroupName')
      case 'AWS::ECR::Repository':
        return this.nameOf(id, 'RepositoryName').toLowerCase()
      case 'AWS::SSM::Parameter':
        return this.nameOf(id, 'Name')
      case 'AWS::S3::Bucket':
        return this.nameOf(id, 'BucketName').toLowerCase()
      case 'AWS::KMS::Key':
        return id
      case 'AWS::KMS::Alias':
        return this.nameOf(id, 'AliasName')
      default:
        return undefined
    }
  }
}

/** Parameters with the value given, or their default; those that CloudFormation looks up itself stay unknown. */
function parametersOf(section: Properties, given: ReadonlyMap<string, string>): ReadonlyMap<string, unknown> {
  const known = new Map<string, unknown>()
  for (const [name, parameter] of Object.entries(section)) {
    const value = given.get(name) ?? (isRecord(parameter) ? parameter['Default'] : undefined)
    const declared = isRecord(parameter) ? parameter['Type'] : undefined
    const type = typeof declared === 'string' ? declared : ''
    if (value === undefined || value === '' || type.startsWith('AWS::SSM::Parameter::Value')) continue
    known.set(name, /List/.test(type) && typeof value === 'string' ? value.split(',') : value)
  }
  return known
}

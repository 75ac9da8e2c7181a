import { AppError } from '../errors.ts'
import { asPolicyDocument, type NamedPolicy, type PolicyDocument } from '../iam/policy.ts'
import { closest } from '../lib/closest.ts'
import { isRecord } from './document.ts'
import type {
  CallerFacts,
  Facts,
  LaunchType,
  NetworkFacts,
  PullThroughRule,
  RepositoryFacts,
  RoleFacts,
} from './facts.ts'
import { asRole, bareRole, readNamedPolicies } from './role.ts'

type Json = Readonly<Record<string, unknown>>

/** Reads facts from a parsed JSON value; unknown members are ignored, wrong ones are `invalid_usage` with the member's name. */
export function asFacts(value: unknown, what: string): Facts {
  if (!isRecord(value)) throw new AppError('invalid_usage', `${what} must be a JSON object of facts.`)
  const facts = new FactReader(value, what)
  return defined({
    incomplete: facts.boolean('incomplete'),
    launchType: facts.launchType(),
    platformVersion: facts.text('platformVersion'),
    region: facts.text('region'),
    accountId: facts.account('accountId'),
    partition: facts.text('partition'),
    overrides: facts.object('overrides', (member) => ({
      ...text(member, 'executionRoleArn'),
      ...text(member, 'taskRoleArn'),
    })),
    logGroups: facts.texts('logGroups'),
    network: facts.object('network', readNetwork),
    secrets: facts.map('secrets', (entry) => ({
      ...text(entry, 'kms'),
      ...defined({
        json: keysOf(entry['json']),
        stages: textsOf(entry['stages']),
        versions: textsOf(entry['versions']),
      }),
      ...tagsOf(entry),
      ...policyOf(entry, `${what}: secrets`),
    })),
    parameters: facts.map('parameters', (entry) => ({
      ...text(entry, 'kms'),
      ...text(entry, 'type'),
      ...tagsOf(entry),
    })),
    objects: facts.map('objects', (entry) => text(entry, 'kms')),
    buckets: facts.map('buckets', (entry) => ({ ...policyOf(entry, `${what}: buckets`), ...text(entry, 'accountId') })),
    keys: facts.map('keys', (entry) => ({
      ...policyOf(entry, `${what}: keys`),
      ...defined({ aliases: textsOf(entry['aliases']) }),
    })),
    repositories: facts.map('repositories', (entry): RepositoryFacts => ({
      exists: entry['exists'] !== false,
      ...policyOf(entry, `${what}: repositories`),
    })),
    images: facts.lists('images'),
    imagePlatforms: facts.lists('imagePlatforms'),
    registry: facts.object('registry', (member) => ({
      rateLimited: member['rateLimited'] === true,
      private: member['private'] === true || member['requiresAuthentication'] === true,
    })),
    pullThroughCache: readPullThrough(value['pullThroughCache'], what),
    serviceControlPolicies: facts.levels('scps', 'serviceControlPolicies'),
    resourceControlPolicies: facts.levels('rcps', 'resourceControlPolicies'),
    vpcEndpointPolicies: facts.policies('vpcEndpointPolicies'),
    sourceVpce: facts.text('sourceVpce'),
    sourceVpc: facts.text('sourceVpc'),
    requestContext: facts.context('requestContext'),
    caller: facts.object('caller', (member) => readCaller(member, what)),
    taskRole: facts.role('taskRole'),
    instanceRole: facts.role('instanceRole'),
    guardDuty: readGuardDuty(value['guardDuty']),
    enableExecuteCommand: facts.boolean('enableExecuteCommand'),
    awslogsExecutionRoleOverride: facts.boolean('awslogsExecutionRoleOverride'),
    now: facts.text('now'),
  })
}

const KNOWN_FACTS = `
  incomplete launchType platformVersion region accountId partition overrides logGroups network secrets parameters objects
  buckets keys repositories images imagePlatforms registry pullThroughCache scps serviceControlPolicies rcps
  resourceControlPolicies vpcEndpointPolicies sourceVpce sourceVpc requestContext caller taskRole instanceRole guardDuty
  enableExecuteCommand awslogsExecutionRoleOverride now executionRole missingPermissions failures`
  .trim()
  .split(/\s+/)

/** What to say of members that are no facts: nothing reads them, and most are misspelt. */
export function unknownFacts(value: unknown): readonly string[] {
  if (!isRecord(value)) return []
  return Object.keys(value)
    .filter((key) => !KNOWN_FACTS.includes(key) && !key.startsWith('$'))
    .map((key) => {
      const near = closest(key, KNOWN_FACTS)
      return `"${key.slice(0, 60)}" is no fact and is not read${near ? `: did you mean "${near}"?` : ''}`
    })
}

class FactReader {
  private readonly value: Json
  private readonly what: string

  constructor(value: Json, what: string) {
    this.value = value
    this.what = what
  }

  text(name: string): string | undefined {
    const value = this.value[name]
    if (value === undefined || value === null || value === '') return undefined
    return typeof value === 'string' ? value : this.fail(name, 'must be text')
  }

  boolean(name: string): boolean | undefined {
    const value = this.value[name]
    if (value === undefined || value === null) return undefined
    return typeof value === 'boolean' ? value : this.fail(name, 'must be true or false')
  }

  account(name: string): string | undefined {
    const value = this.text(name)
    if (value !== undefined && !/^\d{12}$/.test(value))
      return this.fail(name, 'must be an account id of 12 digits, as text')
    return value
  }

  launchType(): LaunchType | undefined {
    const value = this.text('launchType')?.toUpperCase()
    if (value === undefined || value === 'FARGATE' || value === 'EC2' || value === 'EXTERNAL') return value
    return this.fail('launchType', 'must be FARGATE, EC2 or EXTERNAL')
  }

  texts(name: string): readonly string[] | undefined {
    const value = this.value[name]
    if (value === undefined || value === null) return undefined
    if (Array.isArray(value)) return value.flatMap((item: unknown) => nameOf(item) ?? [])
    return this.fail(name, 'must be a list of texts')
  }

  object<T>(name: string, read: (member: Json) => T): T | undefined {
    const value = this.value[name]
    if (value === undefined || value === null) return undefined
    return isRecord(value) ? read(value) : this.fail(name, 'must be an object')
  }

  map<T>(name: string, read: (entry: Json) => T): Readonly<Record<string, T>> | undefined {
    return this.object(name, (member) =>
      Object.fromEntries(
        Object.entries(member).map(([key, entry]) => [key, read(isRecord(entry) ? entry : absent(entry))]),
      ),
    )
  }

  lists(name: string): Readonly<Record<string, readonly string[]>> | undefined {
    return this.object(name, (member) =>
      Object.fromEntries(Object.entries(member).map(([key, entry]) => [key, textsOf(entry) ?? []])),
    )
  }

  policies(name: string): Readonly<Record<string, NamedPolicy>> | undefined {
    return this.object(name, (member) =>
      Object.fromEntries(
        Object.entries(member).flatMap(([key, entry]) => {
          const [policy] = readNamedPolicies(entry, `${this.what}: ${name}.${key}`)
          return policy ? [[endpointName(key), policy] as const] : []
        }),
      ),
    )
  }

  levels(...names: readonly string[]): readonly (readonly NamedPolicy[])[] | undefined {
    const name = names.find((candidate) => Array.isArray(this.value[candidate]))
    if (name === undefined) return undefined
    const value = this.value[name] as readonly unknown[]
    const levels = value.every((level) => Array.isArray(level)) ? (value as readonly (readonly unknown[])[]) : [value]
    return levels.map((level, index) => readNamedPolicies(level, `${this.what}: ${name}[${index}]`))
  }

  role(name: string): RoleFacts | undefined {
    const value = this.value[name]
    // null says that there is none: nothing is allowed.
    if (value === null) return bareRole([])
    if (value === undefined) return undefined
    if (typeof value !== 'string') return asRole(value, `${this.what}: ${name}`)
    const policies =
      value.startsWith('arn:') && value.includes(':role/') ? [] : readNamedPolicies(value, `${this.what}: ${name}`)
    return policies.length > 0 ? bareRole(policies) : { ...bareRole([]), roleArn: value, unreadPolicies: [value] }
  }

  context(name: string): Readonly<Record<string, string | readonly string[]>> | undefined {
    return this.object(name, (member) =>
      Object.fromEntries(
        Object.entries(member).map(([key, entry]) => [key, Array.isArray(entry) ? entry.map(String) : String(entry)]),
      ),
    )
  }

  private fail(name: string, message: string): never {
    throw new AppError('invalid_usage', `${this.what}: ${name} ${message}.`, { field: name })
  }
}

function readNetwork(member: Json): NetworkFacts {
  const reachable = member['reachable']
  const endpoints = textsOf(member['endpoints'])
  const internet =
    member['internet'] === true ||
    member['nat'] === true ||
    member['assignPublicIp'] === true ||
    member['assignPublicIp'] === 'ENABLED'
  return {
    reachable:
      reachable === 'endpoints' || reachable === 'none' || reachable === 'all'
        ? reachable
        : endpoints
          ? 'endpoints'
          : 'all',
    missing: (textsOf(member['missing']) ?? []).map(endpointName),
    ...(endpoints ? { endpoints: endpoints.map(endpointName) } : {}),
    internet: internet || (reachable !== 'endpoints' && reachable !== 'none' && !endpoints),
  }
}

/** `ecr.api` for `com.amazonaws.us-east-1.ecr.api`, and for the host's `api.ecr`. */
function endpointName(text: string): string {
  const name = text.replace(/^(cn\.)?com\.amazonaws\.[a-z0-9-]+\./, '').toLowerCase()
  return name.replace(/^(api|dkr)[.-]ecr$/, 'ecr.$1').replace(/^ecr[-_](api|dkr)$/, 'ecr.$1')
}

function readCaller(member: Json, what: string): CallerFacts {
  const [boundary] = readNamedPolicies(member['boundary'], `${what}: caller.boundary`)
  return {
    ...text(member, 'arn'),
    policies: readNamedPolicies(member['policies'], `${what}: caller.policies`),
    ...(boundary ? { boundary } : {}),
  }
}

/** Accepts a prefix, a list of them or of rules, one rule, or rules by prefix. */
function readPullThrough(value: unknown, what: string): readonly PullThroughRule[] | undefined {
  if (value === undefined || value === null || value === false) return undefined
  if (value === true) return [pullThroughRule('', {}, what)]
  if (typeof value === 'string') return [pullThroughRule(value, {}, what)]
  if (Array.isArray(value)) return value.flatMap((item: unknown) => readPullThrough(item, what) ?? [])
  if (!isRecord(value)) return undefined
  const prefix = value['prefix'] ?? value['ecrRepositoryPrefix']
  if (typeof prefix === 'string') return [pullThroughRule(prefix, value, what)]
  if (Array.isArray(value['prefixes']))
    return textsOf(value['prefixes'])?.map((item) => pullThroughRule(item, value, what))
  if (Array.isArray(value['rules'])) return readPullThrough(value['rules'], what)
  const rules = isRecord(value['rules']) ? value['rules'] : value
  const named = Object.entries(rules).filter(([, entry]) => isRecord(entry) || typeof entry === 'string')
  if (named.length === 0) return [pullThroughRule('', value, what)]
  return named.map(([key, entry]) => pullThroughRule(key, isRecord(entry) ? entry : {}, what))
}

function pullThroughRule(prefix: string, rule: Json, what: string): PullThroughRule {
  const cached = rule['firstPull'] === false || rule['cached'] === true
  const policy = rule['registryPolicy']
  return {
    prefix: prefix.replace(/^.*:repository\//, '').replace(/\/?\*?$/, ''),
    firstPull: !cached,
    creationTemplate: Boolean(
      rule['creationTemplate'] ?? rule['creationTemplateRole'] ?? rule['creationTemplateRoleArn'],
    ),
    ...(typeof rule['repositoryExists'] === 'boolean' ? { repositoryExists: rule['repositoryExists'] } : {}),
    ...(policy === undefined
      ? {}
      : { registryPolicy: policy === null ? null : asPolicyDocument(policy, `${what}: registryPolicy`) }),
  }
}

function readGuardDuty(value: unknown): Facts['guardDuty'] {
  if (value === true) return {}
  if (typeof value === 'string') return value.startsWith('arn:') ? { repositoryArn: value } : {}
  if (!isRecord(value) || value['enabled'] === false || value['runtimeMonitoring'] === false) return undefined
  const arn = value['repositoryArn'] ?? value['repository']
  const account = value['accountId'] ?? value['account']
  return {
    ...(typeof arn === 'string' && arn.startsWith('arn:') ? { repositoryArn: arn } : {}),
    ...(typeof account === 'string' ? { account } : {}),
  }
}

function absent(entry: unknown): Json {
  return entry === null || entry === false ? { exists: false } : {}
}

function nameOf(item: unknown): string | undefined {
  if (typeof item === 'string') return item
  if (!isRecord(item)) return undefined
  const name = item['arn'] ?? item['logGroupArn'] ?? item['logGroupName'] ?? item['name']
  return typeof name === 'string' ? name : undefined
}

function textsOf(value: unknown): readonly string[] | undefined {
  if (typeof value === 'string') return [value]
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : undefined
}

/** JSON keys of a secret: a list, or an object whose keys count (its values are never read). */
function keysOf(value: unknown): readonly string[] | undefined {
  if (value === null || value === false) return []
  return isRecord(value) ? Object.keys(value) : textsOf(value)
}

function text<Name extends string>(member: Json, name: Name): { readonly [Key in Name]?: string } {
  const value = member[name]
  return (typeof value === 'string' && value !== '' ? { [name]: value } : {}) as { readonly [Key in Name]?: string }
}

function tagsOf(entry: Json): { readonly tags?: Readonly<Record<string, string>> } {
  const tags = entry['tags']
  if (!isRecord(tags)) return {}
  return { tags: Object.fromEntries(Object.entries(tags).map(([key, value]) => [key, String(value)])) }
}

function policyOf(entry: Json, what: string): { readonly policy?: PolicyDocument | null } {
  const value = entry['policy'] ?? entry['resourcePolicy']
  if (entry['policy'] === null) return { policy: null }
  return value === undefined || value === null ? {} : { policy: asPolicyDocument(value, `${what}.policy`) }
}

type Defined<T> = { readonly [Key in keyof T]?: Exclude<T[Key], undefined> }

/** The object without its undefined members, as exact optional members want it. */
function defined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Defined<T>
}

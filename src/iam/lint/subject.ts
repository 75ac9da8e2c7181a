import { AppError } from '../../errors.ts'
import { type JsonPath, type JsonText, parseJsonText, type Place } from '../../lib/json-text.ts'
import { roleNameOf } from '../arn.ts'
import { type PolicyDocument, type PolicyProblem, policyProblems } from '../policy.ts'

/** A policy in a user's file, with the way back to its places. */
export type LocatedPolicy = {
  readonly name: string
  /** `inline` policies share one limit of size, `managed` ones have one each. */
  readonly kind: 'inline' | 'managed' | 'trust' | 'boundary'
  readonly document: PolicyDocument
  /** What is wrong with its grammar; its statements are linted all the same. */
  readonly problems: readonly PolicyProblem[]
  readonly placeOf: (path: JsonPath) => Place
}

/** A user's file: its value, and where its parts stand. A `JsonText` is one; a YAML reader can give one too. */
export type LintSource = {
  readonly value: unknown
  readonly placeAt: (path: JsonPath) => Place | undefined
  readonly duplicates?: JsonText['duplicates']
}

/** What a file says of one role. */
export type LintSubject = {
  readonly roleName: string | undefined
  readonly roleArn: string | undefined
  readonly policies: readonly LocatedPolicy[]
  readonly managedPolicyArns: readonly { readonly arn: string; readonly place: Place }[]
  /** Whether the file shows a whole role, so that a missing trust policy is a finding. */
  readonly whole: boolean
  /** Whether other policies can stand beside these, so that what is missing here may be there. */
  readonly part: boolean
  readonly placeOf: (path: JsonPath) => Place
}

/**
 * Every role in a file, in the shapes that people have: one permission policy or one trust policy; Portreeve's
 * `{roleName, trustPolicy, policies, managedPolicyArns}`; what `aws iam get-role`, `get-role-policy`, `get-policy-version` and
 * `get-account-authorization-details` print, with URL-encoded documents too; a CloudFormation template or one of its resources.
 */
export function readSubjects(text: LintSource): readonly LintSubject[] {
  const reader = new SubjectReader(text)
  const found = reader.read(text.value, [])
  if (found.length > 0) return found
  const { line, column } = text.placeAt([]) ?? START
  throw new AppError(
    'invalid_request',
    `No role and no policy at line ${line}, column ${column}: give a policy document, {"trustPolicy", "policies": [{"name", "document"}]}, the output of "aws iam get-role" or a CloudFormation template.`,
  )
}

const START: Place = { line: 1, column: 1 }

class SubjectReader {
  private readonly text: LintSource

  constructor(text: LintSource) {
    this.text = text
  }

  read(value: unknown, path: JsonPath): readonly LintSubject[] {
    if (Array.isArray(value)) return value.flatMap((item: unknown, index) => this.read(item, [...path, index]))
    if (!isObject(value)) return []
    if (isObject(value['Resources'])) return this.template(value['Resources'], [...path, 'Resources'])
    for (const key of ['Role', 'role', 'RoleDetailList']) {
      if (typeof value[key] === 'object' && value[key] !== null) return this.read(value[key], [...path, key])
    }
    if (typeof value['Type'] === 'string' && isObject(value['Properties'])) {
      return this.template({ Resource: value }, path, true)
    }
    if (isObject(value['PolicyVersion'])) return this.read(value['PolicyVersion'], [...path, 'PolicyVersion'])
    if ('Statement' in value) return [this.one(value, path)]
    const document = ['PolicyDocument', 'Document', 'document'].find((key) => value[key] !== undefined)
    if (document) return [this.one(value[document], [...path, document], value['PolicyName'] ?? value['name'])]
    if (ROLE_KEYS.some((key) => key in value)) return [this.role(value, path)]
    return []
  }

  /** A lone document: a trust policy when it speaks of assuming roles or of principals alone, else a permission policy. */
  private one(value: unknown, path: JsonPath, name?: unknown): LintSubject {
    const located = this.policy(value, path, 'inline', typeof name === 'string' ? name : 'policy')
    const trust = statementsIn(located.document).some(isTrust)
    const policy = trust ? { ...located, kind: 'trust' as const, name: 'trust policy' } : located
    return this.subject({ policies: [policy], whole: false, path })
  }

  private placeAt(path: JsonPath): Place {
    return this.text.placeAt(path) ?? START
  }

  private role(value: Readonly<Record<string, unknown>>, path: JsonPath): LintSubject {
    const policies: LocatedPolicy[] = []
    const add = (key: string, kind: LocatedPolicy['kind'], name: string) => {
      const document = value[key]
      if (document !== undefined && document !== null) policies.push(this.policy(document, [...path, key], kind, name))
    }
    add('trustPolicy', 'trust', 'trust policy')
    add('AssumeRolePolicyDocument', 'trust', 'trust policy')
    for (const key of ['policies', 'Policies', 'RolePolicyList']) {
      const list: unknown = value[key]
      if (Array.isArray(list))
        policies.push(...list.map((item: unknown, index) => this.listed(item, [...path, key, index])))
    }
    const boundary = value['boundary']
    if (isObject(boundary)) policies.push({ ...this.listed(boundary, [...path, 'boundary']), kind: 'boundary' })
    const name = value['roleName'] ?? value['RoleName']
    const arn = value['roleArn'] ?? value['Arn']
    return this.subject({
      policies,
      whole: !('PolicyName' in value),
      path,
      ...(typeof arn === 'string' ? { roleArn: arn } : {}),
      ...(typeof name === 'string' ? { roleName: name } : {}),
      managedPolicyArns: this.managedArns(value, path),
    })
  }

  private managedArns(value: Readonly<Record<string, unknown>>, path: JsonPath): LintSubject['managedPolicyArns'] {
    return ['managedPolicyArns', 'ManagedPolicyArns', 'AttachedManagedPolicies'].flatMap((key) => {
      const list: unknown = value[key]
      if (!Array.isArray(list)) return []
      return list.flatMap((item: unknown, index) => {
        const arn = isObject(item) && typeof item['PolicyArn'] === 'string' ? item['PolicyArn'] : plain(item)
        return typeof arn === 'string' ? [{ arn, place: this.placeAt([...path, key, index]) }] : []
      })
    })
  }

  /** A policy in a list: `{name, document}`, `{PolicyName, PolicyDocument}` or the document itself. */
  private listed(value: unknown, path: JsonPath): LocatedPolicy {
    if (isObject(value)) {
      const key = ['document', 'PolicyDocument', 'Document'].find((candidate) => value[candidate] !== undefined)
      const name = value['name'] ?? value['PolicyName']
      if (key)
        return this.policy(
          value[key],
          [...path, key],
          'inline',
          typeof name === 'string' ? name : `policy ${String(path.at(-1))}`,
        )
    }
    return this.policy(value, path, 'inline', `policy ${String(path.at(-1))}`)
  }

  private policy(value: unknown, path: JsonPath, kind: LocatedPolicy['kind'], name: string): LocatedPolicy {
    if (typeof value === 'string') return { ...this.encoded(value, path, name), kind }
    const document = plain(value)
    return {
      name,
      kind,
      document: document as PolicyDocument,
      problems: policyProblems(document),
      placeOf: (inner) => this.placeAt([...path, ...inner]),
    }
  }

  /** A document inside a text, as the IAM API gives it: every place is that of the text. */
  private encoded(value: string, path: JsonPath, name: string): Omit<LocatedPolicy, 'kind'> {
    const place = this.placeAt(path)
    try {
      const document = parseJsonText(value.trimStart().startsWith('%') ? decodeURIComponent(value) : value).value
      return { name, document: document as PolicyDocument, problems: policyProblems(document), placeOf: () => place }
    } catch (error) {
      const why = error instanceof AppError ? error.message : 'its URL encoding is broken.'
      throw new AppError(
        'invalid_request',
        `The document of ${name} at line ${place.line}, column ${place.column}: ${why}`,
      )
    }
  }

  private template(
    resources: Readonly<Record<string, unknown>>,
    path: JsonPath,
    alone = false,
  ): readonly LintSubject[] {
    return Object.entries(resources).flatMap(([id, resource]) => {
      if (!isObject(resource) || !isObject(resource['Properties'])) return []
      const properties = resource['Properties']
      const inner = [...path, ...(alone ? [] : [id]), 'Properties']
      if (resource['Type'] === 'AWS::IAM::Role') return [this.role(properties, inner)]
      const document = properties['PolicyDocument']
      if (!['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy', 'AWS::IAM::RolePolicy'].includes(String(resource['Type'])))
        return []
      if (document === undefined) return []
      const kind = resource['Type'] === 'AWS::IAM::ManagedPolicy' ? 'managed' : 'inline'
      return [
        this.subject({
          policies: [this.policy(document, [...inner, 'PolicyDocument'], kind, id)],
          whole: false,
          part: true,
          path: inner,
        }),
      ]
    })
  }

  private subject(parts: {
    policies: readonly LocatedPolicy[]
    whole: boolean
    part?: boolean
    path: JsonPath
    roleArn?: string
    roleName?: string
    managedPolicyArns?: LintSubject['managedPolicyArns']
  }): LintSubject {
    return {
      policies: parts.policies,
      whole: parts.whole,
      part: (parts.part ?? false) || (parts.managedPolicyArns ?? []).length > 0,
      roleArn: parts.roleArn,
      roleName: parts.roleName ?? (parts.roleArn === undefined ? undefined : roleNameOf(parts.roleArn)),
      managedPolicyArns: parts.managedPolicyArns ?? [],
      placeOf: (inner) => this.placeAt([...parts.path, ...inner]),
    }
  }
}

const ROLE_KEYS = [
  'trustPolicy',
  'policies',
  'managedPolicyArns',
  'roleArn',
  'AssumeRolePolicyDocument',
  'RolePolicyList',
  'Policies',
  'ManagedPolicyArns',
  'AttachedManagedPolicies',
]

/** A statement of a trust policy: it names who may assume the role, and speaks of no resource. */
function isTrust(statement: Readonly<Record<string, unknown>>): boolean {
  const action: unknown = statement['Action']
  const actions: readonly unknown[] = Array.isArray(action) ? action : [action]
  const assumes = actions.some((text) => typeof text === 'string' && /^sts:AssumeRole/i.test(text))
  const [principal, resource] = ['Principal' in statement, 'Resource' in statement || 'NotResource' in statement]
  return principal ? assumes || !resource : assumes && !resource
}

function statementsIn(document: unknown): readonly Readonly<Record<string, unknown>>[] {
  const statements: unknown = isObject(document) ? document['Statement'] : undefined
  return (Array.isArray(statements) ? (statements as readonly unknown[]) : [statements]).filter(isObject)
}

/** What a deployment fills in later stands in the text as `⟨name⟩`: every rule takes it for any text. */
const INTRINSIC = /^(Ref|Fn::.+)$/

/** A value with CloudFormation's functions written out as texts, so that a policy in a template reads like any other. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (!isObject(value)) return value
  const [name, ...more] = Object.keys(value)
  if (name && more.length === 0 && INTRINSIC.test(name)) return intrinsic(name, value[name])
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
}

function intrinsic(name: string, argument: unknown): string {
  if (name === 'Ref') return argument === 'AWS::Partition' ? '*' : unknown(String(argument))
  if (name === 'Fn::Sub') {
    const template: unknown = Array.isArray(argument) ? argument[0] : argument
    return String(template)
      .replaceAll('${!', '\u0000')
      .replaceAll(/\$\{([^}]*)\}/g, (_, key: string) => (key === 'AWS::Partition' ? '*' : unknown(key)))
      .replaceAll('\u0000', '${')
  }
  if (name === 'Fn::Join' && Array.isArray(argument) && Array.isArray(argument[1])) {
    return argument[1].map((part: unknown) => String(plain(part))).join(String(argument[0]))
  }
  if (name === 'Fn::GetAtt') return unknown(Array.isArray(argument) ? argument.join('.') : String(argument))
  return unknown(name.replace('Fn::', ''))
}

/** The placeholder of a value; without colons, which would look like parts of an ARN. */
function unknown(name: string): string {
  return `⟨${name.replaceAll('::', '.')}⟩`
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

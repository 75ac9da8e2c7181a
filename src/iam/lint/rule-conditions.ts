import { parseArn } from '../arn.ts'
import { parseRange } from '../condition/address.ts'
import { parseInstant } from '../condition/instant.ts'
import { parseOperator } from '../condition/operators.ts'
import { compileGlob, globMatches } from '../glob.ts'
import { closest } from '../../lib/closest.ts'
import { conditionsOf, isUnknown, quote, type StatementView } from './view.ts'

/** Global condition keys (IAM user guide, "AWS global condition context keys"); a trailing slash stands for any name after it. */
const GLOBAL_KEYS = [
  'aws:AssumedRoot',
  'aws:CalledVia',
  'aws:CalledViaFirst',
  'aws:CalledViaLast',
  'aws:ChatbotSourceArn',
  'aws:CurrentTime',
  'aws:Ec2InstanceSourcePrivateIPv4',
  'aws:Ec2InstanceSourceVpc',
  'aws:EpochTime',
  'aws:FederatedProvider',
  'aws:IsMcpServiceAction',
  'aws:MultiFactorAuthAge',
  'aws:MultiFactorAuthPresent',
  'aws:PrincipalAccount',
  'aws:PrincipalArn',
  'aws:PrincipalIsAWSService',
  'aws:PrincipalOrgID',
  'aws:PrincipalOrgPaths',
  'aws:PrincipalServiceName',
  'aws:PrincipalServiceNamesList',
  'aws:PrincipalTag/',
  'aws:PrincipalType',
  'aws:referer',
  'aws:RequestedRegion',
  'aws:RequestTag/',
  'aws:ResourceAccount',
  'aws:ResourceOrgID',
  'aws:ResourceOrgPaths',
  'aws:ResourceTag/',
  'aws:SecureTransport',
  'aws:SignInSessionArn',
  'aws:SourceAccount',
  'aws:SourceArn',
  'aws:SourceIdentity',
  'aws:SourceIp',
  'aws:SourceOrgID',
  'aws:SourceOrgPaths',
  'aws:SourceOwner',
  'aws:SourceVpc',
  'aws:SourceVpcArn',
  'aws:SourceVpce',
  'aws:TagKeys',
  'aws:TokenIssueTime',
  'aws:UserAgent',
  'aws:userid',
  'aws:username',
  'aws:ViaAWSMCPService',
  'aws:ViaAWSService',
  'aws:VpceAccount',
  'aws:VpceOrgID',
  'aws:VpceOrgPaths',
  'aws:VpcSourceIp',
] as const

/** Keys that AWS sets when a service calls on behalf of a resource; a role session's own calls never carry them. */
const SERVICE_CALL_KEYS = [
  'aws:sourcearn',
  'aws:sourceaccount',
  'aws:sourceorgid',
  'aws:sourceorgpaths',
  'aws:sourceowner',
]
const ENDPOINT_KEYS = [
  'aws:sourcevpc',
  'aws:sourcevpce',
  'aws:sourcevpcarn',
  'aws:vpcsourceip',
  'aws:vpceaccount',
  'aws:vpceorgid',
  'aws:vpceorgpaths',
]

export function lintConditions(view: StatementView): void {
  for (const condition of conditionsOf(view)) {
    lintKey(view, condition)
    lintOperator(view, condition)
  }
  lintVariables(view)
}

type Condition = ReturnType<typeof conditionsOf>[number]

function lintKey(view: StatementView, { key, operator, path }: Condition): void {
  const { say } = view
  const lower = key.toLowerCase()
  if (isUnknown(key)) return
  if (view.policy.kind !== 'trust' && SERVICE_CALL_KEYS.includes(lower) && parseOperator(operator)?.base !== 'Null') {
    const effect = view.statement.Effect === 'Allow' ? 'this allow never applies' : 'this deny does not do what it says'
    return say(
      'source-arn-in-permission-policy',
      path,
      `${key} is set only when an AWS service assumes the role, not in the calls that the role’s session makes: ${effect}.`,
      `Move the condition to the trust policy.`,
    )
  }
  if (ENDPOINT_KEYS.includes(lower) && view.statement.Effect === 'Allow') {
    const token = view.actions.find(({ text }) =>
      globMatches(compileGlob(text.toLowerCase()), 'ecr:getauthorizationtoken'),
    )
    if (token) {
      say(
        'token-behind-endpoint-condition',
        path,
        `On Fargate ecr:GetAuthorizationToken goes through a network interface of AWS, so ${key} never matches and no image can be pulled.`,
        'Put ecr:GetAuthorizationToken into a statement of its own without this condition.',
      )
    }
  }
  if (lower.startsWith('aws:')) {
    if (
      GLOBAL_KEYS.some((known) =>
        known.endsWith('/') ? lower.startsWith(known.toLowerCase()) : lower === known.toLowerCase(),
      )
    )
      return
    const near = closest(key, GLOBAL_KEYS)
    return say(
      'unknown-condition-key',
      path,
      `AWS has no condition key "${key}".`,
      near ? `Write ${near} if that is meant.` : 'Look the key up among the global condition keys.',
    )
  }
  lintServiceKey(view, key, path)
}

function lintServiceKey(view: StatementView, key: string, path: Condition['path']): void {
  const facts = view.actions.flatMap(({ text }) => view.table.matching(text))
  if (!key.includes(':')) {
    return view.say(
      'unknown-condition-key',
      path,
      `"${key}" is no condition key.`,
      'Write it with its prefix, such as aws:SourceVpce.',
    )
  }
  if (facts.length === 0 || view.actions.some(({ text }) => text === '*' || isUnknown(text))) return
  const carries = (keys: readonly string[]) =>
    keys.some((pattern) => globMatches(compileGlob(pattern.toLowerCase()), key.toLowerCase()))
  const without = facts.filter((fact) => !carries(fact.conditionKeys))
  if (without.length === 0 || view.statement.Effect === 'Deny') return
  const names = without.map((fact) => `${fact.service}:${fact.name}`)
  if (without.length < facts.length && names.length > 3) return
  view.say(
    'unknown-condition-key',
    path,
    `${quote(names, 3)} ${names.length === 1 ? 'does' : 'do'} not carry the condition key ${key}, so the allow never applies to ${names.length === 1 ? 'it' : 'them'}.`,
    'Split the statement, or use a key that the action carries.',
    'warning',
  )
}

function lintOperator(view: StatementView, { operator, key, values, path }: Condition): void {
  const { say } = view
  const named = parseOperator(operator)
  if (!named) return
  if (named.set === 'ForAllValues' && view.statement.Effect === 'Allow' && !named.base.includes('Not')) {
    const guarded = conditionsOf(view).some(
      (other) =>
        other.operator === 'Null' && other.key.toLowerCase() === key.toLowerCase() && other.values.includes('false'),
    )
    if (!guarded)
      say(
        'for-all-values-allow',
        path,
        `${operator} holds when the request has no ${key} at all.`,
        `Add "Null": {"${key}": "false"}.`,
      )
  }
  if (named.set === 'ForAnyValue' && named.ifExists) {
    say(
      'if-exists-has-no-effect',
      path,
      `${operator} never holds when ${key} is missing.`,
      `Write ${operator.replace(/IfExists$/, '')}, or add a second statement with "Null".`,
    )
  }
  const bad = values.filter((value) => !isUnknown(value) && !value.includes('${') && !readable(named.base, value))
  if (bad.length > 0) {
    say(
      'condition-never-holds',
      path,
      `${named.base} cannot read ${quote(bad, 3)}.`,
      REMEDIES[sortOf(named.base)] ?? 'Correct the value.',
    )
  }
  const wild = values.filter((value) => /[*?]/.test(value) && !isUnknown(value))
  if (
    /^String(Not)?Equals(IgnoreCase)?$/.test(named.base) &&
    wild.length > 0 &&
    !view.policy.kind.startsWith('trust')
  ) {
    say(
      'condition-never-holds',
      path,
      `${named.base} takes the wildcard in ${quote(wild, 2)} as it is written.`,
      `Use ${named.base.includes('Not') ? 'StringNotLike' : 'StringLike'}.`,
      'warning',
    )
  }
  if (named.base.startsWith('String') && ['aws:sourceip', 'aws:vpcsourceip'].includes(key.toLowerCase())) {
    say(
      'condition-never-holds',
      path,
      `${key} compared with ${named.base} does not know address ranges.`,
      `Use ${named.base.includes('Not') ? 'NotIpAddress' : 'IpAddress'}.`,
      values.some((value) => value.includes('/')) ? 'error' : 'warning',
    )
  }
}

function sortOf(base: string): string {
  return /^(Numeric|Date|Bool|Null|Arn|Binary)/.exec(base)?.[1] ?? (base.endsWith('IpAddress') ? 'IpAddress' : 'String')
}

const REMEDIES: Readonly<Record<string, string>> = {
  Numeric: 'Write a number.',
  Date: 'Write an ISO 8601 date such as 2026-11-23T00:00:00Z, or seconds since 1970.',
  Bool: 'Write "true" or "false".',
  Null: 'Write "true" (the key is absent) or "false" (it is present).',
  Arn: 'Write a full ARN of six parts, with wildcards where needed, or use StringLike.',
  Binary: 'Write base64.',
  IpAddress: 'Write an address or a range such as 203.0.113.0/24.',
}

function readable(base: string, value: string): boolean {
  switch (sortOf(base)) {
    case 'Numeric':
      return value.trim() !== '' && !Number.isNaN(Number(value))
    case 'Date':
      return parseInstant(value) !== undefined
    case 'Bool':
    case 'Null':
      return /^(true|false)$/i.test(value)
    case 'Arn':
      return value === '*' || parseArn(value) !== undefined
    case 'Binary':
      return /^[A-Za-z0-9+/]*={0,2}$/.test(value)
    case 'IpAddress':
      return parseRange(value) !== undefined
    default:
      return true
  }
}

/** Variables that a role session has no value for. */
const EMPTY_IN_SESSIONS = [
  'aws:username',
  'aws:sourcearn',
  'aws:sourceaccount',
  'aws:multifactorauthage',
  'aws:multifactorauthpresent',
]

function lintVariables(view: StatementView): void {
  if (view.policy.kind === 'trust') return
  const texts = [
    ...view.resources,
    ...view.notResources,
    ...conditionsOf(view).flatMap(({ values, path }) => values.map((text) => ({ text, path }))),
  ]
  for (const { text, path } of texts) {
    for (const [, key = ''] of text.matchAll(/\$\{([^},]*)\}/g)) {
      if (!EMPTY_IN_SESSIONS.includes(key.trim().toLowerCase())) continue
      view.say(
        'variable-never-filled',
        path,
        `\${${key}} has no value in the calls of a role session, so "${text}" matches nothing.`,
        'Use ${aws:PrincipalTag/…} or write the value.',
      )
    }
  }
}

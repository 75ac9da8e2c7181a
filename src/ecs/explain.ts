import { parseArn } from '../iam/arn.ts'
import type { PolicyStatement } from '../iam/policy.ts'
import { viaService } from './partition.ts'
import { CATALOGUE, type RowId } from './stopped-reason/catalogue.ts'
import type { Cause, Row, Surface } from './stopped-reason/row.ts'
import type { StepId } from './need.ts'

/** Who was denied what, as far as the text says it. */
export type Denial = {
  readonly principal?: string
  readonly action: string
  /** Absent when the text does not name it. */
  readonly resource?: string
  /** The policy layer that decided, in AWS's words: `identity-based policy`, `permissions boundary`. */
  readonly layer?: string
  readonly explicit: boolean
  /** The policy that denies, where newer messages name it. */
  readonly policyArn?: string
}

export type StoppedReason = {
  /** The row of the catalogue, or undefined when the text is none that Portreeve knows. */
  readonly row?: RowId
  readonly step?: StepId
  readonly cause: Cause
  readonly surfaces: readonly Surface[]
  readonly means: string
  readonly denied?: Denial
  readonly fix: { readonly about: string; readonly statement?: PolicyStatement; readonly target?: string }
  /** How sure: the text names it, it follows from the text, or it is the likeliest of several. */
  readonly certainty: 'certain' | 'likely' | 'possible'
  /** Service events and circuit breakers that were around the text. */
  readonly wrapped: boolean
}

/** What shows that a call never arrived. Tested first: these texts name steps and things that are innocent. */
const NETWORK =
  /StatusCode: 0\b|i\/o timeout|context deadline exceeded|signal: killed|connection issue|request canceled while waiting|no such host|connection refused|connection reset|TLS handshake timeout/i

/** Says what a stopped reason, service event or API error of ECS means. Knows old and new wordings, and bears cut-off texts. */
export function explainStoppedReason(text: string): StoppedReason {
  const { plain, wrapped } = unwrap(text)
  const denied = denialIn(plain)
  const network = NETWORK.test(plain)
  const rows = CATALOGUE.filter((row) => row.match.test(plain))
  const row = best(rows, plain, network, denied)
  if (!row) return unknownText(plain, denied, wrapped, network)
  const cause = causeOf(row, plain, network, denied)
  const named = denied ?? (row.action === undefined || cause !== 'iam' ? undefined : inferred(row, plain))
  return {
    row: row.id,
    step: row.step,
    cause,
    surfaces: row.surfaces,
    means: row.means,
    ...(named ? { denied: named } : {}),
    fix: fixFor(row, named, cause),
    certainty: denied || cause !== 'iam' ? 'certain' : row.action === 'kms:Decrypt' ? 'certain' : 'likely',
    wrapped,
  }
}

/** Straightens quotes and spaces, and takes a service event's or a deployment's frame off. */
function unwrap(text: string): { plain: string; wrapped: boolean } {
  const plain = text
    .replace(/[‘’ʼ`]/g, "'")
    .replace(/[“”]/g, '"')
    .replace(/\\"/g, '"')
    .replace(/\s+/g, ' ')
    .trim()
  const inner =
    /^\(service [^)]*\) (?:was unable to place a task\. Reason: |failed to launch a task with \(error )(.+?)\)?\.?$/i.exec(
      plain,
    )?.[1] ??
    /^service \S+ (?:was unable to place a task\. Reason: |failed to launch a task with \(error )(.+?)\)?\.?$/i.exec(
      plain,
    )?.[1]
  return inner === undefined ? { plain, wrapped: false } : { plain: inner, wrapped: true }
}

/** The row that fits best: network before permission, the denied action's own row before a general one, the order of a launch last. */
function best(
  rows: readonly (typeof CATALOGUE)[number][],
  plain: string,
  network: boolean,
  denied: Denial | undefined,
) {
  const scored = rows.map((row) => {
    let score = matchLength(row, plain)
    if (network) score += row.cause === 'network' ? 2000 : 0
    if (denied && row.action?.toLowerCase() === denied.action.toLowerCase()) score += 1000
    if (denied && row.cause === 'iam') score += 500
    // On instances the container's reason has a prefix of its own.
    if (row.id.endsWith('-ec2') && !/^(Cannot|Host|fetching|the task can't)/i.test(plain)) score -= 50
    // The frame says less than what it frames.
    if (row.id === 'deployment-failed' || row.id === 'essential-container-exited') score -= 5000
    return { row, score }
  })
  return scored.reduce<(typeof scored)[number] | undefined>(
    (top, each) => (!top || each.score > top.score ? each : top),
    undefined,
  )?.row
}

/** The more of the text a row recognises, the better it fits; a match over everything counts for its fixed words only. */
function matchLength(row: Row, plain: string): number {
  const found = row.match.exec(plain)?.[0].length ?? 0
  return Math.min(found, row.match.source.replace(/\\.|[()|.*+?[\]]/g, '').length)
}

function causeOf(row: Row, plain: string, network: boolean, denied: Denial | undefined): Cause {
  if (denied) return 'iam'
  if (network && row.cause !== 'application') return 'network'
  // FireLens and gMSA texts carry the storage's own answer.
  if (row.id === 'credential-spec-failed' || row.id === 'fsx-failed' || row.id === 'efs-failed') {
    if (/AccessDenied|access denied|not authorized/i.test(plain)) return 'iam'
    if (/invalid parameters|NoSuchKey|NotFound|does not exist/i.test(plain)) return 'existence'
    if (/only s3\/ssm ARNs/i.test(plain)) return 'configuration'
  }
  return row.cause
}

const DENIED = /(?:User: (\S+) )?is not authorized to perform: ([\w-]+:\w+)(?: on resource: (\S+))?/i

/** The parts of AWS's access-denied message, also when it is cut off. */
function denialIn(plain: string): Denial | undefined {
  const found = DENIED.exec(plain)
  if (!found) return undefined
  const [, principal, action = '', resource] = found
  const missing = /because no (.+?) allows the/i.exec(plain)?.[1]
  const explicit = /with an explicit deny in an? ([\w -]*?(?:policy|boundary))(?::? (arn:\S+))?/i.exec(plain)
  const layer = missing ?? explicit?.[1] ?? /because no (.+)$/i.exec(plain)?.[1]?.replace(/ allows?.*$/, '')
  const cleaned = resource?.replace(/[.,;)]+$/, '')
  return {
    ...(principal === undefined ? {} : { principal }),
    action,
    ...(cleaned === undefined ? {} : { resource: cleaned }),
    ...(layer === undefined ? {} : { layer }),
    explicit: explicit !== null,
    ...(explicit?.[2] === undefined ? {} : { policyArn: explicit[2].replace(/[.,;)]+$/, '') }),
  }
}

/** What a row's refusal must have been about where the text names no action. */
function inferred(row: Row, plain: string): Denial | undefined {
  if (row.action === undefined) return undefined
  const resource = resourceIn(row.action, plain)
  return { action: row.action, ...(resource === undefined ? {} : { resource }), explicit: false }
}

function resourceIn(action: string, plain: string): string | undefined {
  if (action === 'sts:AssumeRole') return /arn:[\w-]+:iam::\d{12}:role\/[^\s'")]+/.exec(plain)?.[0]
  if (action.startsWith('ecr:')) {
    const [, account, region, name] =
      /(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.[a-z.]+\/(?:v2\/)?([a-z0-9._/-]+?)(?:[:@\s]|\/manifests|\/blobs|$)/.exec(
        plain,
      ) ?? []
    return account && region && name
      ? `arn:${partitionIn(region)}:ecr:${region}:${account}:repository/${name}`
      : undefined
  }
  if (action === 's3:GetObject') {
    const [, key, bucket] =
      /with key (\S+) from bucket (\S+?),/.exec(plain) ?? /s3 config (\S+) from bucket (\S+?):/.exec(plain) ?? []
    return key && bucket ? `arn:aws:s3:::${bucket}/${key}` : undefined
  }
  return undefined
}

function partitionIn(region: string): string {
  return region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws'
}

function fixFor(row: Row, denied: Denial | undefined, cause: Cause): StoppedReason['fix'] {
  if (!denied || cause !== 'iam') return { about: row.fix }
  return fixForDenial(denied, row.fix)
}

const LAYER_FIXES: readonly (readonly [RegExp, string, string])[] = [
  [
    /boundary/i,
    'permissions-boundary',
    'add the action to the permissions boundary; the identity policy alone does not help',
  ],
  [
    /service control/i,
    'service-control-policy',
    'ask whoever runs the AWS organization to allow the action in its service control policies',
  ],
  [
    /resource control/i,
    'resource-control-policy',
    'ask whoever runs the AWS organization to exempt this role in its resource control policies',
  ],
  [/VPC endpoint/i, 'vpc-endpoint-policy', 'allow the action in the policy of the VPC endpoint'],
  [
    /resource-based/i,
    'resource-policy',
    'allow the role in the policy of the resource itself (repository, secret, key or bucket)',
  ],
  [/session/i, 'session-policy', 'allow the action in the session policy'],
  [/trust/i, 'trust-policy', 'let the role trust ecs-tasks.amazonaws.com'],
]

function fixForDenial(denied: Denial, general: string): StoppedReason['fix'] {
  const layer = LAYER_FIXES.find(([pattern]) => pattern.test(denied.layer ?? ''))
  const statement = layer?.[1] === 'resource-policy' ? resourceStatement(denied) : statementFor(denied)
  if (denied.explicit) {
    const where = denied.policyArn === undefined ? `a ${denied.layer}` : denied.policyArn
    return {
      about: `remove or narrow the statement that denies ${denied.action} in ${where}; no further Allow outweighs a Deny`,
      target: layer?.[1] ?? 'identity-policy',
    }
  }
  if (layer)
    return { about: layer[2], target: layer[1], ...(statement && layer[1] !== 'trust-policy' ? { statement } : {}) }
  return { about: general, target: targetOf(denied), ...(statement ? { statement } : {}) }
}

/** The statement for the policy of a repository, secret or bucket: it names the role, and a repository's names no resource. */
function resourceStatement(denied: Denial): PolicyStatement | undefined {
  const statement = statementFor(denied)
  const [, partition, account, role] =
    /^arn:([\w-]+):sts::(\d{12}):assumed-role\/([^/]+)\//.exec(denied.principal ?? '') ?? []
  if (!statement || !role) return statement
  const { Resource: resource, ...rest } = statement
  const named = { ...rest, Principal: { AWS: `arn:${partition}:iam::${account}:role/${role}` } }
  return denied.action.startsWith('ecr:') || resource === undefined ? named : { ...named, Resource: resource }
}

function targetOf(denied: Denial): string {
  if (denied.action === 'iam:PassRole' || denied.action.startsWith('ecs:')) return 'caller'
  return denied.action === 'sts:AssumeRole' ? 'trust-policy' : 'execution-role'
}

/** The statement that lets the call through, with the resource as a policy must write it. */
function statementFor({ action, resource }: Denial): PolicyStatement | undefined {
  if (action === 'sts:AssumeRole') {
    return { Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: action }
  }
  if (resource === undefined) return undefined
  const base = { Effect: 'Allow' } as const
  if (action.startsWith('logs:')) {
    return {
      ...base,
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents', ...(action === 'logs:CreateLogGroup' ? [action] : [])],
      Resource: `${resource.replace(/:log-stream:.*$|:\*$/, '')}:*`,
    }
  }
  if (action === 'ecr:BatchGetImage' || action === 'ecr:GetDownloadUrlForLayer') {
    return { ...base, Action: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'], Resource: resource }
  }
  if (action === 'iam:PassRole') {
    return {
      ...base,
      Action: action,
      Resource: resource,
      Condition: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
    }
  }
  if (action === 'kms:Decrypt') {
    const region = parseArn(resource)?.region ?? ''
    return {
      ...base,
      Action: action,
      Resource: resource,
      Condition: {
        StringEquals: { 'kms:ViaService': [viaService('secretsmanager', region), viaService('ssm', region)] },
      },
    }
  }
  return { ...base, Action: action, Resource: resource }
}

/** Prefixes that name the step even when the rest of the text is cut off or new. */
const PREFIXES: readonly { readonly match: RegExp; readonly step: StepId; readonly what: string }[] = [
  {
    match: /registry auth from asm|asm fetching/i,
    step: 'registry-auth',
    what: 'reading the credentials of a private registry',
  },
  {
    match: /secrets? from asm|from secrets manager|Secrets Manager/i,
    step: 'secrets',
    what: 'reading a secret from Secrets Manager',
  },
  {
    match: /secrets? from ssm|SSM Parameter Store|Systems Manager/i,
    step: 'secrets',
    what: 'reading a parameter from Parameter Store',
  },
  { match: /ecr registry auth|CannotPullECRContainerError/i, step: 'ecr-auth', what: 'logging in to ECR' },
  {
    match: /unable to pull secrets or registry auth/i,
    step: 'secrets',
    what: 'reading secrets or logging in to the registry',
  },
  { match: /env files?\b|environment file/i, step: 'env-files', what: 'reading an environment file from S3' },
  { match: /validate logger args|initialize logging driver/i, step: 'log-driver', what: 'opening the log' },
  { match: /failed to copy|ref pull has been/i, step: 'image-layers', what: 'pulling the layers of an image' },
  { match: /CannotPull\w*Error|failed to resolve ref/i, step: 'image-manifest', what: 'pulling an image' },
  { match: /EFS/i, step: 'volumes', what: 'mounting an EFS volume' },
  {
    match: /CannotStartContainerError|ContainerRuntimeError|CannotCreateContainerError/i,
    step: 'start',
    what: 'starting a container',
  },
  { match: /ResourceInitializationError/i, step: 'secrets', what: 'preparing what the task needs' },
]

function unknownText(plain: string, denied: Denial | undefined, wrapped: boolean, network: boolean): StoppedReason {
  const prefix = PREFIXES.find(({ match }) => match.test(plain))
  const base = { surfaces: [], wrapped, ...(prefix ? { step: prefix.step } : {}) } as const
  if (denied) {
    return {
      ...base,
      cause: 'iam',
      means: `${denied.principal ?? 'the role'} may not ${denied.action}`,
      denied,
      fix: fixForDenial(denied, `allow ${denied.action}`),
      certainty: 'certain',
    }
  }
  if (network) {
    const about = 'check subnets, route tables, security groups and VPC endpoints: port 443 must reach AWS'
    return {
      ...base,
      cause: 'network',
      means: `${prefix?.what ?? 'a call'} did not get through`,
      fix: { about },
      certainty: 'likely',
    }
  }
  if (!prefix) {
    const about = 'take the whole stoppedReason and containers[].reason from "aws ecs describe-tasks"'
    return {
      ...base,
      cause: 'unknown',
      means: 'this is none of the texts of ECS that Portreeve knows',
      fix: { about },
      certainty: 'possible',
    }
  }
  // One retry is how ECS treats refusals; several, minutes apart, is how it treats a missing route.
  const retried = Number(/retried (\d+) time/i.exec(plain)?.[1] ?? 0)
  const likely =
    retried === 1
      ? 'a permission or something that does not exist'
      : retried >= 3
        ? 'the network, or an image that does not exist'
        : 'unknown'
  const about =
    'the text is cut off or new: take the whole of it from "aws ecs describe-tasks", or run "portreeve role preflight"'
  return {
    ...base,
    cause: 'unknown',
    means: `${prefix.what} failed; the cause is ${likely}`,
    fix: { about },
    certainty: 'possible',
  }
}

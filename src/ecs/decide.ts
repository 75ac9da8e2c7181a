import { parseArn, roleNameOf } from '../iam/arn.ts'
import { evaluate, type Evaluation, type Policies } from '../iam/evaluate.ts'
import type { NamedPolicy, PolicyDocument } from '../iam/policy.ts'
import { governedByResourceControl } from '../iam/resource-control.ts'
import { assume, type Unknowns, unknownsIn } from './assume.ts'
import type { Facts } from './facts.ts'
import { hasUnknown, type Need, unknownParts } from './need.ts'
import { TASK_ID } from './needs/logs.ts'

/** Who makes a call: the principal as error messages name it, and everything that limits it. */
export type Party = {
  /** The session's or user's ARN. */
  readonly principal: string
  /** The role's ARN with its path; empty for a user. */
  readonly roleArn: string
  readonly account: string
  readonly policies: readonly NamedPolicy[]
  readonly boundary?: NamedPolicy
  readonly boundaryUnread?: boolean
  /** What of its policies nobody has read, in words; empty when all are known. */
  readonly unread: readonly string[]
}

export type Verdict = {
  readonly outcome: 'allowed' | 'denied' | 'unknown'
  readonly evaluation: Evaluation
  /** For `unknown`: the facts that would decide it. */
  readonly missingFacts: readonly string[]
}

/** A resource's own policy as it counts for one call. */
export type ResourceSide = {
  /** null: there is none; undefined: nobody knows. */
  readonly policy: PolicyDocument | null | undefined
  /** What to ask for when it is unknown: `the policy of repository X`. */
  readonly name: string
  /** A KMS key's policy must allow or delegate; an unknown one is taken to delegate, as keys do by default. */
  readonly isKey?: boolean
  /** AWS's own repositories let every account in. */
  readonly isPublic?: boolean
}

const ADMINISTRATOR: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
}

/** A boundary that nobody has read may allow nothing. */
const UNREAD_BOUNDARY: NamedPolicy = {
  name: 'permissions boundary',
  document: { Version: '2012-10-17', Statement: [] },
}

/** The ARN of a role's session as ECS starts it: the role's path is not part of it. */
export function sessionArn(roleArn: string, session = TASK_ID): string {
  const arn = parseArn(roleArn)
  return `arn:${arn?.partition ?? 'aws'}:sts::${arn?.account ?? ''}:assumed-role/${roleNameOf(roleArn)}/${session}`
}

/** Decides a call in the worst and in the best case of what is unknown. */
export function decide(
  need: Need,
  party: Party,
  resource: ResourceSide,
  facts: Facts,
  openKeys: (key: string) => boolean,
): Verdict {
  const context =
    need.feature === 'layer-download' ? { 'aws:RequestedRegion': need.region } : contextOf(need, party, facts)
  const known = new Set(Object.keys(context).map((key) => key.toLowerCase()))
  const unknowns: Unknowns = {
    resource: need.resource,
    isUnknownKey: (key) => !known.has(key) && openKeys(key),
  }
  const crossAccount = need.account !== party.account && !hasUnknown(need.account) && !hasUnknown(party.account)
  const signedByEcr = need.feature === 'layer-download'
  const request = {
    principal: signedByEcr ? ECR_SIGNER : party.principal,
    principalAccount: party.account,
    action: need.action,
    resource: need.resource,
    resourceAccount: crossAccount && !signedByEcr ? need.account : party.account,
    context,
  }
  const policies = need.feature === 'layer-download' ? layerPolicies(facts) : policiesFor(need, party, resource, facts)
  const worstPolicies = assumeAll(policies, unknowns, 'worst')
  const worst = evaluate(
    request,
    party.boundaryUnread ? { ...worstPolicies, boundary: UNREAD_BOUNDARY } : worstPolicies,
  )
  if (worst.decision === 'Allowed') return { outcome: 'allowed', evaluation: worst, missingFacts: [] }
  const bestPolicies = assumeAll(policies, unknowns, 'best')
  const unreadPolicies = party.unread.map((name) => ({ name, document: ADMINISTRATOR }))
  const unreadResource = crossAccount && resource.policy === undefined && !resource.isPublic
  const best = evaluate(unreadResource ? { ...request, resourceAccount: party.account } : request, {
    ...bestPolicies,
    identityPolicies: [...bestPolicies.identityPolicies, ...unreadPolicies],
  })
  if (best.decision !== 'Allowed') return { outcome: 'denied', evaluation: best, missingFacts: [] }
  const facts_ = [
    ...party.unread,
    ...(party.boundaryUnread ? ['permissions boundary'] : []),
    ...(unreadResource ? [resource.name] : []),
    ...unknownParts(need.resource),
    ...listPolicies(policies).flatMap((policy) => unknownsIn(policy, unknowns)),
  ]
  return { outcome: 'unknown', evaluation: worst, missingFacts: [...new Set(facts_)] }
}

function policiesFor(need: Need, party: Party, resource: ResourceSide, facts: Facts): Policies {
  const service = need.action.split(':')[0] ?? ''
  const endpoint =
    facts.vpcEndpointPolicies?.[need.endpoint] ?? facts.vpcEndpointPolicies?.[need.endpoint.split('.')[0] ?? '']
  const policy = resource.policy ?? undefined
  return {
    identityPolicies: party.policies,
    boundary: party.boundary,
    serviceControlPolicies: facts.serviceControlPolicies,
    resourceControlPolicies: governedByResourceControl(need.action) ? facts.resourceControlPolicies : undefined,
    resourcePolicy: resource.isPublic ? PUBLIC : policy && { name: resource.name, document: policy },
    resourcePolicyIsOnlyGrant: resource.isKey && policy ? 'key' : undefined,
    // KMS is called by the other service, not through the task's own endpoints.
    vpcEndpointPolicy: service === 'kms' ? undefined : endpoint,
  }
}

/** Stands for whoever signs layer URLs in ECR: nobody whom a policy of the customer names. */
const ECR_SIGNER = 'arn:aws:iam::000000000000:user/ecr-layers'

/** A layer's URL is signed by ECR: of the task's own policies only that of the S3 endpoint sees the download. */
function layerPolicies(facts: Facts): Policies {
  return {
    identityPolicies: [{ name: 'ECR', document: ADMINISTRATOR }],
    vpcEndpointPolicy: facts.vpcEndpointPolicies?.['s3'],
  }
}

const PUBLIC: NamedPolicy = {
  name: 'policy of an AWS-owned repository',
  document: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: '*', Action: '*' }] },
}

function assumeAll(policies: Policies, unknowns: Unknowns, mode: 'worst' | 'best'): Policies {
  const one = (policy: NamedPolicy | undefined) => policy && assume(policy, unknowns, mode)
  const many = (list: readonly NamedPolicy[]) => list.map((policy) => assume(policy, unknowns, mode))
  return {
    ...policies,
    identityPolicies: many(policies.identityPolicies),
    boundary: one(policies.boundary),
    serviceControlPolicies: policies.serviceControlPolicies?.map(many),
    resourceControlPolicies: policies.resourceControlPolicies?.map(many),
    resourcePolicy: one(policies.resourcePolicy),
    vpcEndpointPolicy: one(policies.vpcEndpointPolicy),
  }
}

function listPolicies(policies: Policies): readonly NamedPolicy[] {
  const single = [policies.boundary, policies.resourcePolicy, policies.vpcEndpointPolicy]
  return [
    ...policies.identityPolicies,
    ...single.filter((policy) => policy !== undefined),
    ...(policies.serviceControlPolicies ?? []).flat(),
    ...(policies.resourceControlPolicies ?? []).flat(),
  ]
}

/** The context of a call as AWS would send it. Never aws:SourceArn or aws:SourceAccount: those exist on calls of services only. */
function contextOf(need: Need, party: Party, facts: Facts): Readonly<Record<string, string | readonly string[]>> {
  const given = { ...facts.requestContext }
  const viaService = need.context?.['aws:ViaAWSService'] === 'true'
  // On Fargate the token is fetched through the interface of AWS, so that the endpoint's keys are absent.
  const outside =
    viaService ||
    (need.action === 'ecr:GetAuthorizationToken' && facts.launchType !== 'EC2' && facts.launchType !== 'EXTERNAL')
  if (outside) for (const key of Object.keys(given)) if (ENDPOINT_KEY.test(key)) delete given[key]
  if (viaService)
    for (const key of Object.keys(given)) if (/^aws:(SourceIp|ViaAWSService)$/i.test(key)) delete given[key]
  const now = facts.now === undefined ? undefined : new Date(facts.now)
  return {
    'aws:PrincipalAccount': party.account,
    'aws:PrincipalArn': party.roleArn || party.principal,
    'aws:PrincipalType': party.roleArn ? 'AssumedRole' : 'User',
    'aws:PrincipalIsAWSService': 'false',
    'aws:ResourceAccount': need.account,
    'aws:RequestedRegion': need.region,
    'aws:SecureTransport': 'true',
    'aws:ViaAWSService': 'false',
    ...(now === undefined
      ? {}
      : { 'aws:CurrentTime': now.toISOString(), 'aws:EpochTime': String(Math.floor(now.getTime() / 1000)) }),
    ...(outside || facts.sourceVpce === undefined ? {} : { 'aws:SourceVpce': facts.sourceVpce }),
    ...(outside || facts.sourceVpc === undefined ? {} : { 'aws:SourceVpc': facts.sourceVpc }),
    ...(need.feature === 'kms' ? { 'kms:CallerAccount': party.account } : {}),
    ...given,
    ...need.context,
  }
}

const ENDPOINT_KEY = /^aws:(SourceVpce|SourceVpc|VpcSourceIp)$/i

/**
 * Condition keys that a launch has but facts may leave out. Facts that describe the network or the request context are taken as
 * complete, so that a key they do not name is absent.
 */
export function openKeysOf(facts: Facts): (key: string) => boolean {
  const network = facts.network !== undefined || facts.sourceVpce !== undefined || facts.sourceVpc !== undefined
  const context = facts.requestContext !== undefined || facts.network !== undefined
  return (key) => {
    if (/^aws:(sourcevpce|sourcevpc|vpcsourceip)$/.test(key)) return !network
    if (key === 'aws:sourceip') return !context
    if (key === 'aws:currenttime' || key === 'aws:epochtime') return facts.now === undefined
    if (/^(aws|ssm|secretsmanager|ecr|s3|logs):resourcetag\//.test(key)) return !context
    return (
      !context && /^aws:(principalorgid|principalorgpaths|principaltag\/.*|resourceorgid|resourceorgpaths)$/.test(key)
    )
  }
}

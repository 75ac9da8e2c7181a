import type { NamedPolicy, PolicyDocument } from '../iam/policy.ts'

export type LaunchType = 'FARGATE' | 'EC2' | 'EXTERNAL'

/**
 * What is known of the place a task starts in. Everything is optional and an absent fact is an unknown one. A map that is present is
 * complete: a secret, parameter or object that it does not name does not exist.
 */
export type Facts = {
  /** True when the maps and lists below name only part of what exists. */
  readonly incomplete?: boolean
  readonly launchType?: LaunchType
  readonly platformVersion?: string
  readonly region?: string
  readonly accountId?: string
  readonly partition?: string
  /** RunTask's `overrides`: they win over the task definition. */
  readonly overrides?: { readonly executionRoleArn?: string; readonly taskRoleArn?: string }
  /** Names (of the task's own region) or ARNs of the log groups that exist. */
  readonly logGroups?: readonly string[]
  readonly network?: NetworkFacts
  readonly secrets?: Readonly<Record<string, SecretFacts>>
  readonly parameters?: Readonly<Record<string, ParameterFacts>>
  /** S3 objects by ARN. */
  readonly objects?: Readonly<Record<string, { readonly kms?: string }>>
  readonly buckets?: Readonly<Record<string, { readonly policy?: PolicyDocument | null; readonly accountId?: string }>>
  readonly keys?: Readonly<
    Record<string, { readonly policy?: PolicyDocument | null; readonly aliases?: readonly string[] }>
  >
  readonly repositories?: Readonly<Record<string, RepositoryFacts>>
  /** Repository URI → tags and digests that exist. */
  readonly images?: Readonly<Record<string, readonly string[]>>
  /** Image → platforms of its manifest, such as `linux/arm64`. */
  readonly imagePlatforms?: Readonly<Record<string, readonly string[]>>
  readonly registry?: { readonly rateLimited?: boolean; readonly private?: boolean }
  readonly pullThroughCache?: readonly PullThroughRule[]
  readonly serviceControlPolicies?: readonly (readonly NamedPolicy[])[]
  readonly resourceControlPolicies?: readonly (readonly NamedPolicy[])[]
  /** Endpoint policies by service as in the endpoint's name: `s3`, `ssm`, `ecr.api`. */
  readonly vpcEndpointPolicies?: Readonly<Record<string, NamedPolicy>>
  readonly sourceVpce?: string
  readonly sourceVpc?: string
  /** Further condition keys of every call, such as `aws:PrincipalOrgID`. */
  readonly requestContext?: Readonly<Record<string, string | readonly string[]>>
  readonly caller?: CallerFacts
  readonly taskRole?: RoleFacts
  readonly instanceRole?: RoleFacts
  /** Present when GuardDuty Runtime Monitoring is on; its repository where the region's known one is not meant. */
  readonly guardDuty?: { readonly repositoryArn?: string; readonly account?: string }
  readonly enableExecuteCommand?: boolean
  /** `ECS_ENABLE_AWSLOGS_EXECUTIONROLE_OVERRIDE` of the container instance; true when it is not said. */
  readonly awslogsExecutionRoleOverride?: boolean
  /** When the launch happens, ISO 8601, for policies with dates. */
  readonly now?: string
}

export type NetworkFacts = {
  /** `all`: everything is reachable; `endpoints`: only VPC endpoints, unless NAT or a public address helps; `none`: nothing is. */
  readonly reachable: 'all' | 'endpoints' | 'none'
  /** Services without an endpoint. */
  readonly missing: readonly string[]
  /** When given, the only services that have one. */
  readonly endpoints?: readonly string[]
  readonly internet: boolean
}

export type SecretFacts = {
  readonly kms?: string
  readonly json?: readonly string[]
  readonly stages?: readonly string[]
  readonly versions?: readonly string[]
  readonly policy?: PolicyDocument | null
  readonly tags?: Readonly<Record<string, string>>
}

export type ParameterFacts = {
  readonly kms?: string
  readonly type?: string
  readonly tags?: Readonly<Record<string, string>>
}

export type RepositoryFacts = {
  readonly exists: boolean
  /** null: the repository has no policy; undefined: nobody knows. */
  readonly policy?: PolicyDocument | null
}

export type PullThroughRule = {
  readonly prefix: string
  /** Whether this launch is the first to pull the image, so that ECR must import it. */
  readonly firstPull: boolean
  /** A repository creation template with a role of its own makes the repository in the puller's place. */
  readonly creationTemplate: boolean
  /** The cache repository is there already. */
  readonly repositoryExists?: boolean
  readonly registryPolicy?: PolicyDocument | null
}

export type CallerFacts = {
  readonly arn?: string
  readonly policies: readonly NamedPolicy[]
  readonly boundary?: NamedPolicy
}

export type RoleFacts = {
  readonly roleArn?: string
  readonly trustPolicy?: PolicyDocument
  readonly policies: readonly NamedPolicy[]
  readonly boundary?: NamedPolicy
  readonly exists?: boolean
  /** Managed policies whose text Portreeve does not know: what they grant is unknown. */
  readonly unreadPolicies: readonly string[]
  /** The role has a boundary whose text nobody has read: nothing that it could hold back is sure to be allowed. */
  readonly boundaryUnread?: boolean
}

/** Whether a map of facts knows a thing; undefined when it cannot tell. */
export function isIn(
  map: Readonly<Record<string, unknown>> | undefined,
  key: string,
  facts: Facts,
): boolean | undefined {
  if (map && Object.hasOwn(map, key)) return true
  return map && !facts.incomplete ? false : undefined
}

import { parsePrincipal } from './arn.ts'
import { askStatement, compile, type CompiledStatement, type Question } from './compile.ts'
import { type PrincipalMatch, strongerMatch } from './match.ts'
import type { NamedPolicy } from './policy.ts'
import { contextOf, type RequestContext, singleValue } from './variable.ts'
import { denialTail } from './wording.ts'

export type Decision = 'Allowed' | 'ExplicitlyDenied' | 'ImplicitlyDenied'

/** One API call to be decided. `principal` is an ARN, or a service name such as `ecs-tasks.amazonaws.com`. */
export type AuthorizationRequest = {
  readonly principal: string
  readonly principalAccount: string
  readonly action: string
  /** The ARN acted on, or `*` for an action without resource. */
  readonly resource: string
  readonly resourceAccount: string
  /** Context keys as AWS would send them; nothing is added to them. A list is a multivalued key. */
  readonly context: Readonly<Record<string, string | readonly string[]>>
}

export type Policies = {
  readonly identityPolicies: readonly NamedPolicy[]
  readonly boundary?: NamedPolicy | undefined
  /** One list for each level from the root down: every level must allow. Absent: the organisation restricts nothing. */
  readonly serviceControlPolicies?: readonly (readonly NamedPolicy[])[] | undefined
  /** Those that govern the resource: for services outside `governedByResourceControl` AWS applies none, so pass none. */
  readonly resourceControlPolicies?: readonly (readonly NamedPolicy[])[] | undefined
  readonly resourcePolicy?: NamedPolicy | undefined
  /** KMS keys and roles: nobody gets in unless this policy lets them or their account in, identity policies alone never do. */
  readonly resourcePolicyIsOnlyGrant?: 'key' | 'trust' | undefined
  readonly sessionPolicies?: readonly NamedPolicy[] | undefined
  readonly vpcEndpointPolicy?: NamedPolicy | undefined
}

export type Layer = 'scp' | 'rcp' | 'vpce' | 'resource' | 'identity' | 'boundary' | 'session'

export type DecidedBy = {
  readonly layer: Layer
  readonly effect: 'Allow' | 'Deny'
  readonly policy: string
  readonly statement: number
  readonly sid: string | undefined
}

export type Evaluation = {
  readonly decision: Decision
  /** The statement that denied, or the one that granted; undefined when nothing allows. */
  readonly decidedBy: DecidedBy | undefined
  /** The layers that lack an allow, in the order in which AWS reports them. */
  readonly missingIn: readonly Layer[]
  /** The end of AWS's access-denied message: "because no identity-based policy allows the X action". Empty when allowed. */
  readonly denialTail: string
}

/** Decides one call as AWS does for the policies that are given. Pure and total: malformed statements match nothing. */
export function evaluate(request: AuthorizationRequest, policies: Policies): Evaluation {
  const question = questionOf(request)
  const trust = policies.resourcePolicyIsOnlyGrant === 'trust'
  const answers = askLayers(question, policies, request)
  for (const { layer, denied } of answers) {
    if (denied) {
      const denialText = denialTail({ effect: 'Deny', layer, action: request.action, trust })
      return { decision: 'ExplicitlyDenied', decidedBy: denied, missingIn: [], denialTail: denialText }
    }
  }
  const missing = missingLayers(answers, request, policies, question)
  const [first] = missing
  if (first) {
    const denialText = denialTail({ effect: 'Allow', layer: first, action: request.action, trust })
    return { decision: 'ImplicitlyDenied', decidedBy: undefined, missingIn: missing, denialTail: denialText }
  }
  return { decision: 'Allowed', decidedBy: grantOf(answers), missingIn: [], denialTail: '' }
}

export function questionOf(request: AuthorizationRequest): Question {
  const principal = parsePrincipal(request.principal)
  let known: RequestContext | undefined
  const context = () => (known ??= contextOf(request.context))
  const asker = {
    principal,
    account: request.principalAccount,
    get roleArn() {
      const arn = principal.kind === 'session' ? singleValue(context(), 'aws:principalarn') : undefined
      return arn?.includes(':role/') ? arn : undefined
    },
  }
  return { lowerAction: request.action.toLowerCase(), resource: request.resource, asker, context }
}

/** What one layer says: its denial, its allow and how that names the principal, and whether every part of it allows. */
type Answer = {
  readonly layer: Layer
  readonly denied: DecidedBy | undefined
  readonly allowed: DecidedBy | undefined
  readonly match: PrincipalMatch
}

/** The layers that a request passes, in the order in which a denial is reported. Levels of SCPs and RCPs are one answer each. */
export function layersOf(
  policies: Policies,
  request: AuthorizationRequest,
): readonly (readonly [Layer, readonly NamedPolicy[]])[] {
  const byService = parsePrincipal(request.principal).kind === 'service'
  const layers: [Layer, readonly NamedPolicy[]][] = []
  for (const level of policies.resourceControlPolicies ?? []) layers.push(['rcp', level])
  // Organisations restrict their own members' principals: an AWS service is none of them.
  if (!byService) for (const level of policies.serviceControlPolicies ?? []) layers.push(['scp', level])
  if (policies.vpcEndpointPolicy) layers.push(['vpce', [policies.vpcEndpointPolicy]])
  layers.push(['resource', policies.resourcePolicy ? [policies.resourcePolicy] : []])
  if (byService) return layers
  layers.push(['identity', policies.identityPolicies])
  if (policies.boundary) layers.push(['boundary', [policies.boundary]])
  if (policies.sessionPolicies) layers.push(['session', policies.sessionPolicies])
  return layers
}

function askLayers(question: Question, policies: Policies, request: AuthorizationRequest): readonly Answer[] {
  return layersOf(policies, request).map(([layer, named]) => askLayer(layer, named, question))
}

function askLayer(layer: Layer, named: readonly NamedPolicy[], question: Question): Answer {
  let allowed: DecidedBy | undefined
  let match: PrincipalMatch = 'none'
  for (const policy of named) {
    for (const statement of compile(policy.document)) {
      if (statement.effect === 'Allow' && match === 'direct') continue
      const found = askStatement(statement, question)
      if (found === 'none') continue
      if (statement.effect === 'Deny') return { layer, denied: decidedBy(layer, policy, statement), allowed, match }
      const stronger = strongerMatch(match, found)
      if (stronger !== match) allowed = decidedBy(layer, policy, statement)
      match = stronger
    }
  }
  return { layer, denied: undefined, allowed, match }
}

function decidedBy(layer: Layer, policy: NamedPolicy, statement: CompiledStatement): DecidedBy {
  const { effect, index, source } = statement
  return { layer, effect, policy: policy.name, statement: index, sid: source.Sid }
}

function missingLayers(
  answers: readonly Answer[],
  request: AuthorizationRequest,
  policies: Policies,
  question: Question,
): readonly Layer[] {
  const lacks = (layer: Layer) => answers.some((answer) => answer.layer === layer && answer.match === 'none')
  const grant = answers.find((answer) => answer.layer === 'resource')?.match ?? 'none'
  const sameAccount = request.principalAccount === request.resourceAccount
  const service = question.asker.principal.kind === 'service'
  const granted = sameAccount && !service ? grant : 'none'
  // RCPFullAWSAccess is attached everywhere and cannot be detached: resource control policies only ever deny.
  const needed: Layer[] = ['scp']
  // In its own account a resource policy can stand for the identity policies; naming a session or user goes past the boundary too.
  if (granted !== 'role' && granted !== 'direct') needed.push('identity')
  if (granted !== 'direct') needed.push('boundary', 'session')
  if (service || !sameAccount || policies.resourcePolicyIsOnlyGrant) needed.push('resource')
  needed.push('vpce')
  return needed.filter(lacks)
}

function grantOf(answers: readonly Answer[]): DecidedBy | undefined {
  const by = (layer: Layer) => answers.find((answer) => answer.layer === layer)?.allowed
  return by('identity') ?? by('resource')
}

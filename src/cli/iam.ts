import { AppError } from '../errors.ts'
import { parsePrincipal } from '../iam/arn.ts'
import { type DecisionCase, readDecisionCase } from '../iam/cases.ts'
import { evaluate, type Evaluation, type Layer } from '../iam/evaluate.ts'
import { explain, type Explanation } from '../iam/explain.ts'
import { asPolicyDocument, type NamedPolicy } from '../iam/policy.ts'
import { governedByResourceControl } from '../iam/resource-control.ts'
import { closest } from '../lib/closest.ts'
import { type Command, defineCommand, type Input } from './command.ts'
import { asUsage, readUserJson } from './files.ts'
import type { Io } from './io.ts'

const iamTest = defineCommand({
  name: 'iam test',
  summary: 'decide an array of IAM requests and compare with what each expects',
  about: [
    'Each case is {"id", "principal", "action", "resource", "expected", "identityPolicies": [document]} and may hold principalAccount, resourceAccount, context,',
    'boundary, serviceControlPolicies and resourceControlPolicies (a list for each level), resourcePolicy, resourcePolicyIsOnlyGrant ("key" or "trust"),',
    'sessionPolicies and vpcEndpointPolicy. expected is Allowed, ExplicitlyDenied or ImplicitlyDenied. Exit code 1 when a case fails.',
  ].join(' '),
  positionals: [{ name: 'CASES.json', about: 'the cases, or - for standard input', required: true }],
  examples: ['portreeve iam test decisions.json', 'portreeve iam test decisions.json --json'],
  async run(input, io) {
    const results = (await readCases(input.positionals[0] ?? '-', io)).map(({ id, request, policies, expected }) => {
      if (!expected)
        throw new AppError('invalid_usage', `Case ${id} has no "expected": say which decision it must give.`)
      const { decision, decidedBy, denialTail } = evaluate(request, policies)
      return { id, ok: decision === expected, expected, decision, decidedBy: decidedBy ?? null, reason: denialTail }
    })
    const failed = results.filter(({ ok }) => !ok).length
    const passed = results.length - failed
    if (input.json) io.out(`${JSON.stringify({ passed, failed, results })}\n`)
    else {
      const lines = results.map((one) =>
        one.ok
          ? `ok    ${one.id}  ${one.decision}`
          : `FAIL  ${one.id}  expected ${one.expected}, is ${one.decision}${reasonOf(one)}`,
      )
      io.out(`${[...lines, `${passed} passed, ${failed} failed`].join('\n')}\n`)
    }
    return failed > 0 ? 1 : 0
  },
})

function reasonOf({ reason, decidedBy }: { reason: string; decidedBy: Evaluation['decidedBy'] | null }): string {
  const by = decidedBy ? `(${decidedBy.policy}, statement ${decidedBy.statement})` : ''
  const parts = [reason, by].filter(Boolean)
  return parts.length > 0 ? `: ${parts.join(' ')}` : ''
}

async function readCases(path: string, io: Io): Promise<readonly DecisionCase[]> {
  const text = await readUserJson(path, io)
  if (!Array.isArray(text.value)) throw new AppError('invalid_usage', `${path}: must be a JSON array of cases.`)
  if (text.value.length === 0) throw new AppError('invalid_usage', `${path}: holds no cases.`)
  return text.value.map((value: unknown, index) => {
    const { line } = text.placeAt([index])
    return asUsage(`${path}:${line}`, () => readDecisionCase(value, `cases[${index}]`))
  })
}

const iamExplain = defineCommand({
  name: 'iam explain',
  summary: 'show which statement of which policy decides a request, and why every other one does not match',
  about: [
    'Takes one case as "portreeve iam test" reads it (with --id, one of an array), or the request and its policies as options.',
    'With options aws:PrincipalArn and aws:PrincipalAccount are filled in from --principal; give every other context key with --context.',
  ].join(' '),
  positionals: [{ name: 'CASE.json', about: 'a case or an array of cases, or - for standard input' }],
  options: {
    id: { about: 'the case of the array to explain', value: 'ID' },
    principal: { about: 'who asks: the ARN of a role, session or user, or a service name', value: 'ARN' },
    action: { about: 'what is asked for, such as ecr:BatchGetImage', value: 'ACTION' },
    resource: { about: 'the ARN acted on, or *', value: 'ARN', default: '*' },
    'resource-account': { about: 'the account that owns the resource, when its ARN does not say', value: 'ACCOUNT' },
    context: { about: 'a context key; the same key again adds a value', value: 'KEY=VALUE', many: true },
    'identity-policy': { about: 'a policy of the role or user', value: 'FILE', many: true },
    boundary: { about: 'its permissions boundary', value: 'FILE' },
    'service-control-policy': { about: 'one SCP for each level, from the root down', value: 'FILE', many: true },
    'resource-control-policy': { about: 'one RCP for each level, from the root down', value: 'FILE', many: true },
    'resource-policy': { about: "the resource's own policy", value: 'FILE' },
    'key-policy': { about: 'a KMS key policy: nobody gets in that it does not let in', value: 'FILE' },
    'trust-policy': { about: 'a role trust policy, for sts:AssumeRole', value: 'FILE' },
    'session-policy': { about: 'a session policy', value: 'FILE', many: true },
    'vpc-endpoint-policy': { about: 'the policy of the VPC endpoint that the request goes through', value: 'FILE' },
  },
  examples: [
    'portreeve iam explain decisions.json --id pull-from-ecr',
    'portreeve iam explain --principal arn:aws:iam::111122223333:role/app --action ecr:GetAuthorizationToken --identity-policy policy.json',
  ],
  async run(input, io) {
    const one = input.positionals[0]
      ? await chosenCase(input, input.positionals[0], io)
      : await caseFromOptions(input, io)
    const { request, policies } = one
    await checkAction(request.action)
    const ungoverned = policies.resourceControlPolicies !== undefined && !governedByResourceControl(request.action)
    const explained = explain(request, ungoverned ? { ...policies, resourceControlPolicies: undefined } : policies)
    const notes = ungoverned
      ? [`AWS applies no resource control policies to ${request.action.split(':')[0]}: those given are left out.`]
      : []
    if (input.json) io.out(`${JSON.stringify({ request, ...explained, notes })}\n`)
    else io.out(render(one, explained, notes))
  },
})

/** An action that AWS does not have would be denied for a reason that misleads. */
async function checkAction(action: string): Promise<void> {
  const { loadActions } = await import('../iam/actions.ts')
  const table = await loadActions()
  if (table.find(action)) return
  const [service = ''] = action.split(':')
  const names = table.actionsOf(service).map(({ name }) => `${service}:${name}`)
  const near = table.hasService(service) ? closest(action, names) : closest(service, table.services)
  const what = table.hasService(service) ? `no action "${action}"` : `no service "${service}"`
  throw new AppError('invalid_usage', `AWS has ${what}${near ? `: is ${near} meant?` : '.'} (${table.origin})`, {
    field: 'action',
  })
}

async function chosenCase(input: Input, path: string, io: Io): Promise<DecisionCase> {
  const { value } = await readUserJson(path, io)
  if (!Array.isArray(value)) return asUsage(path, () => readDecisionCase(value, 'case'))
  const cases = await readCases(path, io)
  const id = input.text('id')
  const found = id === undefined && cases.length === 1 ? cases[0] : cases.find((one) => one.id === id)
  if (found) return found
  throw new AppError(
    'invalid_usage',
    `${path}: ${id === undefined ? 'holds many cases, name one with --id' : `has no case "${id}"`}.`,
  )
}

async function caseFromOptions(input: Input, io: Io): Promise<DecisionCase> {
  const principal = needed(input, 'principal')
  const action = needed(input, 'action')
  const request = asUsage('the options', () =>
    readDecisionCase(
      {
        id: action,
        principal,
        action,
        resource: input.text('resource'),
        ...(input.text('resource-account') === undefined ? {} : { resourceAccount: input.text('resource-account') }),
        context: contextFrom(input, principal),
      },
      'the request',
    ),
  )
  const policy = async (path: string): Promise<NamedPolicy> => {
    const { value } = await readUserJson(path, io)
    return { name: path, document: asUsage(path, () => asPolicyDocument(value, 'This')) }
  }
  const one = async (option: string | undefined) => {
    const path = option === undefined ? undefined : input.text(option)
    return path === undefined ? undefined : policy(path)
  }
  const many = async (option: string) =>
    input.list(option).length > 0 ? Promise.all(input.list(option).map(policy)) : undefined
  const levels = async (option: string) => (await many(option))?.map((level) => [level])
  const [grant, second] = ['resource-policy', 'key-policy', 'trust-policy'].filter(
    (option) => input.text(option) !== undefined,
  )
  if (second) throw new AppError('invalid_usage', `Give --${grant} or --${second}, not both.`)
  return {
    ...request,
    policies: {
      identityPolicies: (await many('identity-policy')) ?? [],
      boundary: await one('boundary'),
      serviceControlPolicies: await levels('service-control-policy'),
      resourceControlPolicies: await levels('resource-control-policy'),
      resourcePolicy: await one(grant),
      resourcePolicyIsOnlyGrant: grant === 'key-policy' ? 'key' : grant === 'trust-policy' ? 'trust' : undefined,
      sessionPolicies: await many('session-policy'),
      vpcEndpointPolicy: await one('vpc-endpoint-policy'),
    },
  }
}

function needed(input: Input, option: string): string {
  const value = input.text(option)
  if (value !== undefined) return value
  throw new AppError('invalid_usage', `Give a case file, or --principal and --action: --${option} is missing.`)
}

function contextFrom(input: Input, principal: string): Record<string, string | string[]> {
  const who = parsePrincipal(principal)
  const context: Record<string, string | string[]> = {}
  if (who.kind === 'session')
    context['aws:PrincipalArn'] = `arn:${who.partition}:iam::${who.account}:role/${who.roleName}`
  else if (who.kind !== 'service') context['aws:PrincipalArn'] = who.arn
  if (who.kind !== 'service' && who.account) context['aws:PrincipalAccount'] = who.account
  const given = new Map<string, string[]>()
  for (const pair of input.list('context')) {
    const equals = pair.indexOf('=')
    if (equals < 1)
      throw new AppError('invalid_usage', `--context ${pair}: write KEY=VALUE, such as aws:SourceVpce=vpce-1.`)
    const key = pair.slice(0, equals)
    given.set(key, [...(given.get(key) ?? []), pair.slice(equals + 1)])
  }
  for (const [key, values] of given) {
    for (const known of Object.keys(context)) if (known.toLowerCase() === key.toLowerCase()) delete context[known]
    context[key] = values.length === 1 ? (values[0] ?? '') : values
  }
  return context
}

const LAYERS: Readonly<Record<Layer, string>> = {
  identity: 'identity policy',
  resource: 'resource policy',
  boundary: 'permissions boundary',
  session: 'session policy',
  scp: 'service control policy',
  rcp: 'resource control policy',
  vpce: 'VPC endpoint policy',
}

function render({ request }: DecisionCase, explained: Explanation, notes: readonly string[]): string {
  const { decision, decidedBy, denialTail, missingIn, statements } = explained
  const lines = [`${decision}: ${request.principal}`, `  ${request.action} on ${request.resource}`]
  if (decidedBy) {
    const sid = decidedBy.sid ? ` "${decidedBy.sid}"` : ''
    lines.push(
      `Decided by the ${LAYERS[decidedBy.layer]} ${decidedBy.policy}, statement ${decidedBy.statement}${sid} (${decidedBy.effect}).`,
    )
  } else lines.push(`Denied ${denialTail}. No allow in: ${missingIn.map((layer) => LAYERS[layer]).join(', ')}.`)
  lines.push(...notes.map((note) => `Note: ${note}`), '')
  for (const one of statements) {
    const sid = one.sid ? ` "${one.sid}"` : ''
    lines.push(
      `${one.matched ? 'matches' : 'no     '}  ${one.effect.padEnd(5)}  ${LAYERS[one.layer]} ${one.policy}, statement ${one.statement}${sid}`,
    )
    for (const element of one.elements) {
      if (one.matched || !element.matched) lines.push(`           ${element.element}: ${element.detail}`)
    }
  }
  if (statements.length === 0) lines.push('No policy was given that could say anything.')
  return `${lines.join('\n')}\n`
}

export const iamCommands: readonly Command[] = [iamTest, iamExplain]

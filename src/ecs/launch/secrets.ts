import type { Need } from '../need.ts'
import { secretUseNeeds } from '../needs.ts'
import { isDefaultKey, locateSecret, type SecretUse, secretUses } from '../needs/secrets.ts'
import { parseArn } from '../../iam/arn.ts'
import {
  hasSecretSuffix,
  parameterArn,
  parameterNameOf,
  referencedSecretOf,
  type SecretReference,
} from '../secret-reference.ts'
import type { Verdict } from '../decide.ts'
import { isIn } from '../facts.ts'
import { reaches } from './launch.ts'
import type { StepBuilder } from './step.ts'

/** Every secret of every container: one that cannot be read stops the whole task, essential container or not. */
export function secrets(step: StepBuilder): void {
  for (const use of secretUses(step.launch.task)) {
    step.acts()
    if (use.reference.kind === 'secret') readSecret(step, use, use.reference)
    else if (use.reference.kind === 'parameter') readParameter(step, use, use.reference.id)
    else if (use.reference.kind === 'unresolved') step.unknown(`valueFrom of ${use.name}: ${use.valueFrom}`)
    else if (use.reference.problem === 'secret-arn') {
      const about = `valueFrom of ${use.name}: end the ARN in secret:NAME or in secret:NAME:KEY:STAGE:VERSION with all colons`
      step.fail('secret-arn-format', { values: { arn: use.valueFrom }, change: { target: 'task-definition', about } })
    }
  }
}

type SecretAsk = SecretReference & { readonly kind: 'secret' }

function readSecret(step: StepBuilder, use: SecretUse, reference: SecretAsk): void {
  const { setting, onFargate } = step.launch
  const needs = secretUseNeeds(use, setting)
  const [first] = needs
  if (!first) return
  const values = { arn: reference.id, region: first.region }
  if (!reachable(step, 'secretsmanager', 'Secrets Manager', first.region)) {
    step.fail('secret-unreachable', { values, change: networkChange('Secrets Manager', first.region) })
    return
  }
  const denied = firstDenied(step, needs)
  if (denied) {
    const [need, verdict] = denied
    if (need.action === 'kms:Decrypt') {
      step.failDenied('secret-kms-denied', need, verdict, values)
      warnOfDefaultKey(step, need)
    } else step.failDenied(onFargate ? 'secret-denied' : 'secret-denied-ec2', need, verdict, values)
    return
  }
  checkSecret(step, use, reference)
}

/** Existence, version and JSON key, once the secret may be read. */
function checkSecret(step: StepBuilder, use: SecretUse, reference: SecretAsk): void {
  const { setting, onFargate } = step.launch
  const { id } = reference
  const secret = locateSecret(id, setting)
  const region = parseArn(id)?.region ?? setting.region
  const change = {
    target: 'resource',
    about: `create ${id}, or correct valueFrom of ${use.name}`,
    resource: id,
  } as const
  if (secret.exists === false) {
    step.fail(onFargate ? 'secret-missing' : 'secret-missing-ec2', { values: { arn: id, region }, change })
    return
  }
  if (!hasSecretSuffix(id))
    step.warn(
      `${use.name}: the secret ARN ends without its 6-character suffix; it is authorised literally and matches no NAME-?????? grant`,
    )
  if (secret.exists === undefined)
    step.unknown(
      `secrets: whether ${id} exists${reference.jsonKey ? ` and holds the key ${reference.jsonKey}` : ''}, and which KMS key encrypts it`,
    )
  const { stages, versions, json } = secret.facts ?? {}
  const stage = reference.versionStage ?? (reference.versionId === undefined ? 'AWSCURRENT' : undefined)
  const missing =
    stages && stage !== undefined && !stages.includes(stage)
      ? `staging label: ${stage}`
      : versions && reference.versionId !== undefined && !versions.includes(reference.versionId)
        ? `VersionId: ${reference.versionId}`
        : undefined
  if (missing !== undefined) {
    const about = `put a value with ${missing} into ${id}`
    step.fail('secret-value-missing', { values: { arn: id, version: missing }, change: { ...change, about } })
  } else if (reference.jsonKey !== undefined && json && !json.includes(reference.jsonKey)) {
    const about = `add the key ${reference.jsonKey} to ${id}, or correct valueFrom of ${use.name}`
    step.fail('secret-json-key-missing', { values: { key: reference.jsonKey }, change: { ...change, about } })
  }
}

function readParameter(step: StepBuilder, use: SecretUse, id: string): void {
  const { setting, onFargate, facts } = step.launch
  const needs = secretUseNeeds(use, setting)
  const [first] = needs
  if (!first) return
  const arn = id.startsWith('arn:') ? id : parameterArn(setting, id)
  const name = id.startsWith('arn:') ? parameterNameOf(arn) : id
  const values = { arn, region: first.region, names: name }
  if (!reachable(step, 'ssm', 'Parameter Store', first.region)) {
    step.fail('parameter-unreachable', { values, change: networkChange('Systems Manager (ssm)', first.region) })
    return
  }
  const denied = firstDenied(step, needs)
  if (denied) {
    const [need, verdict] = denied
    // For a referenced secret too it is Parameter Store that answers.
    if (need.action === 'kms:Decrypt') step.failDenied('parameter-kms-denied', need, verdict, values)
    else step.failDenied(onFargate ? 'parameter-denied' : 'parameter-denied-ec2', need, verdict, values)
    return
  }
  const secret = referencedSecretOf(arn)
  const located =
    secret === undefined
      ? undefined
      : locateSecret(secret, { ...setting, region: first.region, account: first.account })
  const exists = secret === undefined ? isIn(facts.parameters, arn, facts) : located?.exists
  if (exists === undefined) step.unknown(`parameters: whether ${name} exists, and which KMS key encrypts it`)
  if (exists !== false) return
  const change = {
    target: 'resource',
    about: `create the parameter ${name} in ${first.region}, or correct valueFrom of ${use.name}`,
    resource: arn,
  } as const
  step.fail('parameter-missing', { values, change })
}

/** Decides every call, so that all that is missing is known; the first denied one is what ECS reports. */
function firstDenied(step: StepBuilder, needs: readonly Need[]): readonly [Need, Verdict] | undefined {
  return needs.map((need) => [need, step.call(need)] as const).find(([, verdict]) => verdict.outcome === 'denied')
}

function reachable(step: StepBuilder, service: string, name: string, region: string): boolean {
  const reached = reaches(service, region, step.launch)
  if (reached === undefined) step.unknown(`network: whether the task reaches ${name}`)
  return reached !== false
}

function networkChange(name: string, region: string) {
  return {
    target: 'network',
    about: `let the task reach ${name} in ${region}: endpoint, NAT or public address`,
  } as const
}

function warnOfDefaultKey(step: StepBuilder, need: Need): void {
  if (!need.resource.endsWith(':key/aws-managed') && !isDefaultKey(need.resource)) return
  step.warn(
    `the secret of account ${need.account} is encrypted with its default key, which serves no other account: use a customer managed key`,
  )
}

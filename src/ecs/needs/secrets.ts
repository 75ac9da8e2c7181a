import { parseArn } from '../../iam/arn.ts'
import type { Need, Setting } from '../need.ts'
import { hasUnknown, unknownPart } from '../need.ts'
import { viaService } from '../partition.ts'
import {
  hasSecretSuffix,
  parameterArn,
  parseValueFrom,
  referencedSecretOf,
  type SecretReference,
} from '../secret-reference.ts'
import type { SecretFacts } from '../facts.ts'
import type { TaskDefinition } from '../task-definition.ts'

/** One value that a task takes from Secrets Manager or Parameter Store. */
export type SecretUse = {
  readonly name: string
  readonly valueFrom: string
  readonly reference: SecretReference
  readonly container: string
  /** `log-driver` for a secret of the log configuration. */
  readonly usedBy: 'container' | 'log-driver'
}

/** Every secret of every container; ECS reads them all before the first container starts, essential or not. */
export function secretUses(task: TaskDefinition): readonly SecretUse[] {
  return task.containers.flatMap((container) => {
    const use =
      (usedBy: SecretUse['usedBy']) =>
      (secret: { name: string; valueFrom: string }): SecretUse => ({
        ...secret,
        reference: parseValueFrom(secret.valueFrom),
        container: container.name,
        usedBy,
      })
    return [...container.secrets.map(use('container')), ...(container.logging?.secrets ?? []).map(use('log-driver'))]
  })
}

/** Six characters, as many as the real suffix has: a policy's `-??????` covers them. */
const UNKNOWN_SUFFIX = unknownPart('hash')

/** A secret as Secrets Manager knows it: the ARN the call is authorised for, and the facts about it. */
export type LocatedSecret = {
  readonly arn: string
  readonly grants: readonly string[]
  readonly facts: SecretFacts | undefined
  readonly exists: boolean | undefined
}

/**
 * Finds a secret by complete ARN, by ARN without suffix, or by name. A name is resolved to the ARN that the facts know; an ARN is
 * authorised literally, even when its suffix is missing.
 */
export function locateSecret(id: string, setting: Setting): LocatedSecret {
  const known = setting.facts.secrets
  const byName = !id.startsWith('arn:')
  const arn = byName ? `arn:${setting.partition}:secretsmanager:${setting.region}:${setting.account}:secret:${id}` : id
  const found = known && (Object.hasOwn(known, arn) ? arn : Object.keys(known).find((key) => isSuffixed(key, arn)))
  const exists = known && (found !== undefined || (setting.facts.incomplete ? undefined : false))
  const facts = found === undefined ? undefined : known?.[found]
  // An ARN without suffix is asked for as it stands; the second form serves once somebody completes it.
  if (!byName) return { arn, grants: hasSecretSuffix(arn) ? [arn] : [arn, `${arn}-??????`], facts, exists }
  return found === undefined
    ? { arn: `${arn}-${UNKNOWN_SUFFIX}`, grants: [`${arn}-??????`], facts, exists }
    : { arn: found, grants: [found], facts, exists }
}

function isSuffixed(complete: string, partial: string): boolean {
  return complete.startsWith(`${partial}-`) && /^[A-Za-z0-9]{6}$/.test(complete.slice(partial.length + 1))
}

type SecretPurpose = {
  readonly step: Need['step']
  readonly feature: Need['feature']
  readonly why: string
  readonly containers: readonly string[]
}

/** `secretsmanager:GetSecretValue`, and `kms:Decrypt` when the secret has a key of the customer. */
export function secretNeeds(id: string, purpose: SecretPurpose, setting: Setting): readonly Need[] {
  const secret = locateSecret(id, setting)
  const arn = parseArn(secret.arn)
  const region = arn?.region ?? setting.region
  const account = arn?.account ?? setting.account
  const tags = Object.entries(secret.facts?.tags ?? {})
  const need: Need = {
    ...purpose,
    actor: 'execution-role',
    action: 'secretsmanager:GetSecretValue',
    resource: secret.arn,
    grants: secret.grants,
    account,
    region,
    endpoint: 'secretsmanager',
    context: {
      'secretsmanager:SecretId': secret.arn,
      // What GetSecretValue reads when nothing else is asked for.
      'secretsmanager:VersionStage': 'AWSCURRENT',
      ...Object.fromEntries(
        tags.flatMap(([key, value]) => [
          [`secretsmanager:ResourceTag/${key}`, value],
          [`aws:ResourceTag/${key}`, value],
        ]),
      ),
    },
    certainty: 'documented',
  }
  const key = secret.facts?.kms
  const crossAccount = account !== setting.account && !hasUnknown(account) && !hasUnknown(setting.account)
  const default_ = key === undefined || isDefaultKey(key)
  // The default key of another account's secret serves nobody outside that account.
  const keyArn = default_
    ? crossAccount && key !== undefined
      ? defaultKeyArn(need)
      : undefined
    : keyArnOf(key, need, setting)
  const encryption = { 'kms:EncryptionContext:SecretARN': secret.arn }
  return keyArn === undefined ? [need] : [need, decryptNeed(need, keyArn, 'secretsmanager', encryption)]
}

/** `ssm:GetParameters`, `kms:Decrypt` for a customer's key, and what a reference to a secret needs. */
export function parameterNeeds(id: string, purpose: SecretPurpose, setting: Setting): readonly Need[] {
  const resource = id.startsWith('arn:') ? id : parameterArn(setting, id)
  const arn = parseArn(resource)
  const facts = setting.facts.parameters?.[resource]
  const tags = Object.entries(facts?.tags ?? {})
  const need: Need = {
    ...purpose,
    actor: 'execution-role',
    action: 'ssm:GetParameters',
    resource,
    grants: [resource],
    account: arn?.account ?? setting.account,
    region: arn?.region ?? setting.region,
    endpoint: 'ssm',
    context: Object.fromEntries(
      tags.flatMap(([key, value]) => [
        [`ssm:resourceTag/${key}`, value],
        [`aws:ResourceTag/${key}`, value],
      ]),
    ),
    certainty: 'documented',
  }
  const needs = [need]
  const secret = referencedSecretOf(resource)
  if (secret !== undefined) {
    const owner = { ...setting, region: need.region, account: need.account }
    needs.push(...secretNeeds(secret, { ...purpose, feature: 'secret' }, owner))
  }
  if (facts?.kms !== undefined && !isDefaultKey(facts.kms)) {
    const encryption = { 'kms:EncryptionContext:PARAMETER_ARN': resource }
    needs.push(decryptNeed(need, keyArnOf(facts.kms, need, setting), 'ssm', encryption))
  }
  return needs
}

/** AWS's own keys (`aws/ssm`, `alias/aws/secretsmanager`) let every principal of the account in through their service. */
export function isDefaultKey(key: string): boolean {
  return /(^|:)(alias\/)?aws\/[a-z0-9]+$/.test(key)
}

function defaultKeyArn(need: Need): string {
  return `arn:${parseArn(need.resource)?.partition ?? 'aws'}:kms:${need.region}:${need.account}:key/aws-managed`
}

/** A key's ARN from an ARN, an id or an alias; an alias hides the id, which is then unknown. */
export function keyArnOf(key: string, owner: Pick<Need, 'resource' | 'region' | 'account'>, setting: Setting): string {
  const partition = parseArn(owner.resource)?.partition ?? 'aws'
  const alias = /(?:^|:)(alias\/.+)$/.exec(key)?.[1]
  if (alias !== undefined) {
    const named = Object.entries(setting.facts.keys ?? {}).find(([, { aliases }]) => aliases?.includes(alias))
    if (named) return named[0]
    const { region, account } = key.startsWith('arn:') ? (parseArn(key) ?? owner) : owner
    return `arn:${partition}:kms:${region}:${account}:key/${unknownPart(`id of ${alias}`)}`
  }
  return key.startsWith('arn:')
    ? key
    : `arn:${partition}:kms:${owner.region}:${owner.account}:key/${key.replace(/^key\//, '')}`
}

/** `kms:Decrypt` that a service asks for in the caller's name. */
export function decryptNeed(
  of: Need,
  keyArn: string,
  service: string,
  encryption: Readonly<Record<string, string>>,
): Need {
  const arn = parseArn(keyArn)
  const via = viaService(service, of.region)
  const [alias] = /id of (alias\/[^⟩]+)/.exec(keyArn)?.slice(1) ?? []
  return {
    ...of,
    feature: 'kms',
    action: 'kms:Decrypt',
    resource: keyArn,
    grants: [alias === undefined ? keyArn : keyArn.replace(/key\/.*$/, 'key/*')],
    account: arn?.account ?? of.account,
    region: arn?.region ?? of.region,
    endpoint: 'kms',
    why: `decrypt ${of.resource} with its customer managed key`,
    context: {
      'kms:ViaService': via,
      'kms:EncryptionContextKeys': Object.keys(encryption).map((key) => key.replace('kms:EncryptionContext:', '')),
      'kms:EncryptionAlgorithm': 'SYMMETRIC_DEFAULT',
      ...encryption,
      ...(alias === undefined ? {} : { 'kms:ResourceAliases': [alias] }),
      'aws:ViaAWSService': 'true',
      'aws:CalledVia': [`${service}.amazonaws.com`],
      'aws:CalledViaFirst': `${service}.amazonaws.com`,
      'aws:CalledViaLast': `${service}.amazonaws.com`,
    },
    condition: {
      StringEquals: { 'kms:ViaService': via },
      ...(alias === undefined ? {} : { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': alias } }),
    },
    certainty: 'documented',
  }
}

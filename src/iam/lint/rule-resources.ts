import { parseArn, partitionOfRegion, PARTITIONS } from '../arn.ts'
import { isUnknown, type LocatedText, type StatementView } from './view.ts'

/** The ways in which an ARN looks right and grants nothing. `rolePartition` is that of the role, when it is known. */
export function lintResources(view: StatementView, rolePartition: string | undefined): void {
  for (const resource of [...view.resources, ...view.notResources]) lintResource(view, resource, rolePartition)
}

/** Whether an ARN is of a form that grants nothing for a reason that this file tells better than "wrong type" does. */
export function isTrap(text: string): boolean {
  const arn = parseArn(text)
  if (arn?.service === 'logs') return isBareLogGroup(arn.resource)
  return arn?.service === 'kms' && arn.resource.startsWith('alias/')
}

function isBareLogGroup(resource: string): boolean {
  return /^log-group:[^:*]+$/.test(resource)
}

function lintResource(view: StatementView, { text, path }: LocatedText, rolePartition: string | undefined): void {
  const { say } = view
  if (text === '*' || (isUnknown(text) && !text.startsWith('arn:'))) return
  const arn = parseArn(text)
  if (!arn) {
    if (/^arn:[^:]*\*/.test(text)) return
    return say(
      'malformed-resource',
      path,
      `"${text}" is no ARN: IAM refuses it.`,
      'Write "*" or arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE.',
    )
  }
  lintPartition(view, { text, path }, rolePartition)
  const acts = (pattern: RegExp) => view.actions.some((action) => pattern.test(action.text))
  if (
    arn.service === 'logs' &&
    isBareLogGroup(arn.resource) &&
    acts(/^logs:(CreateLogStream|PutLogEvents|CreateLogGroup|\*|Create\*|Put\*)$/i)
  ) {
    say(
      'log-group-without-star',
      path,
      `"${text}" is the log group alone: calls name its streams, so writing is denied.`,
      `Write "${text}:*".`,
    )
  }
  if (arn.service === 'secretsmanager') lintSecret(view, { text, path }, arn.resource)
  if (
    arn.service === 'kms' &&
    arn.resource.startsWith('alias/') &&
    acts(/^kms:(Decrypt|Encrypt|GenerateDataKey|ReEncrypt|DescribeKey|\*)/i)
  ) {
    say(
      'kms-alias-arn',
      path,
      `"${text}" names an alias: KMS compares the ARN of the key, so this grants nothing.`,
      'Write the key’s ARN (aws kms describe-key --key-id ALIAS), or "Resource": "…:key/*" with the condition kms:ResourceAliases.',
    )
  }
  if (arn.service === 'ssm' && arn.resource.startsWith('parameter//')) {
    say(
      'parameter-double-slash',
      path,
      `"${text}" has two slashes: a parameter named /app/db has the ARN …:parameter/app/db.`,
      `Write "${text.replace('parameter//', 'parameter/')}".`,
    )
  }
}

function lintSecret(view: StatementView, { text, path }: LocatedText, resource: string): void {
  const [kind, name = '', ...more] = resource.split(':')
  if (kind !== 'secret' || isUnknown(name)) return
  if (more.some((part) => part !== '*')) {
    view.say(
      'secret-json-key-in-arn',
      path,
      `"${text}" goes on after the secret’s ARN with a JSON key, stage or version: no secret has this ARN.`,
      `Write "${text.split(':').slice(0, 7).join(':')}".`,
    )
    return
  }
  if (/[*?]$/.test(name) || /-[A-Za-z0-9]{6}$/.test(name)) return
  view.say(
    'partial-secret-arn',
    path,
    `"${text}" lacks the six characters that Secrets Manager adds to every ARN, so it matches no secret.`,
    `Write the full ARN, or "${text}-??????".`,
  )
}

function lintPartition(view: StatementView, { text, path }: LocatedText, rolePartition: string | undefined): void {
  const arn = parseArn(text)
  if (!arn || /[*?⟨$]/.test(arn.partition)) return
  const known: readonly string[] = PARTITIONS
  if (!known.includes(arn.partition)) {
    view.say(
      'wrong-partition',
      path,
      `AWS has no partition "${arn.partition}".`,
      `Use one of ${PARTITIONS.join(', ')}.`,
    )
    return
  }
  const ofRegion = /^[a-z]{2,4}-[a-z]+(-[a-z]+)?-\d$/.test(arn.region) ? partitionOfRegion(arn.region) : undefined
  const right = ofRegion ?? rolePartition
  if (right === undefined || right === arn.partition) return
  const because = ofRegion
    ? `region ${arn.region} is in the partition ${right}`
    : `the role is in the partition ${right}`
  view.say(
    'wrong-partition',
    path,
    `"${text}" is in the partition ${arn.partition}, but ${because}: IAM refuses it, or it never matches.`,
    `Write "${text.replace(/^arn:[^:]*/, `arn:${right}`)}".`,
  )
}

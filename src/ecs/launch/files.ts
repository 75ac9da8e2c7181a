import type { Need } from '../need.ts'
import type { RowId } from '../stopped-reason/catalogue.ts'
import { environmentFileUses, fileNeeds, type FileUse, firelensConfigUse } from '../needs/files.ts'
import { isIn } from '../facts.ts'
import { reaches, verdictOn } from './launch.ts'
import type { StepBuilder } from './step.ts'

/** Environment files from S3. */
export function envFiles(step: StepBuilder): void {
  const { task, onFargate, facts } = step.launch
  const uses = environmentFileUses(task)
  if (uses.length > 0 && onFargate && !/^(LATEST|1\.[4-9])/.test(facts.platformVersion ?? 'LATEST')) {
    step.warn(`environment files need Fargate platform version 1.4.0, not ${facts.platformVersion}`)
  }
  const rows = onFargate
    ? ({ denied: 'env-file-denied', missing: 'env-file-missing', unreachable: 'env-file-unreachable' } as const)
    : ({ denied: 'env-file-denied-ec2', missing: 'env-file-denied-ec2', unreachable: 'env-file-unreachable' } as const)
  for (const use of uses) fetchFile(step, use, { ...rows, noCredentials: 'env-file-no-credentials-ec2' })
}

/** The configuration that FireLens takes from S3; Fargate refuses that at registration. */
export function firelensConfig(step: StepBuilder): void {
  if (step.launch.onFargate) return
  for (const container of step.launch.task.containers) {
    const use = firelensConfigUse(container)
    if (!use) continue
    const row = 'firelens-config-failed'
    fetchFile(step, use, { denied: 'firelens-config-denied', missing: row, unreachable: row, noCredentials: row })
  }
}

type Rows = {
  readonly denied: RowId
  readonly missing: RowId
  readonly unreachable: RowId
  readonly noCredentials: RowId
}

/** Fetches one object. S3 answers 403 to a refused permission, to a refused key, and to a missing object when listing is not allowed. */
export function fetchFile(step: StepBuilder, use: FileUse, rows: Rows): void {
  const { setting, facts } = step.launch
  step.acts()
  const values = { key: use.key, bucket: use.bucket, arn: use.arn, detail: 'the configuration could not be read' }
  if (!setting.hasExecutionRole) {
    const change = {
      target: 'task-definition',
      about: `set executionRoleArn: the ${use.purpose} is read with the execution role`,
    } as const
    step.fail(rows.noCredentials, {
      values: { ...values, detail: 'unable to find execution role credentials' },
      cause: 'configuration',
      change,
    })
    return
  }
  if (use.bucket === '') {
    step.unknown(`${use.purpose} ${use.arn}`)
    return
  }
  const reached = reaches('s3', setting.region, step.launch)
  if (reached === false) {
    const change = {
      target: 'network',
      about: 'let the task reach S3: a gateway endpoint, NAT or a public address',
    } as const
    step.fail(rows.unreachable, {
      values: { ...values, detail: 'RequestCanceled: request context canceled' },
      cause: 'network',
      change,
    })
    return
  }
  if (reached === undefined) step.unknown('network: whether the task reaches S3')
  const verdicts = fileNeeds(use, setting).map((need) => [need, step.call(need)] as const)
  const denied = verdicts.find(([, verdict]) => verdict.outcome === 'denied')
  if (denied) {
    step.failDenied(rows.denied, ...denied, values)
    return
  }
  const exists = isIn(facts.objects, use.arn, facts)
  if (exists === undefined) step.unknown(`objects: whether ${use.bucket}/${use.key} exists`)
  if (exists !== false) return
  const change = {
    target: 'resource',
    about: `upload ${use.bucket}/${use.key}, or correct its ARN`,
    resource: use.arn,
  } as const
  const [first] = verdicts
  const listed = first && verdictOn(listNeed(first[0], use), step.launch).outcome === 'allowed'
  step.fail(listed ? rows.missing : rows.denied, {
    values: { ...values, detail: 'NoSuchKey: The specified key does not exist.' },
    cause: 'existence',
    change,
  })
}

function listNeed(need: Need, use: FileUse): Need {
  return { ...need, action: 's3:ListBucket', resource: use.arn.replace(/\/.*$/, '') }
}

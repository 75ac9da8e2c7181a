import { credentialSpecFile, credentialSpecUses } from '../needs/files.ts'
import { credentialSpecNeeds } from '../needs.ts'
import { reaches } from './launch.ts'
import { fetchFile } from './files.ts'
import type { StepBuilder } from './step.ts'

/** gMSA credential specs, on EC2 only. The secret that a domainless spec names stands inside the spec. */
export function credentialSpecs(step: StepBuilder): void {
  const { setting, facts, task } = step.launch
  for (const use of credentialSpecUses(task)) {
    step.acts()
    const fail = (detail: string, cause: 'iam' | 'network' | 'existence' | 'configuration', about: string) =>
      step.fail('credential-spec-failed', {
        values: { arn: use.arn, detail },
        cause,
        change: {
          target: cause === 'network' ? 'network' : cause === 'existence' ? 'resource' : 'task-definition',
          about,
        },
      })
    if (use.store === 'other') {
      fail(
        'only s3/ssm ARNs are valid',
        'configuration',
        `store the credential spec of ${use.container} in S3 or Parameter Store`,
      )
      continue
    }
    if (use.domainless)
      step.unknown(
        `credential spec ${use.arn}: the secret that it names (the execution role needs secretsmanager:GetSecretValue on it)`,
      )
    if (use.store === 's3') {
      const row = 'credential-spec-failed'
      fetchFile(step, credentialSpecFile(use), { denied: row, missing: row, unreachable: row, noCredentials: row })
      continue
    }
    if (reaches('ssm', use.arn.split(':')[3] ?? setting.region, step.launch) === false) {
      fail('RequestCanceled: request context canceled', 'network', 'let the instance reach Systems Manager (ssm)')
      continue
    }
    const denied = credentialSpecNeeds(use, setting)
      .map((need) => [need, step.call(need)] as const)
      .find(([, verdict]) => verdict.outcome === 'denied')
    if (denied) {
      const [need, verdict] = denied
      const { denialTail } = verdict.evaluation
      const detail = `AccessDeniedException: not authorized to perform: ${need.action} on resource: ${need.resource} ${denialTail}`
      step.failDenied('credential-spec-failed', need, verdict, { arn: use.arn, detail })
    } else if (facts.parameters && !Object.hasOwn(facts.parameters, use.arn)) {
      fail(`invalid parameters: ${use.arn}`, 'existence', `create the parameter ${use.arn}`)
    }
  }
}

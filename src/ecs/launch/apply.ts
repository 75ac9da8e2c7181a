import { parseArn, PARTITIONS } from '../../iam/arn.ts'
import { listOf, statementsOf } from '../../iam/policy.ts'
import type { StepBuilder } from './step.ts'

/** IAM's limits in characters without white space (IAM user guide, "IAM and STS quotas"). */
const INLINE_LIMIT = 10_240
const TRUST_LIMIT = 4096
const MANAGED_LIMIT = 20

/** IAM takes the role's policies: ARNs of the right partition, sizes within the limits. */
export function apply(step: StepBuilder): void {
  const { role, setting, executionRoleArn } = step.launch
  if (!role) return
  step.acts()
  const partition = parseArn(role.roleArn ?? executionRoleArn ?? '')?.partition ?? setting.partition
  for (const arn of role.managedPolicyArns) {
    const named = parseArn(arn)?.partition
    if (named === undefined || named === partition) continue
    const right = arn.replace(`arn:${named}:`, `arn:${partition}:`)
    step.fail('arn-partition-invalid', {
      values: { arn },
      change: { target: 'execution-role', about: `attach ${right} instead of ${arn}`, resource: right },
    })
  }
  for (const { name, document } of [...role.policies, ...(role.boundary ? [role.boundary] : [])]) {
    for (const statement of statementsOf(document)) {
      for (const arn of [...listOf(statement.Resource), ...listOf(statement.NotResource)]) {
        const named = /^arn:([\w-]+):/.exec(arn)?.[1]
        if (named === undefined || named === partition || !PARTITIONS.some((known) => known === named)) continue
        const about = `in ${name} write arn:${partition}: instead of arn:${named}: for ${arn}`
        step.fail('partition-not-valid', {
          values: { partition: named, arn },
          change: { target: 'execution-role', about },
        })
      }
    }
  }
  checkSizes(step)
}

function checkSizes(step: StepBuilder): void {
  const { role, executionRoleArn } = step.launch
  if (!role) return
  const values = { role: (role.roleArn ?? executionRoleArn ?? '').split('/').at(-1) || 'the role' }
  const size = (document: unknown) => JSON.stringify(document).length
  const inline = role.policies
    .filter(({ name }) => !name.startsWith('arn:'))
    .reduce((sum, { document }) => sum + size(document), 0)
  if (inline > INLINE_LIMIT) step.fail('policy-too-large', { values: { ...values, limit: String(INLINE_LIMIT) } })
  if (role.trustPolicy && size(role.trustPolicy) > TRUST_LIMIT) {
    step.fail('policy-too-large', { values: { ...values, limit: String(TRUST_LIMIT) } })
  }
  if (role.managedPolicyArns.length > MANAGED_LIMIT)
    step.fail('policy-too-large', { values: { ...values, limit: String(MANAGED_LIMIT) } })
  else if (role.managedPolicyArns.length > 10)
    step.warn('more than 10 managed policies: the default quota of an account is 10 for a role')
}

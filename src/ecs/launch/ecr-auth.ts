import { tokenNeeds } from '../needs/ecr.ts'
import { dnsSuffixOf } from '../partition.ts'
import { reaches } from './launch.ts'
import type { StepBuilder } from './step.ts'

/** Logging in to ECR, once for each region that images come from. */
export function ecrAuth(step: StepBuilder): void {
  const { task, setting, onFargate, launch } = { ...step.launch, launch: step.launch }
  for (const need of tokenNeeds(task, setting)) {
    step.acts()
    if (need.actor === 'execution-role' && !setting.hasExecutionRole) {
      // Fargate was refused at registration already; External instances have no role of their own to fall back to.
      const change = { target: 'task-definition', about: 'set executionRoleArn in the task definition' } as const
      if (!onFargate) step.fail('ecr-no-credentials-ec2', { change })
      continue
    }
    const values = { region: need.region, suffix: dnsSuffixOf(need.region) }
    const reachable = reaches('ecr.api', need.region, launch)
    if (reachable === false) {
      const about = `let the task reach the ECR API in ${need.region}: endpoints for ecr.api, ecr.dkr and S3, NAT, or a public address`
      step.fail(onFargate ? 'ecr-token-unreachable' : 'ecr-unreachable-ec2', {
        values,
        change: { target: 'network', about },
      })
      continue
    }
    if (reachable === undefined) step.unknown('network: whether the task reaches ECR')
    const verdict = step.call(need)
    if (verdict.outcome === 'denied')
      step.failDenied(onFargate ? 'ecr-token-denied' : 'ecr-token-denied-ec2', need, verdict, values)
  }
}

import { fsxNeeds } from '../needs.ts'
import { taskRoleNeeds } from '../needs/task-role.ts'
import type { StepBuilder } from './step.ts'

/** EFS with IAM asks the task role, FSx for Windows the execution role. */
export function volumes(step: StepBuilder): void {
  const { task, setting, facts, taskRoleArn } = step.launch
  for (const need of taskRoleNeeds(task, setting)) {
    if (need.feature !== 'efs' || taskRoleArn === undefined) continue
    if (!facts.taskRole) {
      step.unknown('taskRole: whether it may mount the EFS volumes')
      continue
    }
    const verdict = step.call(need)
    if (verdict.outcome !== 'denied') continue
    const detail = `mount.nfs4: access denied by server while mounting: ${need.action} ${verdict.evaluation.denialTail}`
    // Without ClientWrite the volume mounts read-only.
    if (need.action === 'elasticfilesystem:ClientMount') step.failDenied('efs-failed', need, verdict, { detail })
    else step.warn(`the EFS volume mounts read-only: the task role lacks ${need.action}`)
  }
  for (const need of task.volumes.flatMap((volume) => fsxNeeds(volume, setting))) {
    const verdict = step.call(need)
    if (verdict.outcome !== 'denied') continue
    step.failDenied('fsx-failed', need, verdict, {
      detail: `AccessDeniedException: ${need.action} ${verdict.evaluation.denialTail}`,
    })
  }
}

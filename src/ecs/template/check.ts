import { AppError } from '../../errors.ts'
import type { Finding } from '../../lib/findings.ts'
import type { Facts } from '../facts.ts'
import { type Preflight, preflight } from '../preflight.ts'
import { isRecord } from '../document.ts'
import { tasksInCloudFormation } from './cloudformation.ts'
import { type FoundTask, type Target, withoutStandIns } from './found-task.ts'
import { parseSource } from './source.ts'
import { isTerraformPlan, tasksInTerraform } from './terraform.ts'

export type CheckedTask = {
  readonly file: string
  readonly name: string
  readonly preflight: Preflight | undefined
  readonly findings: readonly Finding[]
}

export type CheckOptions = {
  readonly target: Target
  /** Values of template parameters. */
  readonly parameters: ReadonlyMap<string, string>
  /** Facts beside those that the file itself gives. */
  readonly facts: Facts
}

const LINK = 'https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html'

/** Every task definition of a CloudFormation template (JSON or YAML) or Terraform plan, preflighted with the role that the same file gives it. */
export function checkTemplate(text: string, file: string, options: CheckOptions): readonly CheckedTask[] {
  const source = parseSource(text, file)
  if (isTerraformPlan(source.value))
    return tasksInTerraform(source.value, options.target).map((found) => check(found, file, options))
  if (!isRecord(source.value) || !isRecord(source.value['Resources'])) {
    throw new AppError(
      'invalid_usage',
      `${file} is neither a CloudFormation template (no Resources) nor the output of "terraform show -json" (no planned_values).`,
    )
  }
  return tasksInCloudFormation(source, options.target, options.parameters).map((found) => check(found, file, options))
}

function check(found: FoundTask, file: string, options: CheckOptions): CheckedTask {
  const finding = (id: string, severity: Finding['severity'], reason: string, remedy: string): Finding => ({
    id,
    severity,
    file,
    place: found.place,
    reason: withoutStandIns(reason),
    remedy: withoutStandIns(remedy),
    link: severity === 'info' ? undefined : LINK,
  })
  if (!found.task) {
    const reason = `${found.name} cannot be checked: ${found.unreadable}.`
    return {
      file,
      name: found.name,
      preflight: undefined,
      findings: [
        finding(
          'task-not-readable',
          'info',
          reason,
          'Give parameters with --parameter, or check the deployed task definition.',
        ),
      ],
    }
  }
  const result = preflight(found.task, found.role, merge(found.facts, options.facts))
  const findings: Finding[] = []
  for (const step of result.steps) {
    const remedies = step.changes.map((change) => change.about)
    const remedy = remedies.length > 0 ? sentence(remedies.join('; ')) : 'See portreeve role preflight.'
    for (const failure of step.failures) {
      findings.push(finding(failure.row, 'error', `${found.name} would fail at ${step.step}: ${failure.text}`, remedy))
    }
    for (const degradation of step.degradations) {
      findings.push(
        finding(
          degradation.row,
          'warning',
          `${found.name} would start, but ${step.step} is refused: ${degradation.text}`,
          remedy,
        ),
      )
    }
  }
  // What a degradation says is not said twice.
  for (const warning of result.warnings.filter((text) => !text.startsWith('task starts;'))) {
    findings.push(finding('launch-warning', 'warning', `${found.name}: ${warning}.`, 'See portreeve role preflight.'))
  }
  const unread = result.missingFacts.filter((fact) => !/^(network|caller|images)\b/.test(fact))
  if (unread.length > 0) {
    const reason = `${found.name}: not known from the file: ${unread.join('; ')}.`
    findings.push(finding('launch-unknown', 'info', reason, 'Give them with --facts, or check again with live facts.'))
  }
  return { file, name: found.name, preflight: result, findings }
}

/** Facts of the file with those of the user on top; maps of both count. */
function merge(own: Facts, given: Facts): Facts {
  const maps = ['secrets', 'parameters', 'objects', 'repositories', 'keys'] as const
  const merged = Object.fromEntries(
    maps.flatMap((name) => (own[name] || given[name] ? [[name, { ...own[name], ...given[name] }]] : [])),
  )
  const logGroups =
    own.logGroups || given.logGroups ? { logGroups: [...(own.logGroups ?? []), ...(given.logGroups ?? [])] } : {}
  return { ...own, ...given, ...merged, ...logGroups, ...(own.incomplete ? { incomplete: true } : {}) }
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

import type { PolicyDocument } from '../iam/policy.ts'
import type { PlanStep, RolePlan } from './role-plan.ts'

/** A plan as people review it: what is made (+), changed (~) and removed (-), documents line by line. */
export function renderPlan(plan: RolePlan): string {
  const lines = plan.steps.flatMap(renderStep)
  const head = plan.steps.length === 0 ? `Role ${plan.roleName} is as wanted: nothing to do.` : `Role ${plan.roleName}:`
  const notes = [
    ...plan.widens.map((text) => `! widens: ${text}`),
    ...plan.foreign.map((text) => `  stays: ${text} (not Portreeve's)`),
    ...(plan.refusal === undefined ? [] : [`Refused: ${plan.refusal}`]),
  ]
  return [head, ...lines, ...notes, ''].join('\n')
}

function renderStep(step: PlanStep): readonly string[] {
  switch (step.kind) {
    case 'create-role':
      return [
        `+ create role ${step.role.path}${step.role.roleName}`.replace(' /', ' '),
        ...documentLines('trust policy', undefined, step.role.trustPolicy),
        ...tagLines(step.tags),
        ...(typeof step.role.boundaryArn !== 'string' ? [] : [`    boundary ${step.role.boundaryArn}`]),
      ]
    case 'tag-role':
      return [
        '~ tag role',
        ...Object.entries(step.tags).map(
          ([key, value]) => `    ${key}: ${step.before[key] === undefined ? '' : `${step.before[key]} → `}${value}`,
        ),
      ]
    case 'untag-role':
      return [`- tags ${step.keys.join(', ')}`]
    case 'update-trust':
      return ['~ change trust policy', ...documentLines('', step.before, step.document)]
    case 'put-boundary':
      return [
        `${step.before === undefined ? '+' : '~'} boundary ${step.before === undefined ? '' : `${step.before} → `}${step.arn}`,
      ]
    case 'delete-boundary':
      return [`- boundary ${step.before}`]
    case 'put-policy':
      return [
        `${step.before ? '~ change' : '+ put'} inline policy ${step.name}`,
        ...documentLines('', step.before, step.document),
      ]
    case 'delete-policy':
      return [`- delete inline policy ${step.name}`, ...documentLines('', step.before, undefined)]
    case 'attach-policy':
      return [`+ attach ${step.arn}`]
    case 'detach-policy':
      return [`- detach ${step.arn}`]
    case 'delete-role':
      return [`- delete role ${step.roleName}`]
  }
}

function tagLines(tags: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(tags).map(([key, value]) => `    tag ${key}: ${value}`)
}

function documentLines(
  title: string,
  before: PolicyDocument | undefined,
  after: PolicyDocument | undefined,
): readonly string[] {
  const lines = (document: PolicyDocument | undefined) =>
    document ? JSON.stringify(document, null, 2).split('\n') : []
  const head = title ? [`    ${title}`] : []
  return [...head, ...lineDiff(lines(before), lines(after)).map((line) => `    ${line}`)]
}

/** A line diff by longest common subsequence; documents are short. */
export function lineDiff(before: readonly string[], after: readonly string[]): readonly string[] {
  const width = after.length + 1
  const common = new Uint16Array((before.length + 1) * width)
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      common[i * width + j] =
        before[i] === after[j]
          ? (common[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(common[(i + 1) * width + j] ?? 0, common[i * width + j + 1] ?? 0)
    }
  }
  const lines: string[] = []
  let i = 0
  let j = 0
  while (i < before.length || j < after.length) {
    if (i < before.length && before[i] === after[j]) {
      lines.push(`  ${before[i]}`)
      i += 1
      j += 1
    } else if (
      j < after.length &&
      (i >= before.length || (common[i * width + j + 1] ?? 0) > (common[(i + 1) * width + j] ?? 0))
    ) {
      lines.push(`+ ${after[j]}`)
      j += 1
    } else {
      lines.push(`- ${before[i]}`)
      i += 1
    }
  }
  return lines
}

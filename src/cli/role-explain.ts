import { AppError } from '../errors.ts'
import { isRecord } from '../ecs/document.ts'
import { explainStoppedReason, type StoppedReason } from '../ecs/explain.ts'
import type { Input } from './command.ts'
import type { Io } from './io.ts'
import { type Preflight, preflight } from '../ecs/preflight.ts'
import { readFacts, readRole, readTaskDefinition } from './role-input.ts'

/** Longer texts are not stopped reasons; describe-tasks of a hundred tasks stays below. */
const MAX_CHARACTERS = 2_000_000

export async function runExplain(input: Input, io: Io): Promise<number> {
  if (input.text('task') !== undefined) return explainTask(input, io)
  const given = input.positionals[0]
  const text = given === undefined || given === '-' ? await io.readStdin() : given
  if (text.trim() === '')
    throw new AppError('invalid_usage', 'Give a stopped reason: as an argument in quotes, or on standard input.')
  if (text.length > MAX_CHARACTERS)
    throw new AppError('invalid_usage', 'The text is longer than 2 MB: give the stopped reason alone.')
  return show(reasonsIn(text), await predicted(input, io), input, io)
}

/** The reasons of a task in AWS, and what the facts of its account predict for its next launch. */
async function explainTask(input: Input, io: Io): Promise<number> {
  const [{ placeOfTask, readStoppedTask }, { collectFacts }, { awsFrom, missingText }] = await Promise.all([
    import('../aws/stopped-task.ts'),
    import('../aws/facts/collect.ts'),
    import('./aws-options.ts'),
  ])
  const { region, task } = placeOfTask(input.text('task') ?? '')
  const aws = awsFrom(input, region)
  const { reasons, taskDefinition, service, missing } = await readStoppedTask(aws, task)
  const live = taskDefinition && (await collectFacts(aws, taskDefinition, { service }))
  io.err(missingText([...missing, ...(live?.missing ?? [])]))
  const expected: { preflight?: string } = live ? summaryOf(preflight(taskDefinition, live.role, live.facts)) : {}
  if (reasons.length === 0) {
    if (input.json) io.out(`${JSON.stringify({ reasons, ...expected })}\n`)
    else
      io.out(
        `ECS gives no reason for ${task}.\n${expected.preflight ? `Preflight of the task definition: ${expected.preflight}\n` : ''}`,
      )
    return 1
  }
  return show(reasons, expected, input, io)
}

function show(reasons: readonly string[], expected: { preflight?: string }, input: Input, io: Io): number {
  const found = reasons.map((reason) => ({ text: reason, ...explainStoppedReason(reason) }))
  if (input.json)
    io.out(`${JSON.stringify(found.length === 1 ? { ...found[0], ...expected } : { reasons: found, ...expected })}\n`)
  else {
    for (const [index, reason] of found.entries()) io.out(`${index > 0 ? '\n' : ''}${explanationText(reason)}`)
    if (expected.preflight) io.out(`\nPreflight of the task definition: ${expected.preflight}\n`)
  }
  return found.some((reason) => reason.cause !== 'unknown' || reason.step !== undefined) ? 0 : 1
}

/** The text itself, or every reason in the answer of `aws ecs describe-tasks`. */
function reasonsIn(text: string): readonly string[] {
  if (!text.trimStart().startsWith('{')) return [text]
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return [text]
  }
  const tasks = isRecord(value) && Array.isArray(value['tasks']) ? (value['tasks'] as readonly unknown[]) : [value]
  const reasons = tasks.flatMap((task) => {
    if (!isRecord(task)) return []
    const containers = Array.isArray(task['containers']) ? (task['containers'] as readonly unknown[]) : []
    return [
      task['stoppedReason'],
      ...containers.map((container) => (isRecord(container) ? container['reason'] : undefined)),
    ]
  })
  const texts = [...new Set(reasons.filter((reason): reason is string => typeof reason === 'string' && reason !== ''))]
  return texts.length > 0 ? texts : [text]
}

/** With a task definition at hand, what its preflight says of the same launch. */
async function predicted(input: Input, io: Io): Promise<{ preflight?: string }> {
  const path = input.text('task-definition')
  if (path === undefined) return {}
  return summaryOf(preflight(await readTaskDefinition(path, io), await readRole(input, io), await readFacts(input, io)))
}

function summaryOf(result: Preflight): { preflight: string } {
  if (!result.ok)
    return {
      preflight: `fails at ${result.failingStep}${result.missingActions.length > 0 ? ` for want of ${result.missingActions.join(', ')}` : ''}`,
    }
  return {
    preflight:
      result.missingFacts.length > 0
        ? `nothing known fails; not known: ${result.missingFacts.join('; ')}`
        : 'would start',
  }
}

const CAUSES: Readonly<Record<StoppedReason['cause'], string>> = {
  iam: 'permission (IAM)',
  network: 'network',
  existence: 'something does not exist',
  configuration: 'configuration',
  registry: 'registry',
  application: 'application',
  capacity: 'capacity',
  unknown: 'unknown',
}

function explanationText(reason: StoppedReason): string {
  const { denied, fix } = reason
  const lines = [
    `Step:      ${reason.step ?? 'unknown'}`,
    `Cause:     ${CAUSES[reason.cause]} (${reason.certainty})`,
    `Meaning:   ${reason.means}`,
  ]
  if (denied) {
    lines.push(`Denied:    ${denied.action}${denied.resource === undefined ? '' : ` on ${denied.resource}`}`)
    if (denied.principal !== undefined) lines.push(`To:        ${denied.principal}`)
    if (denied.layer !== undefined)
      lines.push(
        `By:        ${denied.explicit ? 'an explicit deny in' : 'no allow in'} ${denied.layer}${denied.policyArn === undefined ? '' : ` ${denied.policyArn}`}`,
      )
  }
  lines.push(`Fix:       ${fix.about}`)
  if (fix.statement)
    lines.push(
      `Statement for the ${(fix.target ?? 'execution-role').replaceAll('-', ' ')}:`,
      indent(JSON.stringify(fix.statement, null, 2)),
    )
  return `${lines.join('\n')}\n`
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ')
}

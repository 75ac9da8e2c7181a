import type { CallResult, StepResult } from './launch/step.ts'
import type { Preflight } from './preflight.ts'
import type { Cause, Surface } from './stopped-reason/row.ts'

const CAUSES: Readonly<Record<Cause, string>> = {
  iam: 'a missing or denied permission',
  network: 'the network',
  existence: 'something that does not exist',
  configuration: 'the configuration',
  registry: 'the registry',
  application: 'the application',
  capacity: 'capacity',
  unknown: 'an unknown cause',
}

const SURFACES: Readonly<Record<Surface, string>> = {
  api: 'as the error of the API call',
  event: 'in the events of the service',
  task: 'as stoppedReason of the task',
  container: 'as reason of the container',
}

const LABELS: Readonly<Record<StepResult['status'], string>> = {
  allowed: 'ok',
  denied: 'FAILS',
  unknown: 'unknown',
  'not-needed': '-',
}

/** A preflight for people: steps, the text that ECS would show, what mends it, what is not known. */
export function preflightText(result: Preflight): string {
  const lines = result.steps.filter((step) => step.status !== 'not-needed').flatMap(stepLines)
  lines.push('', ...conclusion(result))
  if (result.patch.changes.length > 0) {
    lines.push('', 'What mends it:', ...result.patch.changes.map((change) => `  - ${change.about}`))
  }
  if (result.patch.executionRole) {
    lines.push('', 'Policy to add to the execution role:', indent(JSON.stringify(result.patch.executionRole, null, 2)))
  }
  const list = (title: string, items: readonly string[]) => {
    if (items.length > 0) lines.push('', title, ...items.map((item) => `  - ${item}`))
  }
  list('Warnings:', result.warnings)
  if (lines.some((line) => line.startsWith('permitted'))) {
    lines.push(
      '',
      '"permitted": every policy allows the calls of the step; whether the network and the things themselves are there is not known.',
    )
  }
  list('Not known (give them with --facts, or collect them with "portreeve role facts"):', result.missingFacts)
  list('Assumed:', result.assumptions)
  return `${lines.join('\n')}\n`
}

function stepLines(step: StepResult): readonly string[] {
  const degraded = step.failures.length === 0 && step.degradations.length > 0
  const permitted =
    step.status === 'unknown' && step.calls.length > 0 && step.calls.every((call) => call.outcome === 'allowed')
  const label = degraded ? 'degraded' : permitted ? 'permitted' : LABELS[step.status]
  const head = `${label.padEnd(11)}${step.step}`
  const calls = step.calls.filter((call) => call.outcome !== 'allowed' || step.status !== 'denied').map(callLine)
  const others = step.failures
    .filter((failure) => failure.missingActions.length === 0)
    .map((failure) => `             ${failure.text}`)
  return [head, ...new Set([...calls, ...others])]
}

function callLine(call: CallResult): string {
  const what = `             ${call.action} on ${call.resource}`
  if (call.outcome === 'allowed') return what
  if (call.outcome === 'unknown') return `${what}: depends on ${(call.missingFacts ?? []).join(', ')}`
  const by =
    call.policy === undefined
      ? ''
      : ` (${call.policy}, statement ${(call.statement ?? 0) + 1}${call.sid === undefined ? '' : ` "${call.sid}"`})`
  return `${what}: denied ${call.reason ?? ''}${by}`
}

function conclusion(result: Preflight): readonly string[] {
  if (result.ok) {
    if (result.failingStep !== undefined)
      return [`The task starts, but ${result.failingStep} is refused: ${result.missingActions.join(', ')}.`]
    const unknown = result.missingFacts.length
    return [
      unknown === 0
        ? 'The task would start.'
        : `Nothing known keeps the task from starting; ${unknown} ${unknown === 1 ? 'fact is' : 'facts are'} not known.`,
    ]
  }
  return [
    `The task would not start: ${result.failingStep} fails because of ${CAUSES[result.cause ?? 'unknown']}.`,
    `ECS shows ${SURFACES[result.shownIn ?? 'task']}:`,
    indent(result.stoppedReason ?? ''),
  ]
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')
}

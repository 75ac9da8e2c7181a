import type { Verdict } from '../decide.ts'
import type { Need, StepId } from '../need.ts'
import type { Change } from '../patch.ts'
import { changesFor } from '../patch.ts'
import { type RowId, rowOf, wordingsOf } from '../stopped-reason/catalogue.ts'
import type { Cause, Surface } from '../stopped-reason/row.ts'
import { denialOf, type Launch, verdictOn } from './launch.ts'

/** One call as it would end. */
export type CallResult = {
  readonly action: string
  readonly resource: string
  readonly actor: Need['actor']
  readonly why: string
  readonly outcome: Verdict['outcome']
  /** The policy layer that decided, and the statement where one did. */
  readonly layer?: string
  readonly policy?: string
  readonly statement?: number
  readonly sid?: string
  /** The end of AWS's denial message. */
  readonly reason?: string
  readonly missingFacts?: readonly string[]
}

export type Failure = {
  readonly row: RowId
  readonly cause: Cause
  readonly surface: Surface
  /** The text that ECS shows, in its current wording. */
  readonly text: string
  /** How other agents and SDKs word the same. */
  readonly otherWordings: readonly string[]
  readonly missingActions: readonly string[]
}

export type StepResult = {
  readonly step: StepId
  readonly status: 'allowed' | 'denied' | 'unknown' | 'not-needed'
  readonly calls: readonly CallResult[]
  readonly failures: readonly Failure[]
  /** What is refused without keeping the task from running. */
  readonly degradations: readonly Failure[]
  readonly warnings: readonly string[]
  /** Facts that would decide what is unknown. */
  readonly missingFacts: readonly string[]
  readonly changes: readonly Change[]
}

type FailOptions = {
  readonly values?: Readonly<Record<string, string>>
  readonly missingActions?: readonly string[]
  readonly cause?: Cause
  /** Another row whose text ECS may show in place of this one's. */
  readonly orElse?: RowId
  /** What mends it, when no policy does. */
  readonly change?: Change
}

/** Stands for the request id that AWS would give. */
const EXAMPLE_REQUEST = '6f1d2c3b-4a59-4e8d-9b7c-0a1b2c3d4e5f'

/** Collects what one step does; the step's function calls it in the order in which ECS acts. */
export class StepBuilder {
  readonly launch: Launch
  private readonly step: StepId
  private readonly calls: CallResult[] = []
  private readonly failures: Failure[] = []
  private readonly warnings: string[] = []
  private readonly missingFacts = new Set<string>()
  private readonly changes: Change[] = []
  private readonly degradations: Failure[] = []
  private did = false

  constructor(step: StepId, launch: Launch) {
    this.step = step
    this.launch = launch
  }

  /** Decides a call and notes it. A denial becomes a change, but not yet a failure: the step says what ECS then shows. */
  call(need: Need): Verdict {
    const verdict = verdictOn(need, this.launch)
    this.note(need, verdict)
    return verdict
  }

  note(need: Need, verdict: Verdict): void {
    this.did = true
    const { decidedBy, missingIn, denialTail } = verdict.evaluation
    const layer = decidedBy?.layer ?? missingIn[0]
    this.calls.push({
      action: need.action,
      resource: need.resource,
      actor: need.actor,
      why: need.why,
      outcome: verdict.outcome,
      ...(layer === undefined ? {} : { layer }),
      ...(decidedBy ? { policy: decidedBy.policy, statement: decidedBy.statement } : {}),
      ...(decidedBy?.sid === undefined ? {} : { sid: decidedBy.sid }),
      ...(verdict.outcome === 'denied' ? { reason: denialTail } : {}),
      ...(verdict.missingFacts.length > 0 ? { missingFacts: verdict.missingFacts } : {}),
    })
    if (verdict.outcome === 'unknown') for (const fact of verdict.missingFacts) this.missingFacts.add(fact)
    if (verdict.outcome === 'denied') this.changes.push(...changesFor(need, verdict.evaluation, this.launch))
  }

  /** The step has something to do, even if it makes no call. */
  acts(): void {
    this.did = true
  }

  fail(row: RowId, options: FailOptions = {}): void {
    this.did = true
    const { cause, surfaces } = rowOf(row)
    const values = { request: EXAMPLE_REQUEST, ...options.values }
    const [text = '', ...others] = wordingsOf(row, values)
    const otherWordings = [...others, ...(options.orElse ? wordingsOf(options.orElse, values) : [])]
    if (this.failures.some((failure) => failure.text === text)) return
    this.failures.push({
      row,
      cause: options.cause ?? cause,
      surface: surfaces[0] ?? 'task',
      text,
      otherWordings,
      missingActions: options.missingActions ?? [],
    })
    if (options.change) this.changes.push(options.change)
  }

  /** Fails because a call was denied: the text quotes AWS's message, the action is the missing one. */
  failDenied(row: RowId, need: Need, verdict: Verdict, values: Readonly<Record<string, string>> = {}): void {
    const denial = denialOf(need, verdict, this.launch)
    this.fail(row, { values: { denial, ...values }, missingActions: [need.action] })
  }

  /** The same for a call whose denial lets the task run all the same. */
  failDegraded(row: RowId, need: Need, verdict: Verdict, values: Readonly<Record<string, string>> = {}): void {
    this.failDenied(row, need, verdict, values)
    const failure = this.failures.pop()
    if (failure) this.degradations.push(failure)
  }

  warn(text: string): void {
    this.warnings.push(text)
  }

  unknown(fact: string): void {
    this.did = true
    this.missingFacts.add(fact)
  }

  result(): StepResult {
    const denied = this.failures.length > 0 || this.degradations.length > 0
    const status = denied ? 'denied' : this.missingFacts.size > 0 ? 'unknown' : this.did ? 'allowed' : 'not-needed'
    return {
      step: this.step,
      status,
      calls: this.calls,
      failures: this.failures,
      degradations: this.degradations,
      warnings: this.warnings,
      missingFacts: [...this.missingFacts],
      changes: this.changes,
    }
  }
}

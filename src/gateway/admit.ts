import { AppError } from '../errors.ts'
import { findBytes, latin1 } from '../lib/bytes.ts'
import { callError } from '../llm/errors.ts'
import type { CallError, Usage } from '../llm/spec.ts'
import { scanRequest } from '../llm/stream/splice.ts'
import type { CallAttributes } from '../quota/attributes.ts'
import { budgetError, type BudgetRefusal, type Reservation } from '../quota/budget.ts'
import {
  boundInputTokens,
  boundOutputTokens,
  estimateFileTokens,
  estimateTokens,
  type CostBound,
} from '../quota/estimate.ts'
import { explainRefusal, type Admission, type LimitState, type Refusal as LimitRefusal } from '../quota/limits.ts'
import type { SnapshotTarget } from '../snapshot/snapshot.ts'
import type { Call } from './call.ts'
import { capOutput } from './cap-output.ts'
import type { Gateway } from './gateway.ts'
import type { Incoming } from './plan.ts'
import { Refusal } from './refuse.ts'
import { NO_USAGE } from './traffic.ts'

const CACHE_MARK = Buffer.from('cache_control')

/** Counts the call against its limits. Throws a Refusal, `rate_limited` or `quota_exceeded`. A promise only when units come from elsewhere. */
export function admit(gateway: Gateway, call: Call): void | Promise<void> {
  const { limiter } = gateway.traffic.for(call.snapshot)
  if (limiter.isEmpty) return
  const tokens = estimateOf(call)
  const answer = limiter.admit(attributesOf(call), tokens, Date.now())
  if (answer instanceof Promise) return answer.then((answer) => note(call, answer))
  note(call, answer)
}

function estimateOf({ bytesIn, fileBytes, scan }: Call): number {
  const tokens = estimateTokens(bytesIn - fileBytes, scan)
  return fileBytes === 0 ? tokens : tokens + estimateFileTokens(fileBytes)
}

function note(call: Call, answer: Admission | LimitRefusal): void {
  if (answer.refused) {
    call.limitStates = shown(answer)
    throw new Refusal(limitError(answer))
  }
  call.admission = answer
}

function limitError(refusal: LimitRefusal): CallError {
  const text = explainRefusal(refusal)
  if (refusal.cut) return callError('limits_unavailable', text, refusal.waitMs)
  return refusal.waitMs === Infinity
    ? callError('quota_exceeded', text)
    : callError('rate_limited', text, refusal.waitMs)
}

/**
 * Reserves what the call can cost at most at the dearest of its targets. Throws `budget_exceeded`, or `rate_limited` while running calls
 * hold the rest. When only part of an open-ended answer can be paid for, the request is told so in its own maximum of output tokens.
 */
export function reserve(
  gateway: Gateway,
  call: Call,
  incoming: Incoming,
  targets: readonly SnapshotTarget[],
): void | Promise<void> {
  const { budgets } = gateway.traffic.for(call.snapshot)
  // Where nobody can answer, nothing can be spent.
  if (budgets.isEmpty || targets.length === 0) return
  const cost = dearest(call, incoming, targets)
  const answer = budgets.reserve(attributesOf(call), cost, Date.now())
  if (answer instanceof Promise) return answer.then((answer) => hold(call, incoming, answer))
  hold(call, incoming, answer)
}

function hold(call: Call, incoming: Incoming, answer: Reservation | BudgetRefusal): void {
  if (answer.refused) throw budgetError(answer, call.modelAsked ?? '')
  call.reservation = answer
  if (answer.outputCap === undefined) return
  const body = capOutput(call.route, incoming.body, answer.outputCap)
  if (!body) return
  incoming.body = body
  incoming.decoded = undefined
  call.scan = scanRequest(body, call.route.dialect)
  call.outputCap = answer.outputCap
}

function dearest(call: Call, incoming: Incoming, targets: readonly SnapshotTarget[]): CostBound | null {
  const { body, form } = incoming
  const inputTokens = form
    ? body.length - form.fileBytes + estimateFileTokens(form.fileBytes)
    : boundInputTokens(body.length > 65_536 ? latin1(body) : body.length)
  const caches = findBytes(body, CACHE_MARK) >= 0
  let worst: CostBound | null = null
  let worstTotal = -1
  for (const target of targets) {
    const cost = boundFor(call, target, inputTokens, caches)
    if (!cost) return null
    const total = cost.inputMicros + boundOutputTokens(cost) * cost.perOutputToken
    if (total > worstTotal) {
      worst = cost
      worstTotal = total
    }
  }
  return worst
}

/** Prices of a model for one token, at the dearest of the sizes up to which they hold. */
type Rates = {
  readonly input: number
  readonly cacheWrite: number
  readonly output: number
  readonly limit: number | undefined
}

/** Requests up to this many tokens are reckoned with rates; longer ones are priced one by one, for prices rise with size. */
const RATED_TOKENS = 16_384
const MILLION = 1_000_000

const rates = new WeakMap<SnapshotTarget['provider'], Map<string, Rates | null>>()

/** Null when the model has no known price. */
function ratesOf({ provider, model }: SnapshotTarget, now: number): Rates | null {
  let known = rates.get(provider)
  if (!known) rates.set(provider, (known = new Map()))
  let found = known.get(model)
  if (found === undefined) {
    const price = (usage: Partial<Usage>) => provider.cost(model, { ...NO_USAGE, ...usage }, now).micros
    const input = price({ inputUncached: RATED_TOKENS })
    const both = price({ inputUncached: RATED_TOKENS, output: MILLION })
    const written = price({ cacheWrite1h: RATED_TOKENS }) ?? 0
    found =
      input === null || both === null
        ? null
        : {
            input: input / RATED_TOKENS,
            cacheWrite: Math.max(input, written) / RATED_TOKENS,
            output: (both - input) / MILLION,
            limit: provider.capabilities(model).maxOutputTokens,
          }
    // Models are named by clients where a provider takes any.
    if (known.size < 1_000) known.set(model, found)
  }
  return found
}

function boundFor(call: Call, target: SnapshotTarget, inputTokens: number, caches: boolean): CostBound | undefined {
  const rated = ratesOf(target, call.startedAt)
  if (!rated) return undefined
  let inputMicros = Math.ceil(inputTokens * (caches ? rated.cacheWrite : rated.input))
  let perOutputToken = rated.output
  if (inputTokens > RATED_TOKENS) {
    const { provider, model } = target
    const price = (usage: Partial<Usage>) => provider.cost(model, { ...NO_USAGE, ...usage }, call.startedAt).micros ?? 0
    const input = price({ inputUncached: inputTokens })
    inputMicros = Math.max(inputMicros, input, caches ? price({ cacheWrite1h: inputTokens }) : 0)
    // Long inputs make outputs dearer too, with some vendors.
    perOutputToken = Math.max(
      perOutputToken,
      (price({ inputUncached: inputTokens, output: MILLION }) - input) / MILLION,
    )
  }
  const asked = call.scan?.maxOutputTokens
  return {
    inputMicros,
    perOutputToken: perOutputToken * (call.scan?.n ?? 1),
    ...(asked === undefined ? {} : { askedOutputTokens: asked }),
    ...(rated.limit === undefined ? {} : { modelOutputTokens: rated.limit }),
  }
}

/** Counts one attempt against the limits of its target. Throws when they are reached: another target may still answer. */
export function admitAtTarget(
  gateway: Gateway,
  call: Call,
  target: SnapshotTarget,
): Admission | undefined | Promise<Admission> {
  const { limiter } = gateway.traffic.for(call.snapshot)
  if (!limiter.hasTargetLimits) return undefined
  const attributes = { ...attributesOf(call), provider: target.provider.id, model: target.model }
  const tokens = estimateOf(call)
  const answer = limiter.admit(attributes, tokens, Date.now())
  return answer instanceof Promise ? answer.then((answer) => atTarget(call, answer)) : atTarget(call, answer)
}

function atTarget(call: Call, answer: Admission | LimitRefusal): Admission {
  if (!answer.refused) return answer
  call.limitStates = shown(answer)
  throw new Refusal(limitError(answer))
}

/** What nobody can count is told to nobody. */
function shown(refusal: LimitRefusal): readonly LimitState[] {
  return refusal.cut ? [] : [refusal]
}

export function attributesOf(call: Call): CallAttributes {
  const { key } = call
  if (!key) throw new AppError('internal', 'a call without a key cannot be admitted')
  return {
    key: key.name,
    application: key.application,
    team: key.team,
    model: call.modelAsked,
    end_user: call.endUser,
    provider: null,
  }
}

import { AppError } from '../errors.ts'
import { callErrorOf } from '../llm/errors.ts'
import type { TapReport } from '../llm/protocol.ts'
import { Call } from './call.ts'
import { learn, record, tokensOf } from './account.ts'
import { admitAtTarget, reserve } from './admit.ts'
import { credentialOf, pickCredential } from './credential.ts'
import type { Gateway } from './gateway.ts'
import { planCall, type Incoming } from './plan.ts'
import { toCallError } from './refuse.ts'
import { send, settle } from './send.ts'
import { Upcall, type Sink } from './upcall.ts'
import type { SnapshotTarget } from '../snapshot/snapshot.ts'
import type { StreamTransform } from './transform.ts'

/** A streamed copy is not read beyond this, as a plain one is not. */
const MOST_BYTES = 64 * 1024 * 1024
/** So much may be said in any case, and this many times as much as the answer that the client got. */
const FREE_BYTES = 4 * 1024 * 1024
const TIMES_ANSWER = 16

/** Copies that may run at the same time: a slow mirror must not gather calls without end. */
const MAX_RUNNING = 256

const STOPPED = callErrorOf(
  new AppError('mirror_stopped', 'the mirror said far more than the answer: it was not read to its end'),
)

let running = 0

/**
 * Sends a copy of a call to a second target. Its answer is recorded, as `mirror.…`, and thrown away; nothing of it reaches the client, and
 * its failure is nobody's. It costs what it costs, in the budgets that concern the call: when one of them, or a limit of the target, has no
 * room for it, there is no copy. Never throws and never waits.
 */
export function mirror(gateway: Gateway, original: Call, incoming: Incoming, target: SnapshotTarget): void {
  if (running >= MAX_RUNNING) return
  running++
  const call = new Call({ ...original.route, recordedAs: `mirror.${original.route.recordedAs}` }, original.snapshot)
  call.key = original.key
  call.scan = original.scan
  call.modelAsked = original.modelAsked
  call.stream = original.stream
  call.endUser = original.endUser
  call.bytesIn = original.bytesIn
  call.fileBytes = original.fileBytes
  call.hopLine = original.hopLine
  gateway.inFlight++
  // The original may still change its own request, as when a budget caps it.
  run(gateway, call, { ...incoming }, target, original)
    .catch((error: unknown) => gateway.report(error, call.id))
    .finally(() => running--)
}

async function run(
  gateway: Gateway,
  call: Call,
  incoming: Incoming,
  target: SnapshotTarget,
  original: Call,
): Promise<void> {
  try {
    const admitted = admitAtTarget(gateway, call, target)
    call.admission = admitted instanceof Promise ? await admitted : admitted
    await reserve(gateway, call, incoming, [target])
  } catch {
    call.admission?.settle(Date.now(), 0, false)
    gateway.inFlight--
    return
  }
  try {
    const plan = planCall(call, incoming, target)
    const pool = gateway.traffic.health.pool(target.provider.id)
    const use = pickCredential(target, pool, undefined, undefined)
    const credential = credentialOf(target, use?.id)
    const upcall = send(gateway, call, target, credential, plan.outgoing)
    try {
      await upcall.ready
      call.status = upcall.status
      if (upcall.status < 300) {
        const report = upcall.streaming
          ? await drain(upcall, plan.stream(), original)
          : plan.answer(upcall.body(), upcall.head?.get('content-type') ?? '').report
        learn(call, report, upcall.size)
        call.errorCode = report.error?.code ?? (report.complete ? null : 'upstream_failed')
      } else call.errorCode = 'upstream_failed'
    } finally {
      settle(call, upcall.status || null, call.errorCode)
      if (use) pool?.release(use, Date.now(), tokensOf(call))
    }
  } catch (error) {
    const failure = toCallError(error)
    if (failure.code === 'internal') gateway.report(error, call.id)
    call.status = failure.status
    call.errorCode = failure.code
  }
  await record(gateway, call)
}

/** What a copy may say, in bytes. Once the answer of the client is whole, it is the measure. */
function mostBytes(original: Call): number {
  if (!original.recorded || original.errorCode !== null) return MOST_BYTES
  return Math.min(MOST_BYTES, Math.max(FREE_BYTES, original.bytesOut * TIMES_ANSWER))
}

/**
 * Reads a stream to its end for what it tells of itself, or until it has said too much: then the report's error is `mirror_stopped`. Rejects
 * with what cannot be read.
 */
function drain(upcall: Upcall, transform: StreamTransform, original: Call): Promise<TapReport> {
  const { promise, resolve, reject } = Promise.withResolvers<TapReport>()
  let size = 0
  let over = false
  const done = () => {
    over = true
    resolve(transform.report())
  }
  const stop = () => {
    upcall.exchange?.cancel()
    if (over) return
    over = true
    resolve({ ...transform.report(), complete: false, error: STOPPED })
  }
  const read = (step: () => void) => {
    try {
      step()
    } catch (error) {
      upcall.exchange?.cancel()
      reject(error)
    }
  }
  const sink: Sink = {
    get told() {
      return transform.told
    },
    data: (chunk) =>
      read(() => {
        size += chunk.length
        if (size > FREE_BYTES && size > mostBytes(original)) return stop()
        if (over) return
        transform.push(chunk)
        if (transform.finished) done()
      }),
    end: () =>
      read(() => {
        if (over) return
        transform.end()
        done()
      }),
    fail: () =>
      read(() => {
        if (transform.told) sink.end()
        else if (!over) done()
      }),
    crashed: reject,
  }
  upcall.drainTo(sink)
  return promise
}

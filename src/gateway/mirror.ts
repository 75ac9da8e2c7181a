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

/** Copies that may run at the same time: a slow mirror must not gather calls without end. */
const MAX_RUNNING = 256

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
  run(gateway, call, { ...incoming }, target)
    .catch((error: unknown) => gateway.report(error, call.id))
    .finally(() => running--)
}

async function run(gateway: Gateway, call: Call, incoming: Incoming, target: SnapshotTarget): Promise<void> {
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
          ? await drain(upcall, plan.stream())
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

/** Reads a stream to its end for what it tells of itself. Rejects with what cannot be read. */
function drain(upcall: Upcall, transform: StreamTransform): Promise<ReturnType<StreamTransform['report']>> {
  const { promise, resolve, reject } = Promise.withResolvers<ReturnType<StreamTransform['report']>>()
  const done = () => resolve(transform.report())
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
        transform.push(chunk)
        if (transform.finished) done()
      }),
    end: () =>
      read(() => {
        transform.end()
        done()
      }),
    fail: () => read(() => (transform.told ? sink.end() : done())),
    crashed: reject,
  }
  upcall.drainTo(sink)
  return promise
}

import { AppError } from '../errors.ts'
import { callErrorOf } from '../llm/errors.ts'
import type { VendorSide } from '../llm/protocol.ts'
import type { CallError } from '../llm/spec.ts'
import type { Call } from './call.ts'
import { settle } from './send.ts'
import type { TargetUse } from './target-use.ts'
import type { Upcall } from './upcall.ts'

/** What the vendor said, in the vocabulary of calls. Its own trouble with the gateway's credential is not the caller's. */
export function refusedBy(vendor: VendorSide, call: Call, upcall: Upcall, use: TargetUse): CallError {
  const provider = call.target!.provider.id
  let error = vendor.decodeError(upcall.status, upcall.head?.toHeaders() ?? new Headers(), upcall.body())
  if (upcall.status === 401 || upcall.status === 403) {
    const text = `the provider "${provider}" rejected the gateway's own credential (${upcall.status}): its operator must check the provider's api_key`
    error = { ...callErrorOf(new AppError('upstream_unauthorized', text)), vendor: { status: upcall.status } }
  }
  settle(call, upcall.status, error.code)
  use.fail(error)
  return error
}

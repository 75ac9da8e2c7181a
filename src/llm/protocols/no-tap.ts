// For formats that no client of the gateway speaks: nothing passes through unread.
import type { UsageTap } from '../protocol.ts'

export function createNoTap(): UsageTap {
  return {
    push: (bytes) => bytes,
    flush: () => new Uint8Array(),
    report: () => ({ complete: true, estimatedOutput: 0 }),
  }
}

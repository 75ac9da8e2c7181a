// How soon the thread that serves calls gets the core back, where cores are few.
import { dlopen, ptr } from 'bun:ffi'
import { getPriority } from 'node:os'

/** The shortest that the kernel takes (sched(7), `sched_attr.sched_runtime` of SCHED_OTHER since Linux 6.12). */
const SLICE_NS = 100_000n

/** sched_setattr(2) has no function in the C library. */
const SCHED_SETATTR: Readonly<Record<string, number>> = { x64: 314, arm64: 274 }
const ATTRIBUTES_BYTES = 48
/** Threads that this one starts do not inherit it. */
const RESET_ON_FORK = 1n

/** glibc and musl. */
const LIBRARIES = ['libc.so.6', `libc.musl-${process.arch === 'x64' ? 'x86_64' : 'aarch64'}.so.1`]

/**
 * Asks the kernel to let the calling thread run in short slices. A thread that wakes up then takes the core from one with longer slices at
 * once, instead of waiting for the timer's next tick (4 ms): calls do not wait for the compiler, the collector's helpers or the thread that
 * moves records. Its share of the core stays what it was. Older kernels and other systems ignore it. Returns whether the kernel took it.
 */
export function takeShortSlices(): boolean {
  const number = SCHED_SETATTR[process.arch]
  if (process.platform !== 'linux' || number === undefined) return false
  // struct sched_attr: size and policy, flags, nice and priority, runtime, deadline, period.
  const attributes = new BigUint64Array(ATTRIBUTES_BYTES / 8)
  attributes[0] = BigInt(ATTRIBUTES_BYTES)
  attributes[1] = RESET_ON_FORK
  new DataView(attributes.buffer).setInt32(16, getPriority(0), true)
  attributes[3] = SLICE_NS
  for (const library of LIBRARIES) {
    try {
      const { symbols } = dlopen(library, { syscall: { args: ['i64', 'i64', 'ptr', 'i64'], returns: 'i64' } })
      return Number(symbols.syscall(number, 0, ptr(attributes), 0)) === 0
    } catch {
      // Another C library, or none that can be called: the kernel's own slices do.
    }
  }
  return false
}

// Preloaded into the gateway of the soak: at SIGUSR2 it collects what is dead and writes what lives to the file that SOAK_PROBE names.
import { heapStats } from 'bun:jsc'
import { renameSync, writeFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

/** What lives after a full collection, in bytes but for `counts`: objects by the name of their class. */
export type Probe = {
  /** Objects of JavaScript, and what hangs on them outside of its heap: buffers, strings. */
  readonly heap: number
  readonly extra: number
  /** What the native allocator has given out: sockets, caches of the database. */
  readonly native: number
  readonly counts: Readonly<Record<string, number>>
}

type Allocator = {
  readonly malloc_normal: { current: number }
  readonly malloc_huge: { current: number }
}
type Snapshot = { readonly nodes: readonly number[]; readonly nodeClassNames: readonly string[] }

/** Fields of a node in the snapshot; the third is the number of its class. */
const NODE_FIELDS = 4

function countsOf({ nodes, nodeClassNames }: Snapshot): Record<string, number> {
  const counts: Record<string, number> = {}
  for (let at = 2; at < nodes.length; at += NODE_FIELDS) {
    const name = nodeClassNames[nodes[at]!] ?? ''
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

function probe(path: string): void {
  Bun.gc(true)
  const { heapSize, extraMemorySize, mimalloc } = heapStats() as ReturnType<typeof heapStats> & { mimalloc: Allocator }
  const counts = countsOf(Bun.generateHeapSnapshot() as unknown as Snapshot)
  const found: Probe = {
    heap: heapSize,
    extra: extraMemorySize,
    native: mimalloc.malloc_normal.current + mimalloc.malloc_huge.current,
    counts,
  }
  writeFileSync(`${path}.new`, JSON.stringify(found))
  renameSync(`${path}.new`, path)
}

const path = process.env['SOAK_PROBE']
if (isMainThread && path) process.on('SIGUSR2', () => probe(path))

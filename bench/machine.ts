// Cores, processes and what they cost, read from /proc.
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'

/** Kernel clock ticks a second; every Linux that runs Bun has 100. */
const TICKS = 100

/** Gateways run on one core; load generator and upstream share the other. On a single core nothing is pinned. */
export const CORES = availableParallelism() > 1 ? { gateway: 0, load: 1 } : undefined

export const machine = `${availableParallelism()} × ${cpus()[0]?.model.trim() ?? 'unknown CPU'}`

type Stat = { readonly parent: number; readonly ticks: number }

function statOf(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The command's name may hold spaces and brackets: the fields begin behind its last bracket.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }
  } catch {
    return undefined
  }
}

/** The process and all its descendants. */
export function treeOf(root: number): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    const stat = Number.isInteger(pid) ? statOf(pid) : undefined
    if (stat) parents.set(pid, stat.parent)
  }
  const tree = [root]
  for (const pid of tree) for (const [child, parent] of parents) if (parent === pid) tree.push(child)
  return tree
}

/** CPU that a process has used so far, all threads, user and system, in microseconds. */
export function cpuMicros(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + (statOf(pid)?.ticks ?? 0), 0) * (1_000_000 / TICKS)
}

export function rssMiB(pids: readonly number[]): number {
  let kib = 0
  for (const pid of pids) {
    try {
      kib += Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0)
    } catch {
      // The process ended between the listing and the read.
    }
  }
  return kib / 1024
}

/** Time that the gateways' core was busy so far, with whatever, in microseconds. */
export function coreBusyMicros(): number {
  const core = CORES ? `cpu${CORES.gateway}` : 'cpu'
  const line = readFileSync('/proc/stat', 'latin1')
    .split('\n')
    .find((row) => row.startsWith(`${core} `))
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (line ?? '')
    .split(/\s+/)
    .slice(1)
    .map(Number)
  return (user + nice + system + irq + softirq + steal) * (1_000_000 / TICKS)
}

export function pinned(core: 'gateway' | 'load', command: readonly string[]): string[] {
  return CORES ? ['taskset', '-c', String(CORES[core]), ...command] : [...command]
}

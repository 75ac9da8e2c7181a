import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'

const MODULE = join(import.meta.dir, 'short-slice.ts')

/** Runs the script in a process of its own and gives what it prints. */
function said(script: string): unknown {
  const source = `const { takeShortSlices } = await import(${JSON.stringify(MODULE)}); ${script}`
  const { stdout, stderr } = Bun.spawnSync([process.execPath, '-e', source])
  expect(stderr.toString()).toBe('')
  return JSON.parse(stdout.toString())
}

/** The kernel's word for it: nanoseconds, in /proc/PID/task/TID/sched since Linux 6.12. */
const TELL = `
  const { readFileSync, readdirSync } = await import('node:fs')
  const sliceOf = (id) => Number(/^se\\.slice +: +(\\d+)/m.exec(readFileSync('/proc/self/task/' + id + '/sched', 'utf8'))?.[1] ?? -1)`

const [major = 0, minor = 0] = release().split('.').map(Number)
const hasSlices = major > 6 || (major === 6 && minor >= 12)
const shows = process.platform === 'linux' && /^se\.slice/m.test(schedOf())

function schedOf(): string {
  try {
    return readFileSync('/proc/self/sched', 'utf8')
  } catch {
    return ''
  }
}

describe.skipIf(process.platform !== 'linux')('on Linux', () => {
  test('the kernel takes it, and priorities stay as they are', () => {
    const script = `
      const { getPriority, setPriority } = await import('node:os')
      setPriority(3)
      console.log(JSON.stringify([takeShortSlices(), getPriority()]))`
    expect(said(script)).toEqual([true, 3])
  })

  test.skipIf(!hasSlices || !shows)(
    'the thread runs in slices of 0.1 ms, and those that it starts later do not',
    () => {
      const script = `${TELL}
      takeShortSlices()
      const before = new Set(readdirSync('/proc/self/task'))
      const worker = new Worker(URL.createObjectURL(new Blob(['postMessage(0)'])))
      await new Promise((resolve) => (worker.onmessage = resolve))
      const later = readdirSync('/proc/self/task').filter((id) => !before.has(id)).map(sliceOf)
      console.log(JSON.stringify([sliceOf(process.pid), later.length > 0, later.includes(100000)]))
      process.exit(0)`
      expect(said(script)).toEqual([100_000, true, false])
    },
  )
})

import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'

const MODULE = join(import.meta.dir, 'stand-back.ts')

/** Prints the nice value of each thread, field 19 of /proc/PID/task/TID/stat, by name; the main thread is called `main`. */
const TELL = `
  const { readdirSync, readFileSync } = await import('node:fs')
  const told = {}
  for (const id of readdirSync('/proc/self/task')) {
    const stat = readFileSync('/proc/self/task/' + id + '/stat', 'utf8')
    const end = stat.lastIndexOf(')')
    const name = Number(id) === process.pid ? 'main' : stat.slice(stat.indexOf('(') + 1, end)
    told[name] = Number(stat.slice(end + 2).split(' ')[16])
  }
  console.log(JSON.stringify(told))`

function prioritiesAfter(script: string): Record<string, number> {
  const source = `const { standBack, standBackHousekeeping } = await import(${JSON.stringify(MODULE)}); ${script}; ${TELL}`
  const { stdout, stderr } = Bun.spawnSync([process.execPath, '-e', source])
  expect(stderr.toString()).toBe('')
  return JSON.parse(stdout.toString()) as Record<string, number>
}

describe.skipIf(process.platform !== 'linux')('on Linux', () => {
  const before = prioritiesAfter('')

  test('a thread that stands back leaves the others as they were', () => {
    expect(prioritiesAfter('standBack(5)')).toMatchObject({
      main: Math.min(19, before['main']! + 5),
      'mi-scavenger': before['mi-scavenger']!,
    })
  })

  test('it stands back to the end of the scale and not beyond', () => {
    expect(prioritiesAfter('standBack(15); standBack(15)')['main']).toBe(19)
  })

  test('housekeeping stands back, and calls do not', () => {
    expect(prioritiesAfter('standBackHousekeeping()')).toMatchObject({ main: before['main']!, 'mi-scavenger': 19 })
  })
})

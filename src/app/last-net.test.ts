import { EventEmitter } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'bun:test'
import { AppError } from '../errors.ts'
import { spreadLastNet } from './last-net.ts'

function setUp() {
  const lines: [string, unknown][] = []
  const target = new EventEmitter()
  const clock = { now: 0 }
  const takeAway = spreadLastNet(
    (_, text, fields) => void lines.push([text, fields]),
    target,
    () => clock.now,
  )
  return { lines, target, clock, takeAway }
}

test.each([
  ['uncaughtException', new TypeError('token sk-secret-1'), 'TypeError at '],
  ['unhandledRejection', new AppError('internal', 'the cache is gone'), 'AppError: the cache is gone at '],
  ['unhandledRejection', Object.assign(new Error('sk-secret-1'), { code: 'ENOSPC' }), 'Error ENOSPC at '],
  ['unhandledRejection', 'sk-secret-1', 'a string was thrown'],
])('%s is logged by kind and place, with an id', (event, error, wanted) => {
  const { lines, target } = setUp()
  target.emit(event, error)
  expect(lines[0]![0]).toStartWith(`a mistake that nobody caught, the process goes on: ${wanted}`)
  expect(lines[0]![1]).toEqual({ error_id: expect.stringMatching(/^err_/) })
  expect(JSON.stringify(lines)).not.toContain('secret-1')
})

test('the same mistake is logged once a second, with how often it was made', () => {
  const { lines, target, clock, takeAway } = setUp()
  const mistake = new Error('again')
  for (let time = 0; time < 5; time++) target.emit('uncaughtException', mistake)
  clock.now = 1_000
  target.emit('uncaughtException', mistake)
  expect(lines.map(([, fields]) => (fields as { repeated?: number }).repeated)).toEqual([undefined, 4])
  takeAway()
  expect(target.listenerCount('uncaughtException') + target.listenerCount('unhandledRejection')).toBe(0)
})

test('a log that throws is no new mistake', () => {
  const target = new EventEmitter()
  const broken = () => {
    throw new Error('EPIPE')
  }
  spreadLastNet(broken, target)
  expect(() => target.emit('uncaughtException', new Error('x'))).not.toThrow()
})

test('a process with the net goes on, whoever throws', async () => {
  const script = `
    const { spreadLastNet } = await import(${JSON.stringify(join(import.meta.dir, 'last-net.ts'))})
    const { createLog } = await import(${JSON.stringify(join(import.meta.dir, 'log.ts'))})
    spreadLastNet(createLog('info', (text) => void process.stderr.write(text)))
    setTimeout(() => { throw new Error('timer') }, 1)
    setImmediate(() => { throw new Error('immediate') })
    queueMicrotask(() => { throw new Error('microtask') })
    Promise.reject(new Error('rejection'))
    let ticks = 0
    const interval = setInterval(() => {
      if (++ticks === 3) { clearInterval(interval); console.log('alive') }
      throw new Error('interval')
    }, 5)`
  const child = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe', stderr: 'pipe' })
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  expect([out, code]).toEqual(['alive\n', 0])
  expect(err.trim().split('\n')).toHaveLength(5)
})

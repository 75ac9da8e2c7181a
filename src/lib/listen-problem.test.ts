import { expect, it } from 'bun:test'
import { listenProblem } from './listen-problem.ts'

const failure = (hostname: string, port: number): unknown => {
  try {
    Bun.listen({ hostname, port, socket: { data() {} } }).stop(true)
  } catch (error) {
    return error
  }
  throw new Error(`it listens on ${hostname}:${port}`)
}

const taken = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })

it.each([
  ['a port that is taken', '127.0.0.1', taken.port, /^another program listens there\. .*--port/],
  ['an address of another machine', '192.0.2.1', 0, /^this machine does not have that address\. .*--host/],
  ['a name that is none', 'no such name', 0, /^this machine does not have that address\. .*--host/],
] as const)('%s', (_, host, port, says) => {
  expect(listenProblem(failure(host, port), { host: '--host', port: '--port' })).toMatch(says)
})

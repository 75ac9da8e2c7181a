import { expect, test } from 'bun:test'
import { allCommands, commandsFor } from './commands.ts'
import { runCommandLine } from './run.ts'

const all = await allCommands()

test.each(all.map(({ name }) => [name]))('%s is found by its first word', async (name) => {
  const found = await commandsFor(name.split(' '))
  expect(found.map((command) => command.name)).toContain(name)
  expect(found.length).toBeLessThan(all.length)
})

test.each([[[]], [['help']], [['help', 'keys']], [['--help']], [['kyes', 'list']], [['--version', '--help']]])(
  '%j may mean any command',
  async (argv) => expect((await commandsFor(argv)).length).toBe(all.length),
)

test.each([[['--version']], [['version']]])('%j needs none', async (argv) => {
  let out = ''
  const io = { out: (text: string) => void (out += text), err: () => {}, env: {}, cwd: '/', colour: false }
  const commands = await commandsFor(argv)
  expect(commands).toEqual([])
  expect(await runCommandLine(argv, commands, { ...io, readStdin: async () => '' })).toBe(0)
  expect(out).toMatch(/^\d+\.\d+\.\d+\n$/)
})

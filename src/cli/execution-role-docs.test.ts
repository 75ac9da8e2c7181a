import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { roleCommands } from './role.ts'
import { runCommandLine } from './run.ts'

const root = join(import.meta.dir, '../..')
const examples = join(root, 'docs/examples/execution-role')
const text = readFileSync(join(root, 'docs/execution-role.md'), 'utf8')

/** Each ```sh block with the ```text block that follows it, if one does. */
const blocks = [...text.matchAll(/```sh\n([^`]*)```\n(?:```text\n([^`]*)```)?/g)].map(
  ([, commands = '', output = '']) => ({
    commands: commands.trim().split('\n'),
    output: output.trim().split('\n').filter(Boolean),
  }),
)

/** Words of a command line; double quotes hold one together. */
function wordsOf(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
}

async function run(command: string) {
  const [program, ...argv] = wordsOf(command)
  expect(program).toBe('portreeve')
  let out = ''
  let err = ''
  const code = await runCommandLine(argv, roleCommands, {
    out: (part) => void (out += part),
    err: (part) => void (err += part),
    env: {},
    cwd: examples,
    colour: false,
    readStdin: async () => '',
  })
  return { code, out, err }
}

describe('docs/execution-role.md', () => {
  test.each(blocks.map((block) => [block.commands[0] ?? '', block] as const))('%s', async (_, { commands, output }) => {
    for (const command of commands) {
      const { code, out, err } = await run(command)
      expect([command, code === 0 || code === 1, err]).toEqual([
        command,
        true,
        code === 0 && command.includes('derive') ? err : '',
      ])
      for (const line of output) expect(out).toContain(line)
    }
  })

  test('shows ten failures, each found by its command', () => {
    expect([...text.matchAll(/^### \d+\. /gm)]).toHaveLength(10)
    expect(blocks.length).toBeGreaterThan(14)
  })

  test('uses every example file, and names none that is not there', () => {
    const named = new Set(
      blocks.flatMap(({ commands }) => commands.flatMap(wordsOf)).filter((word) => /\.(json|yaml)$/.test(word)),
    )
    expect([...named].toSorted()).toEqual(readdirSync(examples).toSorted())
  })
})

import { describe, expect, test } from 'bun:test'
import { AppError } from '../errors.ts'
import { defineCommand } from './command.ts'
import { runCommandLine } from './run.ts'

const greet = defineCommand({
  name: 'people greet',
  summary: 'greet somebody',
  positionals: [{ name: 'NAME', about: 'whom to greet', required: true }],
  options: {
    times: { about: 'how often', value: 'N', default: '1' },
    tone: { about: 'how', value: 'TONE', choices: ['warm', 'cold'] },
    loud: { about: 'in capitals' },
  },
  run(input, io) {
    if (input.positionals[0] === 'nobody') throw new AppError('not_found', 'nobody is there')
    const text = `hello ${input.positionals[0]} ${input.integer('times', { min: 1, max: 9 })}`
    io.out(input.flag('loud') ? text.toUpperCase() : text)
  },
})

async function run(...argv: string[]) {
  let out = ''
  let err = ''
  const io = {
    out: (text: string) => void (out += text),
    err: (text: string) => void (err += text),
    env: {},
    cwd: '/',
    colour: false,
    readStdin: async () => '',
  }
  return { code: await runCommandLine(argv, [greet], io), out, err }
}

describe('a command line', () => {
  test.each([
    [['people', 'greet', 'Ada'], 0, 'hello Ada 1', ''],
    [['people', 'greet', '--loud', '--times', '3', 'Ada'], 0, 'HELLO ADA 3', ''],
    [['people', 'greet'], 2, '', 'NAME is missing'],
    [['people', 'greet', 'Ada', 'Bo'], 2, '', '"Bo" is one argument too many'],
    [['people', 'greet', 'Ada', '--times', '0'], 2, '', 'use a whole number from 1 to 9'],
    [['people', 'greet', 'Ada', '--tone', 'dry'], 2, '', 'use one of warm, cold'],
    [['people', 'greet', 'Ada', '--tims', '2'], 2, '', 'Did you mean --times?'],
    [['people', 'greet', 'nobody'], 1, '', 'nobody is there'],
    [['people', 'greet', 'nobody', '--json'], 1, '{"error":{"code":"not_found","message":"nobody is there"}}\n', ''],
    [['people'], 2, '', 'needs one of: people greet'],
    [['peple', 'greet'], 2, '', 'Did you mean "portreeve people greet"?'],
  ] as const)('%j', async (argv, code, out, err) => {
    const result = await run(...argv)
    expect(result.code).toBe(code)
    expect(result.out).toBe(out)
    expect(result.err).toContain(err)
  })

  test.each([['-h'], ['--help'], ['help']])('%s alone lists every command', async (word) => {
    const { code, out } = await run(word)
    expect([code, out]).toEqual([0, expect.stringContaining('people greet')])
  })

  test('help names every option with its choices and default', async () => {
    const { out } = await run('people', 'greet', '--help')
    expect(out).toMatchSnapshot()
  })
})

import { describe, expect, test } from 'bun:test'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { iamCommands } from './iam.ts'
import { runCommandLine } from './run.ts'

const folder = mkdtempSync(join(tmpdir(), 'portreeve-iam-'))
const ROLE = 'arn:aws:iam::111122223333:role/app'
const pull = { Version: '2012-10-17', Statement: [{ Sid: 'Pull', Effect: 'Allow', Action: 'ecr:*', Resource: '*' }] }
const one = {
  id: 'pull',
  principal: ROLE,
  action: 'ecr:BatchGetImage',
  resource: '*',
  identityPolicies: [pull],
  expected: 'Allowed',
}

async function run(argv: readonly string[], files: Readonly<Record<string, string>> = {}) {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  let out = ''
  let err = ''
  const code = await runCommandLine(argv, iamCommands, {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    env: {},
    cwd: folder,
    colour: false,
    readStdin: async () => files['-'] ?? '',
  })
  return { code, out, err }
}

describe('iam test', () => {
  test('prints a line for each case and fails when one does', async () => {
    const cases = JSON.stringify([one, { ...one, id: 'push', expected: 'ExplicitlyDenied' }])
    expect(await run(['iam', 'test', 'cases.json'], { 'cases.json': cases })).toEqual({
      code: 1,
      out: 'ok    pull  Allowed\nFAIL  push  expected ExplicitlyDenied, is Allowed: (identityPolicies[0], statement 0)\n1 passed, 1 failed\n',
      err: '',
    })
  })

  test('answers programs in JSON and reads standard input', async () => {
    const { code, out } = await run(['iam', 'test', '-', '--json'], { '-': JSON.stringify([one]) })
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      passed: 1,
      failed: 0,
      results: [{ id: 'pull', ok: true, decision: 'Allowed' }],
    })
  })

  test.each([
    ['', 'cases.json: The file is empty'],
    ['{}', 'cases.json: must be a JSON array of cases'],
    ['[]', 'cases.json: holds no cases'],
    ['[\n {"id": "x"}]', 'cases.json:2: cases[0].principal must be text'],
    ['[1', 'cases.json: Not valid JSON at line 1, column 3'],
    ['['.repeat(100_000), 'nested deeper than 512 levels'],
    [JSON.stringify([{ ...one, expected: undefined }]), 'Case pull has no "expected"'],
  ])('%#: refuses what is no list of cases', async (text, message) => {
    const { code, out, err } = await run(['iam', 'test', 'cases.json'], { 'cases.json': text })
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(message)
  })
})

describe('iam explain', () => {
  test('shows what decided, and why the others did not match', async () => {
    const deny = {
      Statement: [
        { Effect: 'Deny', Action: '*', Resource: '*', Condition: { StringNotEquals: { 'aws:SourceVpce': 'vpce-1' } } },
      ],
    }
    const files = { 'case.json': JSON.stringify({ ...one, boundary: deny, context: { 'aws:SourceVpce': 'vpce-1' } }) }
    const { code, out } = await run(['iam', 'explain', 'case.json'], files)
    expect(code).toBe(0)
    expect(out).toMatchSnapshot()
  })

  test('takes the request as options', async () => {
    const argv = ['iam', 'explain', '--principal', ROLE, '--action', 'sts:AssumeRole', '--trust-policy', 'trust.json']
    const trust = {
      Statement: { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' },
    }
    const files = { 'trust.json': JSON.stringify(trust) }
    expect((await run(argv, files)).out).toContain(
      'Principal: arn:aws:iam::111122223333:role/app is not among "Service ec2',
    )
    expect((await run([...argv.slice(0, 3), 'ec2.amazonaws.com', ...argv.slice(4)], files)).out).toStartWith(
      'Allowed: ec2',
    )
    expect((await run([...argv, '--context', 'odd'], files)).err).toContain('--context odd: write KEY=VALUE')
    expect((await run(['iam', 'explain', '--action', 's3:Get'])).err).toContain('--principal is missing')
    for (const [action, message] of [
      ['ecr:GetAuthorisationToken', 'is ecr:GetAuthorizationToken meant?'],
      ['ecrs:GetAuthorizationToken', 'AWS has no service "ecrs"'],
    ] as const) {
      const { code, err } = await run(['iam', 'explain', '--principal', ROLE, '--action', action])
      expect([code, err]).toEqual([2, expect.stringContaining(message)])
    }
  })

  test('says when resource control policies have no say', async () => {
    const rcp = [[{ Statement: { Effect: 'Deny', Principal: '*', Action: '*', Resource: '*' } }]]
    const ssm = {
      ...one,
      action: 'ssm:GetParameters',
      identityPolicies: [{ Statement: { Effect: 'Allow', Action: '*', Resource: '*' } }],
    }
    const files = { 'case.json': JSON.stringify([{ ...ssm, resourceControlPolicies: rcp }]) }
    const { out } = await run(['iam', 'explain', 'case.json', '--json'], files)
    expect(JSON.parse(out)).toMatchObject({
      decision: 'Allowed',
      notes: ['AWS applies no resource control policies to ssm: those given are left out.'],
    })
  })
})

import { describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { roleLint } from './role-lint.ts'
import { runCommandLine } from './run.ts'

const folder = mkdtempSync(join(tmpdir(), 'portreeve-lint-'))
const example = readFileSync(join(import.meta.dir, '../../docs/examples/copied-execution-role.json'), 'utf8')

async function lint(text: string, ...options: string[]) {
  writeFileSync(join(folder, 'role'), text)
  let out = ''
  let err = ''
  const code = await runCommandLine(['role', 'lint', 'role', ...options], [roleLint], {
    out: (part) => void (out += part),
    err: (part) => void (err += part),
    env: {},
    cwd: folder,
    colour: false,
    readStdin: async () => text,
  })
  return { code, out, err }
}

const TASK = {
  family: 'app',
  requiresCompatibilities: ['FARGATE'],
  executionRoleArn: 'arn:aws:iam::111122223333:role/app',
  containerDefinitions: [{ name: 'web', image: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/app:1' }],
}
writeFileSync(join(folder, 'task.json'), JSON.stringify(TASK))

test('the role that guides show, explained', async () => {
  expect((await lint(example)).out).toMatchSnapshot()
})

test('the same role against a task', async () => {
  const { out } = await lint(example, '--task-definition', 'task.json', '--format', 'github')
  expect(out).toMatchSnapshot()
})

test('a CloudFormation template in YAML has places too', async () => {
  const yaml = [
    'Resources:',
    '  Role:',
    '    Type: AWS::IAM::Role',
    '    Properties:',
    '      AssumeRolePolicyDocument:',
    "        Version: '2012-10-17'",
    '        Statement: { Effect: Allow, Principal: { Service: ecs.amazonaws.com }, Action: sts:AssumeRole }',
    '      Policies:',
    '        - PolicyName: logs',
    '          PolicyDocument:',
    "            Version: '2012-10-17'",
    '            Statement:',
    '              - Effect: Allow',
    '                Action: [logs:CreateLogStream, logs:PutLogEvents]',
    '                Resource: !Sub arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/ecs/app',
  ]
  const { code, out } = await lint(yaml.join('\n'), '--json')
  const { findings } = JSON.parse(out) as { findings: { id: string; place: unknown }[] }
  expect(code).toBe(1)
  expect(findings.map(({ id, place }) => ({ id, place }))).toEqual([
    { id: 'trust-wrong-principal', place: { line: 7, column: 48 } },
    { id: 'log-group-without-star', place: { line: 15, column: 32 } },
  ])
})

describe('the exit code', () => {
  const warned = JSON.stringify({
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Action: 's3:PutObject', Resource: 'arn:aws:s3:::a/b' },
  })
  test.each([
    [[], 0],
    [['--fail-on', 'warning'], 1],
    [['--fail-on', 'info'], 1],
    [['--fail-on', 'never'], 0],
    [['--fail-on', 'warning', '--format', 'sarif'], 1],
  ])('with %j is %p', async (options, code) => {
    expect((await lint(warned, ...options)).code).toBe(code)
  })

  test.each([
    ['', 'role is empty'],
    ['hello', 'No role and no policy at line 1'],
    ['{"Statement": [}', 'Not valid JSON at line 1, column 16'],
    ['['.repeat(1_000_000), 'nested deeper than 512 levels'],
    ['a: [', 'role:1:5: not valid YAML'],
    ['{"policies": [{"name": "p", "document": "%7B"}]}', 'The document of p at line 1, column 41'],
  ])('%#: is 2 for what is no role', async (text, message) => {
    const { code, out, err } = await lint(text)
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(message)
  })

  test('is 1 for a malformed policy, which is a finding', async () => {
    const { code, out } = await lint('{"Statement": [{"Effect": "allow", "Action": "s3:GetObject", "Resource": "*"}]}')
    expect(code).toBe(1)
    expect(out).toContain('role:1:27 error policy-grammar')
  })
})

import { describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { roleCommands } from './role.ts'
import { runCommandLine } from './run.ts'

const ACCOUNT = '111122223333'
const trust = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' }],
}
const task = {
  family: 'shop',
  requiresCompatibilities: ['FARGATE'],
  executionRoleArn: `arn:aws:iam::${ACCOUNT}:role/shop`,
  containerDefinitions: [{ name: 'shop', image: `${ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/shop:1` }],
}
const role = {
  roleArn: task.executionRoleArn,
  trustPolicy: trust,
  policies: [
    {
      name: 'pull',
      document: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'], Resource: '*' }],
      },
    },
  ],
}

async function run(argv: readonly string[], files: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-role-'))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  let out = ''
  let err = ''
  const io = {
    out: (text: string) => void (out += text),
    err: (text: string) => void (err += text),
    env: {},
    cwd: folder,
    colour: false,
    readStdin: async () => files['-'] ?? '',
  }
  const code = await runCommandLine(argv, roleCommands, io)
  expect(readdirSync(folder).toSorted()).toEqual(
    [...new Set(Object.keys(files).map((name) => name.split('/')[0] ?? ''))].toSorted(),
  )
  return { code, out, err }
}

const inputs = { 'task.json': JSON.stringify(task), 'role.json': JSON.stringify(role) }
const preflight = ['role', 'preflight', '--task-definition', 'task.json', '--role', 'role.json']

describe('role preflight', () => {
  test('says the step, the text of ECS, the patch and what is not known', async () => {
    const { code, out } = await run(preflight, inputs)
    expect(code).toBe(1)
    expect(out).toMatchSnapshot()
  })

  test('answers programs in JSON', async () => {
    const { code, out } = await run([...preflight, '--json'], inputs)
    const result = JSON.parse(out) as Record<string, unknown>
    expect(code).toBe(1)
    expect(result).toMatchObject({
      ok: false,
      failingStep: 'ecr-auth',
      missingActions: ['ecr:GetAuthorizationToken'],
      cause: 'iam',
      shownIn: 'task',
    })
    expect(Object.keys(result).toSorted()).toEqual([
      'assumptions',
      'cause',
      'failingStep',
      'missingActions',
      'missingFacts',
      'ok',
      'otherWordings',
      'patch',
      'shownIn',
      'steps',
      'stoppedReason',
      'warnings',
    ])
  })

  test('the patch mends it', async () => {
    const first = JSON.parse((await run([...preflight, '--json'], inputs)).out) as { patch: { executionRole: unknown } }
    const mended = { ...role, policies: [...role.policies, { name: 'patch', document: first.patch.executionRole }] }
    const { code, out } = await run(preflight, { ...inputs, 'role.json': JSON.stringify(mended) })
    expect([code, out.includes('FAILS')]).toEqual([0, false])
  })

  test('takes the role from the facts that "role facts" collects', async () => {
    const facts = { region: 'eu-west-1', executionRole: role, missingPermissions: [], failures: [] }
    const { code, err } = await run([...preflight.slice(0, 4), '--facts', 'facts.json'], {
      ...inputs,
      'facts.json': JSON.stringify(facts),
    })
    expect([code, err]).toEqual([1, ''])
  })

  test('reads what describe-task-definition and get-role answer, and CloudFormation', async () => {
    const described = {
      'task.json': JSON.stringify({
        taskDefinition: { ...task, taskDefinitionArn: `arn:aws:ecs:eu-west-1:${ACCOUNT}:task-definition/shop:3` },
      }),
    }
    const got = {
      'role.json': JSON.stringify({
        Role: {
          Arn: role.roleArn,
          AssumeRolePolicyDocument: encodeURIComponent(JSON.stringify(trust)),
          AttachedManagedPolicies: [
            { PolicyArn: 'arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy' },
          ],
        },
      }),
    }
    expect((await run(preflight, { ...described, ...got })).code).toBe(0)
    const resource = {
      Type: 'AWS::ECS::TaskDefinition',
      Properties: {
        Family: 'shop',
        RequiresCompatibilities: ['FARGATE'],
        ExecutionRoleArn: task.executionRoleArn,
        ContainerDefinitions: [{ Name: 'shop', Image: 'nginx', Memory: 128 }],
      },
    }
    expect((await run(preflight, { 'task.json': JSON.stringify(resource), ...got })).code).toBe(0)
  })
})

describe('role derive', () => {
  test('gives what preflight takes', async () => {
    const derived = await run(['role', 'derive', '--task-definition', 'task.json', '--role-name', 'shop'], inputs)
    expect([derived.code, derived.err]).toEqual([0, 'Assumed region eu-west-1: the one that logs and images name.\n'])
    expect((await run(preflight, { ...inputs, 'role.json': derived.out })).code).toBe(0)
  })

  test('asks for account and region, and refuses odd ones', async () => {
    const bare = { 'task.json': JSON.stringify({ containerDefinitions: task.containerDefinitions }) }
    const derive = ['role', 'derive', '--task-definition', 'task.json']
    const asked = await run(derive, bare)
    expect([asked.code, asked.err]).toEqual([
      2,
      'portreeve role derive: The account of the task is not known from the task definition: give --account, or a facts file with accountId and region.\n',
    ])
    expect((await run([...derive, '--account', '12'], bare)).err).toContain(
      '--account 12: write the account id with its 12 digits',
    )
    expect((await run([...derive, '--region', 'mars'], bare)).err).toContain('--region mars: write a region such as')
    expect((await run([...derive, '--role-name', 'a b'], bare)).err).toContain('--role-name a b')
    expect((await run([...derive, '--account', ACCOUNT], bare)).code).toBe(0)
  })
})

describe('role test', () => {
  const one = {
    id: 'token',
    taskDefinition: task,
    role,
    context: { network: { reachable: 'all' } },
    expected: { ok: false, failingStep: 'ecr-auth', missingActions: ['ecr:GetAuthorizationToken'] },
  }

  test('prints a line for each case and fails when one does', async () => {
    const cases = JSON.stringify([one, { ...one, id: 'wrong', expected: { ok: true } }])
    expect(await run(['role', 'test', 'cases.json'], { 'cases.json': cases })).toEqual({
      code: 1,
      out: 'ok    token  fails at ecr-auth\nFAIL  wrong  ok is false, expected true\n1 passed, 1 failed\n',
      err: '',
    })
  })

  test('answers programs in JSON and reads standard input', async () => {
    const { code, out } = await run(['role', 'test', '-', '--json'], { '-': JSON.stringify([one]) })
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      passed: 1,
      failed: 0,
      results: [{ id: 'token', passed: true, failingStep: 'ecr-auth' }],
    })
  })
})

describe('role explain', () => {
  const text = 'CannotPullECRContainerError: engine ecr credentials: not found'

  test('reads an argument, standard input and the answer of describe-tasks', async () => {
    const argument = await run(['role', 'explain', text])
    expect([argument.code, argument.out.includes('Step:      ecr-auth')]).toEqual([0, true])
    expect((await run(['role', 'explain'], { '-': text })).out).toBe(argument.out)
    const described = { tasks: [{ stoppedReason: 'Task failed to start', containers: [{ reason: text }] }] }
    const { out } = await run(['role', 'explain', '--json'], { '-': JSON.stringify(described) })
    expect(JSON.parse(out)).toMatchObject({
      reasons: [{ text: 'Task failed to start' }, { text, step: 'ecr-auth', cause: 'configuration' }],
    })
    expect(
      (await run(['role', 'explain', text, '--task-definition', 'task.json', '--role', 'role.json'], inputs)).out,
    ).toContain('fails at ecr-auth for want of ecr:GetAuthorizationToken')
  })

  test('an unknown text is exit code 1, an empty one wrong usage', async () => {
    expect((await run(['role', 'explain', 'well'])).code).toBe(1)
    expect(await run(['role', 'explain', ''])).toMatchObject({
      code: 2,
      err: expect.stringContaining('Give a stopped reason'),
    })
  })
})

describe('role check', () => {
  const template = JSON.stringify({
    Resources: {
      Task: {
        Type: 'AWS::ECS::TaskDefinition',
        Properties: {
          RequiresCompatibilities: ['FARGATE'],
          ContainerDefinitions: [
            { Name: 'a', Image: { 'Fn::Sub': '${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/a' } },
          ],
        },
      },
    },
  })

  test.each([
    ['text', 'template.json Task: fails at register\n'],
    ['github', '::error file=template.json,line=1,col='],
    ['sarif', '"ruleId": "register-ecr-without-role"'],
    ['json', '"errors":1'],
  ])('as %s', async (format, part) => {
    const { code, out } = await run(['role', 'check', 'template.json', '--format', format], {
      'template.json': template,
    })
    expect([code, out.includes(part)]).toEqual([1, true])
  })

  test('reads cdk.out with the account and region of its manifest', async () => {
    const manifest = {
      artifacts: {
        Shop: { environment: `aws://${ACCOUNT}/eu-west-1`, properties: { templateFile: 'Shop.template.json' } },
      },
    }
    const files = {
      'cdk.out/Shop.template.json': template,
      'cdk.out/manifest.json': JSON.stringify(manifest),
      'cdk.out/asset.abc/x.txt': '',
    }
    const { code, out } = await run(['role', 'check', 'cdk.out'], files)
    expect([code, out.includes('cdk.out/Shop.template.json Task: fails at register')]).toEqual([1, true])
  })

  test('a template without task definition checked nothing, which is wrong usage', async () => {
    expect(await run(['role', 'check', 'a.yaml'], { 'a.yaml': 'Resources: {}' })).toMatchObject({
      code: 2,
      err: expect.stringContaining('nothing was checked'),
    })
    expect(await run(['role', 'check', 'empty'], { 'empty/x': '' })).toMatchObject({
      code: 2,
      err: expect.stringContaining('without *.template.json'),
    })
  })
})

describe('bad input', () => {
  const bad: readonly (readonly [text: string, says: string])[] = [
    ['', 'task.json is empty'],
    ['   ', 'task.json is empty'],
    ['not json', 'task.json: Not valid JSON at line 1, column 1'],
    ['{"containerDefinitions": [', 'task.json: Not valid JSON at line 1, column 27'],
    ['[]', 'is not a task definition'],
    ['7', 'is not a task definition'],
    [
      '{"Version": "2012-10-17", "Statement": []}',
      'task.json:1:1: is not a task definition: containerDefinitions is missing',
    ],
    ['{"containerDefinitions": []}', 'containerDefinitions is empty'],
    ['{"containerDefinitions": {}}', 'task.json:1:26: containerDefinitions must be a list of objects'],
    ['{\n  "containerDefinitions": [{"name": "a", "image": 7}, 8]}', 'task.json:2:55: must be an object'],
    ['{"containerDefinitions": [{"name": "a"}]}', 'image is missing'],
    [
      '{"containerDefinitions": [{"name": "a", "image": "b"}, {"name": "a", "image": "b"}]}',
      'two containers are named "a"',
    ],
    [
      '{"containerDefinitions": [{"name": "a", "image": "b", "secrets": [{"name": "S"}]}]}',
      'valueFrom is missing for "S"',
    ],
    [
      '{"containerDefinitions": [{"name": "a", "image": "b", "environmentFiles": [{"value": "s3://x/y"}]}]}',
      'must be the ARN of an S3 object',
    ],
    ['['.repeat(10_000_000), 'nested deeper than 512 levels'],
    ['{"containerDefinitions":'.repeat(100_000), 'nested deeper than 512 levels'],
  ]

  test.each(bad.map((row, index) => [`${index}: ${row[0].slice(0, 60)}`, row] as const))(
    '%s',
    async (_, [text, says]) => {
      for (const command of [preflight, ['role', 'derive', '--task-definition', 'task.json']]) {
        const { code, out, err } = await run(command, { ...inputs, 'task.json': text })
        expect([code, out]).toEqual([2, ''])
        expect(err).toContain(says)
      }
    },
  )

  test.each([
    ['', 'role.json is empty'],
    ['{', 'role.json: Not valid JSON'],
    ['[]', 'role.json is not a role'],
    ['{"name": "x"}', 'role.json is not a role'],
    ['{"policies": [{"name": "x"}]}', 'is not a policy document'],
    ['{"policies": ["nobody"]}', 'must be a policy document'],
    ['{"Statement": [{"Effect": "Maybe"}]}', 'Effect must be "Allow" or "Deny"'],
    ['{"trustPolicy": "%7B", "policies": []}', 'role.json: trust policy'],
    ['{"trustPolicy": "%", "policies": []}', 'text that cannot be decoded'],
  ])('a role that is none: %s', async (text, says) => {
    const { code, out, err } = await run(preflight, { ...inputs, 'role.json': text })
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(says)
  })

  test.each([
    ['[]', 'facts.json must be a JSON object of facts'],
    ['{"accountId": "12"}', 'accountId must be an account id of 12 digits'],
    ['{"launchType": "LAMBDA"}', 'launchType must be FARGATE, EC2 or EXTERNAL'],
    ['{"logGroups": 7}', 'logGroups must be a list of texts'],
    ['{"secrets": []}', 'secrets must be an object'],
    ['{"scps": [[{"Statement": 7}]]}', 'scps[0]'],
  ])('facts that are none: %s', async (text, says) => {
    const { code, out, err } = await run([...preflight, '--facts', 'facts.json'], { ...inputs, 'facts.json': text })
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(says)
  })

  test('a fact that is none is said, and the rest counts', async () => {
    const { code, err } = await run([...preflight, '--facts', 'facts.json'], {
      ...inputs,
      'facts.json': '{"logGroup": [], "region": "eu-west-1"}',
    })
    expect([code, err]).toEqual([1, 'facts.json: "logGroup" is no fact and is not read: did you mean "logGroups"?\n'])
  })

  test('a file that is not there', async () => {
    expect(await run(preflight)).toMatchObject({
      code: 2,
      err: expect.stringContaining('task.json: there is no such file'),
    })
  })
})

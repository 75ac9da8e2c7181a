// What a caller sees who may see little, and what registering does when ECS is not ready.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import type { Server } from 'bun'
import { asTaskDefinition } from '../ecs/task-definition.ts'
import { AppError } from '../errors.ts'
import { type Aws, openAws } from './clients.ts'
import { collectFacts } from './facts/collect.ts'
import { commandsFor } from '../cli/commands.ts'
import { runCommandLine } from '../cli/run.ts'
import { placeOfTask, readStoppedTask } from './stopped-task.ts'
import { registerTask, registrationOf, saysTheSame } from './register-task.ts'

type Answer = (action: string, body: string) => Response | undefined

let server: Server<undefined>
let asked: string[]
let answer: Answer
beforeEach(() => {
  asked = []
  answer = () => undefined
  server = Bun.serve({
    port: 0,
    async fetch(request) {
      const body = await request.text()
      const target = request.headers.get('x-amz-target')?.split('.').at(-1)
      const action =
        target ?? new URLSearchParams(body).get('Action') ?? `${request.method} ${new URL(request.url).pathname}`
      asked.push(action)
      return answer(action, body) ?? denied(action, target !== undefined)
    },
  })
})
afterEach(() => server.stop(true))

function denied(action: string, json: boolean): Response {
  const message = `User: arn:aws:iam::111122223333:user/ada is not authorized to perform: ${action} because no identity-based policy allows it`
  if (json) return Response.json({ __type: 'AccessDeniedException', message }, { status: 400 })
  if (action.startsWith('HEAD')) return new Response(null, { status: 403 })
  const error = `<Code>AccessDenied</Code><Message>${message}</Message>`
  const body = action.startsWith('GET')
    ? `<Error>${error}</Error>`
    : `<ErrorResponse><Error>${error}</Error></ErrorResponse>`
  return new Response(body, { status: 403, headers: { 'content-type': 'text/xml' } })
}

const aws = (): Aws =>
  openAws({
    endpoint: `http://127.0.0.1:${server.port}`,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 2,
  })

const identity: Answer = (action) =>
  action === 'GetCallerIdentity'
    ? new Response(
        '<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/ada</Arn><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>',
        { headers: { 'content-type': 'text/xml' } },
      )
    : undefined

const TASK = asTaskDefinition(
  {
    family: 'app',
    executionRoleArn: 'arn:aws:iam::111122223333:role/app',
    requiresCompatibilities: ['FARGATE'],
    containerDefinitions: [
      {
        name: 'web',
        image: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/app:1',
        logConfiguration: { logDriver: 'awslogs', options: { 'awslogs-group': '/a', 'awslogs-region': 'eu-west-1' } },
        secrets: [
          { name: 'A', valueFrom: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:a-AbCdEf' },
          { name: 'B', valueFrom: 'arn:aws:ssm:eu-west-1:111122223333:parameter/b' },
        ],
        environmentFiles: [{ type: 's3', value: 'arn:aws:s3:::conf/app.env' }],
      },
    ],
  },
  'task',
)

describe('facts of an account in which nothing may be seen', () => {
  test('name every missing permission and claim nothing', async () => {
    answer = identity
    const placement = { subnets: ['subnet-1'], securityGroups: ['sg-1'], assignPublicIp: false }
    const { facts, role, missing } = await collectFacts(aws(), TASK, { placement })
    expect(missing.map(({ action }) => action).toSorted()).toMatchSnapshot()
    expect(role).toBeUndefined()
    const { now: _now, ...rest } = facts
    expect(rest).toEqual({
      accountId: '111122223333',
      region: 'eu-west-1',
      partition: 'aws',
      repositories: { 'arn:aws:ecr:eu-west-1:111122223333:repository/app': { exists: true } },
      // An entry without anything in it says that the thing may exist.
      secrets: { 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:a-AbCdEf': {} },
      parameters: { 'arn:aws:ssm:eu-west-1:111122223333:parameter/b': {} },
      objects: { 'arn:aws:s3:::conf/app.env': {} },
      buckets: { 'arn:aws:s3:::conf': {} },
    })
  })

  test('no value of a secret is ever asked for', async () => {
    answer = identity
    await collectFacts(aws(), TASK)
    expect(asked.filter((action) => /GetSecretValue|GetParameters?$/.test(action))).toEqual([])
  })

  test('wrong credentials are an error with a remedy', async () => {
    answer = () =>
      new Response(
        '<ErrorResponse><Error><Code>InvalidClientTokenId</Code><Message>The security token is invalid</Message></Error></ErrorResponse>',
        { status: 403 },
      )
    const error = await collectFacts(aws(), TASK).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(AppError)
    expect(String(error)).toContain('AWS credentials are missing or not valid')
  })

  test('an endpoint that nobody serves is an error with a remedy', async () => {
    const nowhere = openAws({
      endpoint: 'http://127.0.0.1:1',
      region: 'eu-west-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      maxAttempts: 1,
    })
    expect(await collectFacts(nowhere, TASK).catch(String)).toContain('AWS cannot be reached for sts:GetCallerIdentity')
  })
})

describe('a stopped task', () => {
  const ARN = 'arn:aws:ecs:eu-west-1:111122223333:task/prod/0123456789abcdef0123456789abcdef'
  const REASON = 'ResourceInitializationError: unable to pull secrets or registry auth'
  const tasks: Answer = (action) => {
    if (action === 'DescribeTasks') {
      return Response.json({
        tasks: [
          {
            taskArn: ARN,
            stoppedReason: REASON,
            group: 'service:shop',
            taskDefinitionArn: 'arn:aws:ecs:eu-west-1:111122223333:task-definition/shop:7',
            containers: [{ name: 'web', reason: 'CannotPullContainerError: denied' }, { name: 'side' }],
          },
        ],
      })
    }
    if (action === 'DescribeServices') {
      const events = [
        '(service shop) has reached a steady state.',
        '(service shop) was unable to place a task.',
        '(service shop) failed.',
      ]
      return Response.json({ services: [{ events: events.map((message) => ({ message })) }] })
    }
    if (action !== 'DescribeTaskDefinition') return identity(action, '')
    return Response.json({
      taskDefinition: { family: 'shop', registeredAt: 1, containerDefinitions: [{ name: 'web', image: 'busybox' }] },
    })
  }

  test('says its reasons, its containers and the newest failure of its service', async () => {
    answer = tasks
    const stopped = await readStoppedTask(aws(), ARN)
    expect(stopped).toMatchObject({
      reasons: [REASON, 'CannotPullContainerError: denied', '(service shop) was unable to place a task.'],
      taskDefinition: { family: 'shop' },
      service: { cluster: 'prod', service: 'shop' },
      missing: [],
    })
  })

  test('is explained from the command line, with a prediction', async () => {
    answer = tasks
    let out = ''
    const endpoint = `http://127.0.0.1:${server.port}`
    const saved = { ...process.env }
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' })
    const words = ['role', 'explain', '--task', ARN, '--endpoint-url', endpoint]
    const code = await runCommandLine(words, await commandsFor(words), {
      out: (text) => void (out += text),
      err: () => {},
      env: {},
      cwd: '/',
      colour: false,
      readStdin: async () => '',
    })
    process.env = saved
    expect(code).toBe(0)
    expect(out).toContain('Preflight of the task definition: ')
  })

  test('that is gone or may not be seen is told', async () => {
    answer = (action) =>
      action === 'DescribeTasks' ? Response.json({ tasks: [], failures: [{ reason: 'MISSING' }] }) : undefined
    expect(await readStoppedTask(aws(), ARN).catch(String)).toContain('keeps stopped tasks for about an hour')
    answer = () => undefined
    expect((await readStoppedTask(aws(), ARN)).missing).toHaveLength(1)
    expect(() => placeOfTask('0123456789abcdef')).toThrow('write the ARN of a task')
  })
})

describe('registering', () => {
  const clock = { now: () => 0, sleep: async () => void (slept += 1) }
  let slept = 0
  beforeEach(() => void (slept = 0))
  const unknown = () =>
    Response.json({ __type: 'ClientException', message: 'Unable to describe task definition.' }, { status: 400 })
  const made = () =>
    Response.json({ taskDefinition: { taskDefinitionArn: 'arn:aws:ecs:eu-west-1:111122223333:task-definition/app:1' } })
  const registration = registrationOf(
    { family: 'app', containerDefinitions: [{ name: 'web', image: 'busybox' }] },
    'task',
    'arn:aws:iam::111122223333:role/app',
  )

  test('waits for a role that ECS does not see yet', async () => {
    let refusals = 3
    answer = (action) =>
      action === 'DescribeTaskDefinition'
        ? unknown()
        : refusals-- > 0
          ? Response.json({ __type: 'ClientException', message: 'Role is not valid' }, { status: 400 })
          : made()
    expect(await registerTask(aws(), registration, clock)).toMatchObject({ registered: true, missing: [] })
    expect(slept).toBe(3)
  })

  test('gives up on a role that never shows', async () => {
    answer = (action) =>
      action === 'DescribeTaskDefinition'
        ? unknown()
        : Response.json({ __type: 'ClientException', message: 'Role is not valid' }, { status: 400 })
    expect(await registerTask(aws(), registration, clock).catch(String)).toContain('Role is not valid')
    expect(slept).toBe(29)
  })

  test('names what the caller may not do', async () => {
    const { taskDefinitionArn, missing } = await registerTask(aws(), registration, clock)
    expect(taskDefinitionArn).toBeUndefined()
    expect(missing.map(({ action }) => action)).toEqual(['DescribeTaskDefinition', 'RegisterTaskDefinition'])
  })

  test('names iam:PassRole when that is what lacks', async () => {
    const message =
      'User: arn:aws:iam::111122223333:user/ada is not authorized to perform: iam:PassRole on resource: arn:aws:iam::111122223333:role/app because no identity-based policy allows the iam:PassRole action'
    answer = (action) =>
      action === 'DescribeTaskDefinition'
        ? unknown()
        : Response.json({ __type: 'AccessDeniedException', message }, { status: 400 })
    expect((await registerTask(aws(), registration, clock)).missing).toEqual([
      { action: 'iam:PassRole', resource: 'arn:aws:iam::111122223333:role/app', message },
    ])
  })

  const container = {
    name: 'web',
    image: 'busybox',
    environment: [
      { name: 'A', value: '1' },
      { name: 'B', value: '2' },
    ],
  }
  test.each([
    ['equal', { family: 'app', containerDefinitions: [container] }, true],
    [
      'in another order',
      { family: 'app', containerDefinitions: [{ ...container, environment: container.environment.toReversed() }] },
      true,
    ],
    [
      'with what ECS adds',
      {
        family: 'app',
        revision: 3,
        status: 'ACTIVE',
        volumes: [],
        placementConstraints: [],
        containerDefinitions: [{ ...container, cpu: 0, essential: true, mountPoints: [] }],
      },
      true,
    ],
    ['another image', { family: 'app', containerDefinitions: [{ ...container, image: 'alpine' }] }, false],
    [
      'one variable fewer',
      { family: 'app', containerDefinitions: [{ ...container, environment: [{ name: 'A', value: '1' }] }] },
      false,
    ],
    [
      'a role beside it',
      { family: 'app', taskRoleArn: 'arn:aws:iam::1:role/a', containerDefinitions: [container] },
      false,
    ],
    ['memory beside it', { family: 'app', containerDefinitions: [{ ...container, memory: 512 }] }, false],
  ])('a revision %s: %#', (_, has, expected) => {
    expect(saysTheSame({ family: 'app', containerDefinitions: [container] }, has)).toBe(expected)
  })
})

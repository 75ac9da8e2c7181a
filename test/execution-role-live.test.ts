// role plan|apply|destroy|facts and task register as users run them, against moto.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openAws } from '../src/aws/clients.ts'
import { commandsFor } from '../src/cli/commands.ts'
import { runCommandLine } from '../src/cli/run.ts'
import { type Moto, motoIsMissing, startMoto } from './moto.ts'

setDefaultTimeout(120_000)

const why = motoIsMissing()
if (why) console.warn(`skipped: ${why}`)
const REGION = 'eu-west-1'
const ACCOUNT = '123456789012'
const folder = mkdtempSync(join(tmpdir(), 'portreeve-live-'))
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
const saved = { ...process.env }
let moto: Moto

beforeAll(async () => {
  if (why) return
  process.env['AWS_ACCESS_KEY_ID'] = 'test'
  process.env['AWS_SECRET_ACCESS_KEY'] = 'test'
  moto = await startMoto()
})
afterAll(async () => {
  process.env = saved
  if (!why) await moto.close()
})

async function run(...argv: string[]) {
  let out = ''
  let err = ''
  const words = [...argv, '--endpoint-url', moto.endpoint, '--region', REGION]
  const code = await runCommandLine(words, await commandsFor(words), {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    env: {},
    cwd: folder,
    colour: false,
    readStdin: async () => '',
  })
  return { code, out, err }
}

const aws = () => openAws({ endpoint: moto.endpoint, region: REGION, credentials })

function file(name: string, value: unknown): string {
  writeFileSync(join(folder, name), JSON.stringify(value, null, 1))
  return name
}

const task = {
  family: 'shop',
  requiresCompatibilities: ['FARGATE'],
  networkMode: 'awsvpc',
  cpu: '256',
  memory: '512',
  containerDefinitions: [
    {
      name: 'web',
      image: `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/shop:1`,
      essential: true,
      portMappings: [{ containerPort: 8080 }],
      logConfiguration: {
        logDriver: 'awslogs',
        options: { 'awslogs-group': '/ecs/shop', 'awslogs-region': REGION, 'awslogs-stream-prefix': 'web' },
      },
      secrets: [
        { name: 'DB', valueFrom: 'replaced below' },
        { name: 'FLAG', valueFrom: `arn:aws:ssm:${REGION}:${ACCOUNT}:parameter/shop/flag` },
      ],
      environmentFiles: [{ type: 's3', value: 'arn:aws:s3:::shop-conf/app.env' }],
    },
  ],
}

/** What a team has before it deploys; returns the task definition with the secret's real ARN. */
async function furnish() {
  const clients = aws()
  const key = await (await clients.kms()).createKey({})
  const keyArn = key.KeyMetadata?.Arn ?? ''
  const secret = await (
    await clients.secrets()
  ).createSecret({ Name: 'shop/db', SecretString: '{"password":"x"}', KmsKeyId: keyArn })
  await (await clients.ssm()).putParameter({ Name: '/shop/flag', Value: 'on', Type: 'SecureString' })
  await (await clients.logs()).createLogGroup({ logGroupName: '/ecs/shop' })
  await (await clients.ecr()).createRepository({ repositoryName: 'shop' })
  await (
    await clients.ecr()
  ).putImage({
    repositoryName: 'shop',
    imageTag: '1',
    imageManifest: JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
      config: { digest: `sha256:${'0'.repeat(64)}`, size: 1 },
      layers: [],
    }),
  })
  const s3 = await clients.s3()
  await s3.createBucket({ Bucket: 'shop-conf', CreateBucketConfiguration: { LocationConstraint: REGION } })
  await s3.putObject({ Bucket: 'shop-conf', Key: 'app.env', Body: 'A=1' })
  const definition = structuredClone(task)
  definition.containerDefinitions[0]!.secrets[0]!.valueFrom = `${secret.ARN}:password::`
  return { keyArn, secretArn: secret.ARN ?? '', definition }
}

describe.skipIf(Boolean(why))('against moto', () => {
  test('from a task definition to a registered task with the least role, and away again', async () => {
    const { keyArn, secretArn, definition } = await furnish()
    const path = file('task.json', definition)

    const collected = await run('role', 'facts', '--task-definition', path)
    // moto does not serve pull-through cache rules: that one question stays open, and the rest is answered.
    expect([collected.code, collected.err]).toEqual([
      0,
      expect.stringMatching(/^AWS refused ecr:DescribePullThroughCacheRules[^\n]*\n$/),
    ])
    expect(JSON.parse(collected.out)).toMatchObject({
      accountId: ACCOUNT,
      region: REGION,
      logGroups: [`arn:aws:logs:${REGION}:${ACCOUNT}:log-group:/ecs/shop`],
      repositories: { [`arn:aws:ecr:${REGION}:${ACCOUNT}:repository/shop`]: { exists: true, policy: null } },
      images: { [`${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/shop`]: ['1'] },
      secrets: { [secretArn]: { kms: keyArn, stages: ['AWSCURRENT'] } },
      parameters: {
        [`arn:aws:ssm:${REGION}:${ACCOUNT}:parameter/shop/flag`]: { type: 'SecureString', kms: 'alias/aws/ssm' },
      },
      objects: { 'arn:aws:s3:::shop-conf/app.env': {} },
      buckets: { 'arn:aws:s3:::shop-conf': { policy: null } },
      keys: { [keyArn]: { aliases: [] } },
      missingPermissions: [],
    })

    const derived = ['--task-definition', path, '--role-name', 'shop-execution', '--tag', 'team=shop']
    const plan = await run('role', 'plan', ...derived)
    expect(plan.out).toContain('+ create role shop-execution')
    expect(plan.out).toContain(secretArn)
    expect(plan.out).toContain(keyArn)
    const missing = await run('task', 'register', '--task-definition', path, '--role-name', 'shop-execution')
    expect([missing.code, missing.err]).toEqual([
      1,
      expect.stringContaining('There is no role shop-execution: make it with "portreeve role apply'),
    ])

    expect(await run('role', 'apply', ...derived, '--settle', '0', '--json')).toMatchObject({ code: 0 })
    expect((await run('role', 'apply', ...derived)).out).toBe('Role shop-execution is as wanted: nothing to do.\n')

    const first = await run('task', 'register', '--task-definition', path, '--role-name', 'shop-execution')
    expect(first.out).toContain(`Registered arn:aws:ecs:${REGION}:${ACCOUNT}:task-definition/shop:1`)
    const again = await run('task', 'register', '--task-definition', path, '--role-name', 'shop-execution')
    expect(again.out).toContain('shop:1 already says the same')
    const described = await (await aws().ecs()).describeTaskDefinition({ taskDefinition: 'shop' })
    expect(described.taskDefinition?.executionRoleArn).toBe(`arn:aws:iam::${ACCOUNT}:role/shop-execution`)

    const changed = structuredClone(definition)
    changed.containerDefinitions[0]!.logConfiguration.options['awslogs-group'] = '/ecs/other'
    const refused = await run(
      'task',
      'register',
      '--task-definition',
      file('changed.json', changed),
      '--role-name',
      'shop-execution',
    )
    expect(refused.code).toBe(1)
    expect(refused.out).toContain('logs:CreateLogStream')
    expect(refused.err).toContain('Not registered')

    const wider = ['role', 'apply', '--task-definition', 'changed.json', '--role-name', 'shop-execution']
    const widening = await run(...wider)
    expect([widening.code, widening.err]).toEqual([1, expect.stringContaining('would allow more than it does today')])
    expect((await run(...wider, '--allow-widening', '--settle', '0')).code).toBe(0)

    expect((await run('role', 'destroy', '--role-name', 'shop-execution')).code).toBe(0)
    expect((await run('role', 'destroy', '--role-name', 'shop-execution')).out).toContain('There is no role')
  })

  test('a role of somebody else stays as it is', async () => {
    const iam = await aws().iam()
    const trust = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    }
    await iam.createRole({ RoleName: 'theirs', AssumeRolePolicyDocument: JSON.stringify(trust) })
    const role = file('role.json', { roleName: 'theirs', trustPolicy: trust, policies: [] })
    for (const argv of [
      ['role', 'apply', '--role', role],
      ['role', 'destroy', '--role-name', 'theirs'],
    ]) {
      const { code, err } = await run(...argv)
      expect([code, err]).toEqual([1, expect.stringContaining("not Portreeve's")])
    }
    expect((await iam.getRole({ RoleName: 'theirs' })).Role?.RoleName).toBe('theirs')
  })

  test('the network of a service is read from its subnets', async () => {
    const ec2 = await aws().ec2()
    const vpc = (await ec2.createVpc({ CidrBlock: '10.0.0.0/16' })).Vpc?.VpcId ?? ''
    const subnet = (await ec2.createSubnet({ VpcId: vpc, CidrBlock: '10.0.1.0/24' })).Subnet?.SubnetId ?? ''
    const table = (await ec2.createRouteTable({ VpcId: vpc })).RouteTable?.RouteTableId ?? ''
    await ec2.associateRouteTable({ RouteTableId: table, SubnetId: subnet })
    await ec2.createVpcEndpoint({ VpcId: vpc, ServiceName: `com.amazonaws.${REGION}.s3`, RouteTableIds: [table] })
    await ec2.createVpcEndpoint({
      VpcId: vpc,
      ServiceName: `com.amazonaws.${REGION}.ecr.api`,
      VpcEndpointType: 'Interface',
      SubnetIds: [subnet],
      PrivateDnsEnabled: true,
    })
    const path = file('small.json', { family: 'small', containerDefinitions: [{ name: 'a', image: 'busybox' }] })
    const closed = await run('role', 'facts', '--task-definition', path, '--subnet', subnet)
    expect(JSON.parse(closed.out)).toMatchObject({
      network: { reachable: 'endpoints', endpoints: ['s3', 'ecr.api'], internet: false },
      sourceVpc: vpc,
    })
    const gateway = (await ec2.createInternetGateway({})).InternetGateway?.InternetGatewayId ?? ''
    await ec2.attachInternetGateway({ InternetGatewayId: gateway, VpcId: vpc })
    await ec2.createRoute({ RouteTableId: table, DestinationCidrBlock: '0.0.0.0/0', GatewayId: gateway })
    const open = await run('role', 'facts', '--task-definition', path, '--subnet', subnet, '--assign-public-ip')
    expect(JSON.parse(open.out)).toMatchObject({ network: { reachable: 'all', internet: true } })
  })

  test.each([
    [['role', 'plan'], 'Give the role with --role'],
    [['role', 'plan', '--role', 'nothing.json'], 'there is no such file'],
    [['role', 'plan', '--role', 'role.json', '--boundary', 'limit'], 'write the ARN of a policy, or none'],
    [['role', 'plan', '--role', 'role.json', '--tag', 'x'], 'write KEY=VALUE'],
    [['task', 'register', '--task-definition', 'role.json'], 'is not a task definition for registering'],
    [['role', 'plan', '--role', 'untrusting.json'], 'has no trustPolicy'],
  ])('%j is refused before anything is asked', async (argv, message) => {
    file('untrusting.json', { roleName: 'a', policies: [] })
    const { code, err } = await run(...argv)
    expect([code, err]).toEqual([2, expect.stringContaining(message)])
  })
})

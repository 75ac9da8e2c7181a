// How fast the pure half is: IAM decisions and predicted launches on one core. `bun bench/execution-role.ts` prints both.
import { type AuthorizationRequest, evaluate, type Policies } from '../src/iam/evaluate.ts'
import type { Facts } from '../src/ecs/facts.ts'
import { preflight } from '../src/ecs/preflight.ts'
import { asRole } from '../src/ecs/role.ts'
import { asTaskDefinition } from '../src/ecs/task-definition.ts'

const ACCOUNT = '111122223333'
const REGION = 'eu-central-1'

/** Requests of a task's start and of what it must not do, over a few hundred roles with policies of ordinary size. */
function decisionWork(roles = 200): readonly (readonly [AuthorizationRequest, Policies])[] {
  return Array.from({ length: roles }, (_, index) => {
    const repository = `arn:aws:ecr:${REGION}:${ACCOUNT}:repository/app-${index}`
    const group = `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:/ecs/app-${index}`
    const secret = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:app-${index}/db-AbCdEf`
    const policies: Policies = {
      identityPolicies: [
        {
          name: 'execution',
          document: {
            Version: '2012-10-17',
            Statement: [
              { Effect: 'Allow', Action: 'ecr:GetAuthorizationToken', Resource: '*' },
              { Effect: 'Allow', Action: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'], Resource: repository },
              { Effect: 'Allow', Action: ['logs:CreateLogStream', 'logs:PutLogEvents'], Resource: `${group}:*` },
              { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: secret },
              {
                Effect: 'Deny',
                Action: '*',
                Resource: '*',
                Condition: { StringNotEqualsIfExists: { 'aws:RequestedRegion': [REGION, 'us-east-1'] } },
              },
            ],
          },
        },
      ],
      boundary: {
        name: 'boundary',
        document: {
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Action: ['ecr:*', 'logs:*', 'secretsmanager:*'], Resource: '*' }],
        },
      },
    }
    const request = (action: string, resource: string): AuthorizationRequest => ({
      principal: `arn:aws:sts::${ACCOUNT}:assumed-role/app-${index}/0123456789abcdef`,
      principalAccount: ACCOUNT,
      action,
      resource,
      resourceAccount: ACCOUNT,
      context: {
        'aws:RequestedRegion': REGION,
        'aws:SecureTransport': 'true',
        'aws:PrincipalArn': `arn:aws:iam::${ACCOUNT}:role/app-${index}`,
      },
    })
    return [
      [request('ecr:GetAuthorizationToken', '*'), policies],
      [request('ecr:BatchGetImage', repository), policies],
      [request('logs:CreateLogStream', `${group}:log-stream:web/1`), policies],
      [request('secretsmanager:GetSecretValue', secret), policies],
      [request('s3:GetObject', 'arn:aws:s3:::other/key'), policies],
    ] as const
  }).flat()
}

/** Decisions a second over `count` decisions. */
function decisionsPerSecond(count = 100_000): number {
  const work = decisionWork()
  const started = performance.now()
  for (let index = 0; index < count; index += 1) {
    const [request, policies] = work[index % work.length] as (typeof work)[number]
    evaluate(request, policies)
  }
  return (count * 1000) / (performance.now() - started)
}

/** Task definitions with their roles, no two alike, as text: what a preflight of files starts from. */
export function launchWork(
  count: number,
): readonly { readonly task: unknown; readonly role: unknown; readonly facts: Facts }[] {
  return Array.from({ length: count }, (_, index) => ({
    facts: { region: REGION, accountId: ACCOUNT, logGroups: index % 5 === 0 ? [] : [`/ecs/app-${index}`] },
    task: {
      family: `app-${index}`,
      requiresCompatibilities: ['FARGATE'],
      networkMode: 'awsvpc',
      executionRoleArn: `arn:aws:iam::${ACCOUNT}:role/app-${index}`,
      containerDefinitions: [
        {
          name: 'web',
          image: `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/app-${index}:1`,
          secrets: [
            {
              name: 'DB',
              valueFrom: `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:app-${index}/db-AbCdEf:password::`,
            },
          ],
          logConfiguration: {
            logDriver: 'awslogs',
            options: { 'awslogs-group': `/ecs/app-${index}`, 'awslogs-region': REGION, 'awslogs-stream-prefix': 'web' },
          },
        },
      ],
    },
    role: {
      roleArn: `arn:aws:iam::${ACCOUNT}:role/app-${index}`,
      trustPolicy: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      },
      policies: decisionWork(1)[0]?.[1].identityPolicies.map(({ name, document }) => ({
        name,
        document: JSON.parse(
          JSON.stringify(document).replaceAll('app-0', `app-${index % 3 === 0 ? 'none' : index}`),
        ) as unknown,
      })),
    },
  }))
}

/** Preflights a second over `count` different pairs of task definition and role, reading both included. */
function preflightsPerSecond(count = 1000): number {
  const work = launchWork(count)
  const started = performance.now()
  for (const { task, role, facts } of work) preflight(asTaskDefinition(task, 'task'), asRole(role, 'role'), facts)
  return (count * 1000) / (performance.now() - started)
}

if (import.meta.main) {
  const decisions = Math.round(decisionsPerSecond())
  const preflights = Math.round(preflightsPerSecond())
  if (process.argv.includes('--json')) console.log(JSON.stringify({ decisions, preflights }))
  else console.log(`${decisions.toLocaleString('en')} decisions/s, ${preflights.toLocaleString('en')} preflights/s`)
}

import copied from '../../../docs/examples/copied-execution-role.json'

export type Example = { readonly task: string; readonly role: string; readonly facts: string }

const ACCOUNT = '111122223333'
const pretty = (value: unknown) => JSON.stringify(value, null, 2)

const task = (container: object = {}) =>
  pretty({
    family: 'web',
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    cpu: '256',
    memory: '512',
    executionRoleArn: `arn:aws:iam::${ACCOUNT}:role/CSECSTaskExecutionRole`,
    containerDefinitions: [
      {
        name: 'web',
        image: `${ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com/web:1.4.2`,
        essential: true,
        logConfiguration: {
          logDriver: 'awslogs',
          options: { 'awslogs-group': '/ecs/web', 'awslogs-region': 'eu-central-1', 'awslogs-stream-prefix': 'web' },
        },
        ...container,
      },
    ],
  })

const trust = (service: string) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
})

const pull = [
  { Sid: 'Token', Effect: 'Allow', Action: 'ecr:GetAuthorizationToken', Resource: '*' },
  {
    Sid: 'Pull',
    Effect: 'Allow',
    Action: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
    Resource: `arn:aws:ecr:eu-central-1:${ACCOUNT}:repository/web`,
  },
]
const logs = {
  Sid: 'Logs',
  Effect: 'Allow',
  Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
  Resource: `arn:aws:logs:eu-central-1:${ACCOUNT}:log-group:/ecs/web:*`,
}
const role = (statements: readonly object[], service = 'ecs-tasks.amazonaws.com') =>
  pretty({
    roleArn: `arn:aws:iam::${ACCOUNT}:role/CSECSTaskExecutionRole`,
    trustPolicy: trust(service),
    policies: [{ name: 'execution', document: { Version: '2012-10-17', Statement: statements } }],
  })

const caller = {
  arn: `arn:aws:iam::${ACCOUNT}:role/deployer`,
  policies: [
    {
      name: 'deploy',
      document: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: ['ecs:*', 'iam:PassRole'], Resource: '*' }],
      },
    },
  ],
}

const facts = (more: object = {}) =>
  pretty({
    region: 'eu-central-1',
    accountId: ACCOUNT,
    logGroups: ['/ecs/web'],
    network: { reachable: 'all' },
    images: { [`${ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com/web`]: ['1.4.2'] },
    caller,
    ...more,
  })

const SECRET = `arn:aws:secretsmanager:eu-central-1:${ACCOUNT}:secret:db-Ab12Cd`
const KEY = `arn:aws:kms:eu-central-1:${ACCOUNT}:key/1f0e2d3c-4b5a-6978-8796-a5b4c3d2e1f0`
const withSecret = { secrets: [{ name: 'DB_PASSWORD', valueFrom: SECRET }] }

/** Launches to look at: one that works, and the commonest that do not. */
export const EXAMPLES = {
  works: { task: task(), role: role([...pull, logs]), facts: facts() },
  article: { task: task(withSecret), role: pretty(copied), facts: facts({ secrets: { [SECRET]: {} } }) },
  secret: {
    task: task(withSecret),
    role: role([
      ...pull,
      logs,
      { Sid: 'Secret', Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: SECRET },
    ]),
    facts: facts({ secrets: { [SECRET]: { kms: KEY } } }),
  },
  group: { task: task(), role: role([...pull, logs]), facts: facts({ logGroups: [] }) },
  trust: { task: task(), role: role([...pull, logs], 'ecs.amazonaws.com'), facts: facts() },
  network: { task: task(), role: role([...pull, logs]), facts: facts({ network: { reachable: 'none' } }) },
} as const satisfies Record<string, Example>
export type ExampleName = keyof typeof EXAMPLES

/** Stopped reasons as ECS shows them. */
export const REASONS = {
  secret: `ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret ${SECRET} from secrets manager: AccessDeniedException: User: arn:aws:sts::${ACCOUNT}:assumed-role/CSECSTaskExecutionRole/0f9d3c is not authorized to perform: secretsmanager:GetSecretValue on resource: ${SECRET} because no identity-based policy allows the secretsmanager:GetSecretValue action status code: 400`,
  pull: `CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref ${ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com/web:9.9.9: ${ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com/web:9.9.9: not found`,
  network: `ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 5 time(s): RequestCanceled: request context canceled caused by: context deadline exceeded`,
} as const

/** A template whose role forgot to read the secret of its task. */
export const TEMPLATE = `Resources:
  TaskRole:
    Type: AWS::IAM::Role
    Properties:
      RoleName: CSECSTaskExecutionRole
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - { Effect: Allow, Principal: { Service: ecs-tasks.amazonaws.com }, Action: 'sts:AssumeRole' }
      Policies:
        - PolicyName: pull
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              - { Effect: Allow, Action: 'ecr:GetAuthorizationToken', Resource: '*' }
              - Effect: Allow
                Action: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer']
                Resource: arn:aws:ecr:eu-central-1:${ACCOUNT}:repository/web
  Web:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: web
      NetworkMode: awsvpc
      RequiresCompatibilities: [FARGATE]
      Cpu: '256'
      Memory: '512'
      ExecutionRoleArn: !GetAtt TaskRole.Arn
      ContainerDefinitions:
        - Name: web
          Image: ${ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com/web:1.4.2
          Secrets:
            - { Name: DB_PASSWORD, ValueFrom: '${SECRET}' }
`

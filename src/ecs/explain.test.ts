import { describe, expect, test } from 'bun:test'
import { explainStoppedReason } from './explain.ts'
import { CATALOGUE, wordingsOf } from './stopped-reason/catalogue.ts'

const TASK = 'arn:aws:sts::111122223333:assumed-role/shop-exec/8d1f0c2b4a6e48d0a1b2c3d4e5f60718'
const SECRET = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/db-Qw12Er'
const KEYED =
  'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: '
const V1 = 'status code: 400, request id: 5b0e6a52-0000-4a4f-8c1d-1f2e3d4c5b6a'
const V2 = (service: string, operation: string) =>
  `operation error ${service}: ${operation}, https response error StatusCode: 400, RequestID: 5b0e6a52-0000-4a4f-8c1d-1f2e3d4c5b6a, api error`
const may = (action: string, resource: string, why = `because no identity-based policy allows the ${action} action`) =>
  `AccessDeniedException: User: ${TASK} is not authorized to perform: ${action} on resource: ${resource} ${why}`
const HOST = '111122223333.dkr.ecr.eu-west-1.amazonaws.com'
const IMAGE = `${HOST}/shop/api:2.4`
const GROUP = 'arn:aws:logs:eu-west-1:111122223333:log-group:/ecs/shop'

type Row = readonly [text: string, step: string | undefined, cause: string, action?: string]

/** Each known text in the wordings of both SDK generations and of older agents, as tasks of a made-up shop would show it. */
const TEXTS: readonly Row[] = [
  [
    'An error occurred (ClientException) when calling the RegisterTaskDefinition operation: Fargate requires task definition to have execution role ARN to support ECR images.',
    'register',
    'configuration',
  ],
  [
    'ClientException: Fargate requires task definition to have execution role ARN to support log driver awslogs.',
    'register',
    'configuration',
  ],
  [
    "ClientException: When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.",
    'register',
    'configuration',
  ],
  [
    'ClientException: When you are specifying container secrets, you must also specify a value for ‘executionRoleArn’.',
    'register',
    'configuration',
  ],
  ['Error: creating ECS Task Definition (shop): ClientException: Role is not valid', 'register', 'configuration'],
  ['ClientException: Log driver awslogs requires options: awslogs-region, awslogs-group', 'register', 'configuration'],
  [
    'ClientException: The Systems Manager parameter name specified for secret DB_PASSWORD is invalid. The parameter name can be up to 2048 characters',
    'register',
    'configuration',
  ],
  ['ClientException: EFS IAM authorization requires a task role.', 'register', 'configuration'],
  [
    'User: arn:aws:iam::111122223333:user/ci is not authorized to perform: iam:PassRole on resource: arn:aws:iam::111122223333:role/shop-exec because no identity-based policy allows the iam:PassRole action',
    'pass-role',
    'iam',
    'iam:PassRole',
  ],
  [
    "(service shop) failed to launch a task with (error ECS was unable to assume the role 'arn:aws:iam::111122223333:role/shop-exec' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.).",
    'assume-role',
    'iam',
    'sts:AssumeRole',
  ],
  [
    "ClientException: ECS was unable to assume the role 'arn:aws:iam::111122223333:role/shop-exec' that was provided for this task.",
    'assume-role',
    'iam',
    'sts:AssumeRole',
  ],
  [
    'Unable to assume the service linked role. Please verify that the ECS service linked role exists.',
    'network',
    'configuration',
  ],
  [
    "ECS was unable to assume the configured ECS Infrastructure Role 'arn:aws:iam::111122223333:role/infra'. Please verify that the role being passed has the proper trust relationship with Amazon ECS.",
    'assume-role',
    'iam',
    'sts:AssumeRole',
  ],
  [
    `${KEYED}unable to retrieve ecr registry auth: service call has been retried 1 time(s): ${may('ecr:GetAuthorizationToken', '*')} ${V1}`,
    'ecr-auth',
    'iam',
    'ecr:GetAuthorizationToken',
  ],
  [
    `${KEYED}unable to retrieve ecr registry auth: service call has been retried 1 time(s): ${V2('ECR', 'GetAuthorizationToken')} ${may('ecr:GetAuthorizationToken', '*')}`,
    'ecr-auth',
    'iam',
    'ecr:GetAuthorizationToken',
  ],
  [
    `${KEYED}unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send request failed caused by: Post "https://api.ecr.eu-west-1.amazonaws.com/": dial tcp 10.1.2.3:443: i/o timeout. Please check your task network configuration.`,
    'ecr-auth',
    'network',
  ],
  [
    'ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration. operation error ECR: GetAuthorizationToken, exceeded maximum number of attempts, 3, https response error StatusCode: 0, RequestID: , request send failed',
    'ecr-auth',
    'network',
  ],
  [
    'ResourceInitializationError: unable to pull secrets or registry auth: pull command failed: : signal: killed',
    'ecr-auth',
    'network',
  ],
  [
    `${KEYED}unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret ${SECRET} from secrets manager: ${may('secretsmanager:GetSecretValue', SECRET)} ${V1}`,
    'secrets',
    'iam',
    'secretsmanager:GetSecretValue',
  ],
  [
    `${KEYED}unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret ${SECRET} from secrets manager: ${V2('Secrets Manager', 'GetSecretValue')} ${may('secretsmanager:GetSecretValue', SECRET)}`,
    'secrets',
    'iam',
    'secretsmanager:GetSecretValue',
  ],
  [
    `${KEYED}unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret ${SECRET} from secrets manager: AccessDeniedException: Access to KMS is not allowed ${V1}`,
    'secrets',
    'iam',
    'kms:Decrypt',
  ],
  [
    `${KEYED}unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret ${SECRET} from secrets manager: ResourceNotFoundException: Secrets Manager can’t find the specified secret.`,
    'secrets',
    'existence',
  ],
  [
    `ResourceNotFoundException: The task can't retrieve the secret with ARN '${SECRET}' from AWS Secrets Manager. Check whether the secret exists in the specified Region.`,
    'secrets',
    'existence',
  ],
  [
    `${KEYED}unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret ${SECRET} from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: AWSCURRENT`,
    'secrets',
    'existence',
  ],
  [
    `${KEYED}unable to retrieve secret from asm: service call has been retried 1 time(s): retrieved secret from Secrets Manager did not contain json key PASSWORD`,
    'secrets',
    'configuration',
  ],
  [
    'an invalid ARN format for the AWS Secrets Manager secret was specified. Specify a valid ARN and try again.',
    'secrets',
    'configuration',
  ],
  [
    `${KEYED}unable to retrieve secret from asm: There is a connection issue between the task and AWS Secrets Manager. Check your task network configuration. failed to fetch secret ${SECRET} from secrets manager: operation error Secrets Manager: GetSecretValue, https response error StatusCode: 0, RequestID: , canceled, context deadline exceeded`,
    'secrets',
    'network',
  ],
  [
    `${KEYED}unable to retrieve secrets from ssm: service call has been retried 1 time(s): ${may('ssm:GetParameters', 'arn:aws:ssm:eu-west-1:111122223333:parameter/shop/key')} ${V1}`,
    'secrets',
    'iam',
    'ssm:GetParameters',
  ],
  [
    `${KEYED}unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid ssm parameters: /shop/key,/shop/other`,
    'secrets',
    'existence',
  ],
  ['Fetching secret data from SSM Parameter Store in eu-west-1: invalid parameters: /shop/key', 'secrets', 'existence'],
  [
    `${KEYED}unable to retrieve secrets from ssm: service call has been retried 1 time(s): AccessDeniedException: The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access. ${V1}`,
    'secrets',
    'iam',
    'kms:Decrypt',
  ],
  [
    `${KEYED}unable to retrieve secrets from ssm: The task cannot pull secrets from AWS Systems Manager. There is a connection issue between the task and AWS Systems Manager Parameter Store. Check your task network configuration. RequestCanceled: request context canceled caused by: context deadline exceeded`,
    'secrets',
    'network',
  ],
  [
    `Fetching secret data from SSM Parameter Store in eu-west-1: ${may('ssm:GetParameters', 'arn:aws:ssm:eu-west-1:111122223333:parameter/shop/key', '')} ${V1}`,
    'secrets',
    'iam',
    'ssm:GetParameters',
  ],
  ['ssm secret resource: unable to find execution role credentials', 'secrets', 'configuration'],
  ['ASM secret resource: unable to find execution role credentials', 'secrets', 'configuration'],
  [
    `${KEYED}unable to get registry auth from asm: service call has been retried 1 time(s): asm fetching secret from the service for ${SECRET}: ${may('secretsmanager:GetSecretValue', SECRET)} ${V1}`,
    'registry-auth',
    'iam',
    'secretsmanager:GetSecretValue',
  ],
  [
    `${KEYED}unable to get registry auth from asm: service call has been retried 5 time(s): asm fetching secret from the service for ${SECRET}: RequestError: send request failed caused by: Post "https://secretsmanager.eu-west-1.amazonaws.com/": dial tcp 10.0.0.1:443: i/o timeout`,
    'registry-auth',
    'network',
  ],
  ['asm fetching username: AuthorizationData is malformed, empty field', 'registry-auth', 'configuration'],
  ['unable to unmarshal secret value, invalid schema', 'registry-auth', 'configuration'],
  [
    'ResourceInitializationError: failed to download env files: file download command: non-empty error stream: failed to download file prod.env: operation error S3: HeadObject, https response error StatusCode: 403, RequestID: X, HostID: Y, api error Forbidden: Forbidden',
    'env-files',
    'iam',
    's3:GetObject',
  ],
  [
    'ResourceInitializationError: failed to download env files: file download command: non-empty error stream: failed to download file prod.env: failed to write to a temporary file: AccessDenied: Access Denied status code: 403',
    'env-files',
    'iam',
    's3:GetObject',
  ],
  [
    'ResourceInitializationError: failed to download env files: file download command: non-empty error stream: RequestCanceled: request context canceled caused by: context deadline exceeded',
    'env-files',
    'network',
  ],
  [
    'unable to download env file with key prod.env from bucket shop-config, error: AccessDenied: Access Denied',
    'env-files',
    'iam',
    's3:GetObject',
  ],
  ['environment file resource: unable to find execution role credentials', 'env-files', 'configuration'],
  [
    `CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref ${IMAGE}: unexpected status from HEAD request to https://${HOST}/v2/shop/api/manifests/2.4: 403 Forbidden`,
    'image-manifest',
    'iam',
    'ecr:BatchGetImage',
  ],
  [
    `CannotPullContainerError: inspect image has been retried 1 time(s): failed to resolve ref "${IMAGE}": pulling from host ${HOST} failed with status code [manifests 2.4]: 403 Forbidden`,
    'image-manifest',
    'iam',
    'ecr:BatchGetImage',
  ],
  [
    `CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref ${IMAGE}@sha256:${'a'.repeat(64)}: unexpected status from HEAD request to https://${HOST}/v2/shop/api/blobs/sha256:${'a'.repeat(64)}: 403 Forbidden`,
    'image-manifest',
    'iam',
    'ecr:BatchGetImage',
  ],
  [
    `CannotPullContainerError: The task can’t pull the image. Check that the role has the permissions to pull images from the registry. Error response from daemon: pull access denied for ${HOST}/shop/api, repository does not exist or may require 'docker login': denied: User: ${TASK} is not authorized to perform: ecr:BatchGetImage on resource: arn:aws:ecr:eu-west-1:444455556666:repository/shop/api because no resource-based policy allows the ecr:BatchGetImage action`,
    'image-manifest',
    'iam',
    'ecr:BatchGetImage',
  ],
  [
    "CannotPullContainerError: The task can't pull the image. Check whether the image exists. Error response from daemon: pull access denied for shop/api, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
    'image-manifest',
    'existence',
  ],
  [
    `CannotPullECRContainerError: ${may('ecr:GetAuthorizationToken', '*', '')}`,
    'ecr-auth',
    'iam',
    'ecr:GetAuthorizationToken',
  ],
  ['CannotPullECRContainerError: engine ecr credentials: not found', 'ecr-auth', 'configuration'],
  [
    'The task can’t pull the image. Check your network configuration. RequestError: send request failed caused by: Post "https://api.ecr.eu-west-1.amazonaws.com/": net/http: request canceled while waiting for connection',
    'ecr-auth',
    'network',
  ],
  [
    `CannotPullContainerError: pull image manifest has been retried 7 time(s): failed to resolve ref ${IMAGE}: ${IMAGE}: not found`,
    'image-manifest',
    'existence',
  ],
  [
    `CannotPullContainerError: pull image manifest has been retried 7 time(s): image Manifest does not contain descriptor matching platform 'linux/amd64'`,
    'image-manifest',
    'configuration',
  ],
  [
    'CannotPullContainerError: pull image manifest has been retried 7 time(s): httpReadSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/library/redis/manifests/sha256:1: 429 Too Many Requests - Server message: toomanyrequests: You have reached your unauthenticated pull rate limit.',
    'image-manifest',
    'registry',
  ],
  [
    'CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref ghcr.io/shop/api:1: failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://ghcr.io/token: 401 Unauthorized',
    'image-manifest',
    'configuration',
  ],
  [
    'CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref docker.io/library/redis:7: failed to do request: Head "https://registry-1.docker.io/v2/library/redis/manifests/7": dial tcp 3.4.5.6:443: i/o timeout',
    'image-manifest',
    'network',
  ],
  [
    `CannotPullContainerError: The task cannot pull ${IMAGE} from the registry ${IMAGE}. There is a connection issue between the task and the registry. Check your task network configuration. : failed to copy: httpReadSeeker: failed open: failed to do request: Get ${IMAGE}: dial tcp 52.1.2.3:443: i/o timeout`,
    'image-layers',
    'network',
  ],
  [
    `CannotPullContainerError: ref pull has been retried 1 time(s): failed to copy: httpReaderSeeker: failed open: unexpected status code https://${HOST}/v2/shop/api/blobs/sha256:${'b'.repeat(64)}: 403 Forbidden`,
    'image-layers',
    'iam',
    'ecr:GetDownloadUrlForLayer',
  ],
  [
    `API error (500): Get https://${HOST}/v2/: net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)`,
    'image-layers',
    'network',
  ],
  [
    'CannotPullContainerError: write /var/lib/docker/tmp/GetImageBlob123: no space left on device',
    'image-layers',
    'capacity',
  ],
  [
    `ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log group: ${may('logs:CreateLogGroup', `${GROUP}:log-stream:`)} ${V1} : exit status 1`,
    'log-driver',
    'iam',
    'logs:CreateLogGroup',
  ],
  [
    `ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ${V2('CloudWatch Logs', 'CreateLogStream')} ${may('logs:CreateLogStream', `${GROUP}:log-stream:ecs/api/1`)} : exit status 1`,
    'log-driver',
    'iam',
    'logs:CreateLogStream',
  ],
  [
    'ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit status 1',
    'log-driver',
    'existence',
  ],
  [
    'ResourceInitializationError: failed to validate logger args: The task cannot find the Amazon CloudWatch log group defined in the task definition. There is a connection issue between the task and Amazon CloudWatch. Check your network configuration. : signal: killed',
    'log-driver',
    'network',
  ],
  ['ResourceInitializationError: failed to validate logger args: : signal: killed', 'log-driver', 'network'],
  [
    'ResourceInitializationError: failed to validate logger args: unable to get awslogs driver arguments: awslogs-region is required',
    'log-driver',
    'configuration',
  ],
  [
    `CannotStartContainerError: Error response from daemon: failed to initialize logging driver: failed to create Cloudwatch log stream: ${may('logs:CreateLogStream', `${GROUP}:log-stream:x`, '')}`,
    'log-driver',
    'iam',
    'logs:CreateLogStream',
  ],
  [
    'CannotStartContainerError: Error response from daemon: failed to create task for container: failed to initialize logging driver: failed to create Cloudwatch log stream: operation error CloudWatch Logs: CreateLogStream, https response error StatusCode: 400, RequestID: X, ResourceNotFoundException: The specified log group does not exist.',
    'log-driver',
    'existence',
  ],
  [
    'CannotStartContainerError: Error response from daemon: failed to initialize logging driver: failed to create Cloudwatch log stream: RequestError: send request failed caused by: Post "https://logs.eu-west-1.amazonaws.com/": dial tcp: i/o timeout',
    'log-driver',
    'network',
  ],
  ['HostConfigError: No execution credentials set for the task', 'log-driver', 'configuration'],
  ['Timeout waiting for network interface provisioning to complete.', 'network', 'network'],
  ['Essential container in task exited', 'start', 'application'],
  [
    'CannotStartContainerError: Error response from daemon: exec /app/server: exec format error',
    'start',
    'configuration',
  ],
  ['OutOfMemoryError: Container killed due to memory usage', 'start', 'application'],
  [
    'ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: mount.nfs4: Connection timed out : unsuccessful EFS utils command execution; code: 32',
    'volumes',
    'network',
  ],
  [
    "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: b'mount.nfs4: access denied by server while mounting 127.0.0.1:/'",
    'volumes',
    'iam',
  ],
  [
    '(service shop) is unable to consistently start tasks successfully. For more information, see the Troubleshooting section.',
    'start',
    'unknown',
  ],
  [
    `${KEYED}unable to retrieve secrets from ssm: service call has been retried 1 time(s): ${may('ssm:GetParameters', 'arn:aws:ssm:eu-west-1:111122223333:parameter/shop/key', 'because no VPC endpoint policy allows the ssm:GetParameters action')}`,
    'secrets',
    'iam',
    'ssm:GetParameters',
  ],
  ['MalformedPolicyDocument: Partition "aws" is not valid for resource "arn:aws:s3:::shop".', 'apply', 'configuration'],
  [
    'ValidationError: Invalid ARN partition: arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy',
    'apply',
    'configuration',
  ],
  [
    'ResourceInitializationError: unable to initialize firelens resource: unable to download firelens s3 config file: unable to download s3 config fluent.conf from bucket shop: AccessDenied: Access Denied',
    'firelens-config',
    'iam',
    's3:GetObject',
  ],
  // Service events, texts cut off by consoles, texts that nobody has seen.
  [
    `(service shop) was unable to place a task. Reason: ${KEYED}unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret ${SECRET} from secrets manager: ${may('secretsmanager:GetSecretValue', SECRET)}.`,
    'secrets',
    'iam',
    'secretsmanager:GetSecretValue',
  ],
  [
    `(service shop, taskSet ecs-svc/1) was unable to place a task. Reason: CannotPullContainerError: pull image manifest has been retried 7 time(s): failed to resolve ref ${IMAGE}: ${IMAGE}: not found.`,
    'image-manifest',
    'existence',
  ],
  [
    `${KEYED}unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret arn:aws:secretsm...`,
    'secrets',
    'unknown',
  ],
  [`${KEYED}unable to retrieve ecr registry auth: service call has been retried 3 time(s): Req`, 'ecr-auth', 'unknown'],
  [
    `${KEYED}unable to retrieve ecr registry auth: service call has been retried 1 time(s): AccessDeniedException: User: ${TASK} is not authorized to perform: ecr:GetAuthorizationToken`,
    'ecr-auth',
    'iam',
    'ecr:GetAuthorizationToken',
  ],
  ['Something entirely new', undefined, 'unknown'],
  ['', undefined, 'unknown'],
]

describe('a text of ECS', () => {
  test.each(TEXTS.map((row, index) => [`${index}: ${row[0].slice(0, 100)}`, row] as const))(
    '%s',
    (_, [text, step, cause, action]) => {
      const found = explainStoppedReason(text)
      expect([found.step, found.cause, found.denied?.action]).toEqual([step as never, cause as never, action])
      expect(found.fix.about).not.toBe('')
    },
  )

  test('every row of the catalogue recognises its own wordings', () => {
    const values = {
      region: 'us-east-1',
      suffix: 'amazonaws.com',
      image: IMAGE,
      repository: 'shop/api',
      host: HOST,
      tag: '2.4',
      digest: 'sha256:aa',
      launch: 'Fargate',
      arn: SECRET,
      role: 'arn:aws:iam::111122223333:role/R',
      limit: '10240',
      store: 'ASM',
      platform: 'linux/amd64',
      quota: 'PoliciesPerRole',
      version: 'staging label: AWSCURRENT',
      key: 'k',
    }
    for (const row of CATALOGUE) {
      const action = row.action ?? (row.step === 'register' ? 'ecs:RegisterTaskDefinition' : 'x:Y')
      const denial = `User: ${TASK} is not authorized to perform: ${action} on resource: arn:aws:x:us-east-1:111122223333:y because no identity-based policy allows the ${action} action`
      for (const text of wordingsOf(row.id, { ...values, denial }))
        expect([text, explainStoppedReason(text).row]).toEqual([text, row.id])
    }
  })

  test.each([
    ['because no permissions boundary allows the x:Y action', 'permissions-boundary', false],
    ['because no service control policy allows the x:Y action', 'service-control-policy', false],
    ['because no resource-based policy allows the x:Y action', 'resource-policy', false],
    ['because no VPC endpoint policy allows the x:Y action', 'vpc-endpoint-policy', false],
    ['with an explicit deny in an identity-based policy', 'identity-policy', true],
    ['with an explicit deny in a resource control policy', 'resource-control-policy', true],
    [
      'with an explicit deny in a service control policy: arn:aws:organizations::1:policy/o-1/service_control_policy/p-1',
      'service-control-policy',
      true,
    ],
    ['with an explicit deny in a permissions boundary', 'permissions-boundary', true],
  ])('%s: %s must change', (why, target, explicit) => {
    const found = explainStoppedReason(may('ecr:BatchGetImage', 'arn:aws:ecr:eu-west-1:111122223333:repository/a', why))
    expect([found.fix.target, found.denied?.explicit]).toEqual([target, explicit])
  })

  test('becomes the statement that mends it', () => {
    const statement = (text: string) => explainStoppedReason(text).fix.statement
    expect(statement(may('logs:CreateLogStream', `${GROUP}:log-stream:ecs/api/1`))?.Resource).toBe(`${GROUP}:*`)
    expect(
      statement(
        `CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref ${IMAGE}: unexpected status from HEAD request to https://${HOST}/v2/shop/api/manifests/2.4: 403 Forbidden`,
      ),
    ).toEqual({
      Effect: 'Allow',
      Action: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
      Resource: 'arn:aws:ecr:eu-west-1:111122223333:repository/shop/api',
    })
  })
})

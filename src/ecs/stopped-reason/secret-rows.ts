import { defineRows } from './row.ts'

const PREFIX = 'ResourceInitializationError: unable to pull secrets or registry auth: '
const RETRIEVAL = `${PREFIX}execution resource retrieval failed: `
const ASM = `${RETRIEVAL}unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret {arn} from secrets manager: `
const ASM_400 =
  'operation error Secrets Manager: GetSecretValue, https response error StatusCode: 400, RequestID: {request}, '
const SSM = `${RETRIEVAL}unable to retrieve secrets from ssm: service call has been retried 1 time(s): `
const SSM_400 =
  'operation error SSM: GetParameters, https response error StatusCode: 400, RequestID: {request}, api error '
const AUTH = `${RETRIEVAL}unable to get registry auth from asm: service call has been retried 1 time(s): `
const V1 = ' status code: 400, request id: {request}'

/** Secrets Manager, Parameter Store and the credentials of private registries. */
export const secretRows = defineRows([
  {
    id: 'secret-denied',
    step: 'secrets',
    surfaces: ['task', 'event'],
    cause: 'iam',
    texts: [`${ASM}${ASM_400}api error AccessDeniedException: {denial}`, `${ASM}AccessDeniedException: {denial}${V1}`],
    match: /(secrets? from asm|failed to fetch secret).*not authorized to perform: secretsmanager:GetSecretValue/is,
    means:
      'the execution role may not read the secret: the permission is missing, too narrow, on the task role instead, or written for another ARN',
    fix: 'allow secretsmanager:GetSecretValue on the secret ARN (or NAME-??????) for the execution role',
    action: 'secretsmanager:GetSecretValue',
  },
  {
    id: 'secret-kms-denied',
    step: 'secrets',
    surfaces: ['task', 'event'],
    cause: 'iam',
    texts: [
      `${ASM}${ASM_400}api error AccessDeniedException: Access to KMS is not allowed`,
      `${ASM}AccessDeniedException: Access to KMS is not allowed${V1}`,
    ],
    match: /Access to KMS is not allowed/i,
    means: 'the secret is encrypted with a customer managed key that the execution role may not use',
    fix: 'allow kms:Decrypt on the key ARN (an alias ARN never matches) and see that the key policy lets the account in',
    action: 'kms:Decrypt',
  },
  {
    id: 'secret-missing',
    step: 'secrets',
    surfaces: ['task', 'event'],
    cause: 'existence',
    texts: [
      `${ASM}${ASM_400}ResourceNotFoundException: Secrets Manager can't find the specified secret.`,
      `${ASM}ResourceNotFoundException: Secrets Manager can't find the specified secret.${V1}`,
    ],
    match: /(?<!with ARN.*)can't find the specified secret(?! value)/is,
    means: 'there is no such secret in that region, or it is scheduled for deletion',
    fix: 'correct the ARN or the region in valueFrom, or restore the secret',
  },
  {
    id: 'secret-missing-ec2',
    step: 'secrets',
    surfaces: ['task'],
    cause: 'existence',
    texts: [
      "fetching secret data from AWS Secrets Manager in region {region}: ResourceNotFoundException: The task can't retrieve the secret with ARN '{arn}' from AWS Secrets Manager. Check whether the secret exists in the specified Region. ResourceNotFoundException: Secrets Manager can't find the specified secret.",
    ],
    match: /can't retrieve the secret with ARN/i,
    means: 'there is no such secret in that region, or it is scheduled for deletion',
    fix: 'correct the ARN or the region in valueFrom, or restore the secret',
  },
  {
    id: 'secret-value-missing',
    step: 'secrets',
    surfaces: ['task', 'event'],
    cause: 'existence',
    texts: [
      `${ASM}${ASM_400}ResourceNotFoundException: Secrets Manager can't find the specified secret value for {version}`,
      `${ASM}ResourceNotFoundException: Secrets Manager can't find the specified secret value for {version}${V1}`,
    ],
    match: /can't find the specified secret value/i,
    means: 'the secret exists but has no value in the asked stage or version: often it was created and never filled',
    fix: 'put a value (aws secretsmanager put-secret-value) or correct stage and version in valueFrom, then deploy again',
  },
  {
    id: 'secret-json-key-missing',
    step: 'secrets',
    surfaces: ['task', 'event'],
    cause: 'configuration',
    texts: [
      `${RETRIEVAL}unable to retrieve secret from asm: service call has been retried 1 time(s): retrieved secret from Secrets Manager did not contain json key {key}`,
    ],
    match: /did not contain json key/i,
    means: 'the secret is readable but its JSON has no such key',
    fix: 'correct the JSON key in valueFrom or add it to the secret',
  },
  {
    id: 'secret-arn-format',
    step: 'secrets',
    surfaces: ['task', 'event'],
    cause: 'configuration',
    texts: [
      `${RETRIEVAL}unable to retrieve secret from asm: service call has been retried 1 time(s): an invalid ARN format for the AWS Secrets Manager secret was specified. Specify a valid ARN and try again.`,
      'trying to retrieve secret with value {arn} resulted in error: an invalid ARN format for the AWS Secrets Manager secret was specified. Specify a valid ARN and try again.',
    ],
    match: /invalid ARN format for the AWS Secrets Manager secret/i,
    means: 'valueFrom has the wrong number of colons: it must end in secret:NAME or secret:NAME:KEY:STAGE:VERSION',
    fix: 'keep all the colons, also of empty parts: ...:secret:NAME-SUFFIX:KEY::',
  },
  {
    id: 'secret-unreachable',
    step: 'secrets',
    surfaces: ['task', 'event'],
    cause: 'network',
    texts: [
      `${RETRIEVAL}unable to retrieve secret from asm: There is a connection issue between the task and AWS Secrets Manager. Check your task network configuration. failed to fetch secret {arn} from secrets manager: operation error Secrets Manager: GetSecretValue, https response error StatusCode: 0, RequestID: , canceled, context deadline exceeded`,
      `${RETRIEVAL}unable to retrieve secret from asm: service call has been retried 5 time(s): failed to fetch secret {arn} from secrets manager: RequestCanceled: request context canceled caused by: context deadline exceeded`,
    ],
    match:
      /(from asm|Secrets Manager|secrets manager|secretsmanager\.).*(StatusCode: 0\b|i\/o timeout|context deadline exceeded|connection issue)/is,
    means: 'the task cannot reach Secrets Manager',
    fix: 'give the subnet a secretsmanager endpoint, NAT or a public address, and let port 443 out',
  },
  {
    id: 'parameter-denied',
    step: 'secrets',
    surfaces: ['task', 'event'],
    cause: 'iam',
    texts: [`${SSM}AccessDeniedException: {denial}${V1}`, `${SSM}${SSM_400}AccessDeniedException: {denial}`],
    match: /unable to retrieve secrets from ssm.*not authorized to perform: ssm:GetParameters/is,
    means:
      'the execution role may not read the parameter; ssm:GetParameter is not enough, the agent calls GetParameters',
    fix: 'allow ssm:GetParameters on the parameter ARN for the execution role',
    action: 'ssm:GetParameters',
  },
  {
    id: 'parameter-missing',
    step: 'secrets',
    surfaces: ['task', 'event'],
    cause: 'existence',
    texts: [
      `${SSM}invalid ssm parameters: {names}`,
      'fetching secret data from SSM Parameter Store in {region}: invalid parameters: {names}',
    ],
    match: /invalid (ssm )?parameters: /i,
    means: 'the parameter does not exist in that region',
    fix: 'create the parameter or correct its name or region in valueFrom',
  },
  {
    id: 'parameter-kms-denied',
    step: 'secrets',
    surfaces: ['task', 'event'],
    cause: 'iam',
    texts: [
      `${SSM}AccessDeniedException: The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.${V1}`,
      `${SSM}${SSM_400}AccessDeniedException: The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.`,
    ],
    match: /ciphertext refers to a customer master key/i,
    means: 'the parameter is encrypted with a customer managed key that the execution role may not use',
    fix: 'allow kms:Decrypt on the key ARN and see that the key policy lets the account in',
    action: 'kms:Decrypt',
  },
  {
    id: 'parameter-unreachable',
    step: 'secrets',
    surfaces: ['task', 'event'],
    cause: 'network',
    texts: [
      `${RETRIEVAL}unable to retrieve secrets from ssm: The task cannot pull secrets from AWS Systems Manager. There is a connection issue between the task and AWS Systems Manager Parameter Store. Check your task network configuration. operation error SSM: GetParameters, https response error StatusCode: 0, RequestID: , canceled, context deadline exceeded`,
      `${RETRIEVAL}unable to retrieve secrets from ssm: The task cannot pull secrets from AWS Systems Manager. There is a connection issue between the task and AWS Systems Manager Parameter Store. Check your task network configuration. RequestCanceled: request context canceled caused by: context deadline exceeded`,
    ],
    match:
      /(from ssm|Systems Manager|SSM: GetParameters|ssm\.).*(StatusCode: 0\b|i\/o timeout|context deadline exceeded|connection issue)/is,
    means: 'the task cannot reach Parameter Store',
    fix: 'give the subnet an ssm endpoint, NAT or a public address, and let port 443 out',
  },
  {
    id: 'parameter-denied-ec2',
    step: 'secrets',
    surfaces: ['task'],
    cause: 'iam',
    texts: [
      'fetching secret data from SSM Parameter Store in {region}: AccessDeniedException: {denial}',
      'Fetching secret data from SSM Parameter Store in {region}: AccessDeniedException: {denial} status code: 400, request id: {request}',
    ],
    match: /fetching secret data from SSM Parameter Store.*not authorized to perform/is,
    means: 'the execution role may not read the parameter (EC2 agent)',
    fix: 'allow ssm:GetParameters on the parameter ARN for the execution role',
    action: 'ssm:GetParameters',
  },
  {
    id: 'secret-denied-ec2',
    step: 'secrets',
    surfaces: ['task'],
    cause: 'iam',
    texts: [
      'fetching secret data from AWS Secrets Manager in region {region}: secret {arn}: AccessDeniedException: {denial}',
      'Fetching secret data from AWS Secrets Manager in region {region}: secret {arn}: AccessDeniedException: {denial} status code: 400, request id: {request}',
    ],
    match: /fetching secret data from AWS Secrets Manager.*not authorized to perform/is,
    means: 'the execution role may not read the secret (EC2 agent)',
    fix: 'allow secretsmanager:GetSecretValue on the secret ARN for the execution role',
    action: 'secretsmanager:GetSecretValue',
  },
  {
    id: 'secret-no-credentials-ec2',
    step: 'secrets',
    surfaces: ['task'],
    cause: 'configuration',
    texts: ['{store} secret resource: unable to find execution role credentials'],
    match: /(ssm|ASM) secret resource: unable to find execution role credentials/i,
    means: 'the agent never received credentials of the execution role: none is set, or ECS cannot assume it',
    fix: 'set executionRoleArn and let the role trust ecs-tasks.amazonaws.com',
  },
  {
    id: 'registry-auth-denied',
    step: 'registry-auth',
    surfaces: ['task', 'event'],
    cause: 'iam',
    texts: [
      `${AUTH}asm fetching secret from the service for {arn}: AccessDeniedException: {denial}${V1}`,
      `${AUTH}asm fetching secret from the service for {arn}: ${ASM_400}api error AccessDeniedException: {denial}`,
    ],
    match: /(registry auth from asm|asm fetching secret from the service).*not authorized to perform/is,
    means: 'the execution role may not read the credentials of the private registry',
    fix: 'allow secretsmanager:GetSecretValue on the credentials secret for the execution role',
    action: 'secretsmanager:GetSecretValue',
  },
  {
    id: 'registry-auth-kms-denied',
    step: 'registry-auth',
    surfaces: ['task', 'event'],
    cause: 'iam',
    texts: [
      `${AUTH}asm fetching secret from the service for {arn}: AccessDeniedException: Access to KMS is not allowed${V1}`,
    ],
    match: /asm fetching secret from the service.*Access to KMS is not allowed/is,
    means: 'the credentials of the private registry are encrypted with a key that the execution role may not use',
    fix: 'allow kms:Decrypt on the key ARN and see that the key policy lets the account in',
    action: 'kms:Decrypt',
  },
  {
    id: 'registry-auth-missing',
    step: 'registry-auth',
    surfaces: ['task', 'event'],
    cause: 'existence',
    texts: [
      `${AUTH}asm fetching secret from the service for {arn}: ResourceNotFoundException: Secrets Manager can't find the specified secret{version}.`,
    ],
    match: /(registry auth from asm|asm fetching secret from the service).*ResourceNotFoundException/is,
    means: 'the secret with the credentials of the private registry does not exist, or has no value',
    fix: 'correct repositoryCredentials.credentialsParameter or create the secret',
  },
  {
    id: 'registry-auth-unreachable',
    step: 'registry-auth',
    surfaces: ['task', 'event'],
    cause: 'network',
    texts: [
      `${RETRIEVAL}unable to get registry auth from asm: service call has been retried 5 time(s): asm fetching secret from the service for {arn}: RequestError: send request failed caused by: Post "https://secretsmanager.{region}.{suffix}/": dial tcp 10.0.0.10:443: i/o timeout. Please check your task network configuration.`,
    ],
    match:
      /(registry auth from asm|asm fetching secret from the service).*(StatusCode: 0\b|i\/o timeout|context deadline exceeded|connection issue)/is,
    means: 'the task cannot reach Secrets Manager for the credentials of the private registry',
    fix: 'give the subnet a secretsmanager endpoint, NAT or a public address, and let port 443 out',
  },
  {
    id: 'registry-auth-malformed',
    step: 'registry-auth',
    surfaces: ['task', 'event'],
    cause: 'configuration',
    texts: [
      `${AUTH}asm fetching {field}: AuthorizationData is malformed, empty field`,
      `${AUTH}unable to unmarshal secret value, invalid schema`,
      `${AUTH}empty secrets value`,
    ],
    match: /AuthorizationData is malformed|unable to unmarshal secret value|empty secrets value/i,
    means: 'the credentials secret is readable but is no JSON with username and password',
    fix: 'store {"username": "...", "password": "..."} in the secret',
  },
])

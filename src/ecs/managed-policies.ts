import { parseArn } from '../iam/arn.ts'
import type { NamedPolicy, PolicyDocument } from '../iam/policy.ts'

const PULL_AND_LOG = [
  'ecr:GetAuthorizationToken',
  'ecr:BatchCheckLayerAvailability',
  'ecr:GetDownloadUrlForLayer',
  'ecr:BatchGetImage',
  'logs:CreateLogStream',
  'logs:PutLogEvents',
]

const allow = (actions: readonly string[]): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }],
})

/** The AWS managed policies that tasks and container instances commonly carry, as AWS publishes them (without their ecs:TagResource part). */
const DOCUMENTS: Readonly<Record<string, PolicyDocument>> = {
  'service-role/AmazonECSTaskExecutionRolePolicy': allow(PULL_AND_LOG),
  'service-role/AmazonEC2ContainerServiceforEC2Role': allow([
    'ec2:DescribeTags',
    'ecs:CreateCluster',
    'ecs:DeregisterContainerInstance',
    'ecs:DiscoverPollEndpoint',
    'ecs:Poll',
    'ecs:RegisterContainerInstance',
    'ecs:StartTelemetrySession',
    'ecs:UpdateContainerInstancesState',
    'ecs:Submit*',
    ...PULL_AND_LOG,
  ]),
  AmazonEC2ContainerRegistryReadOnly: allow([
    'ecr:GetAuthorizationToken',
    'ecr:BatchCheckLayerAvailability',
    'ecr:GetDownloadUrlForLayer',
    'ecr:GetRepositoryPolicy',
    'ecr:DescribeRepositories',
    'ecr:ListImages',
    'ecr:DescribeImages',
    'ecr:BatchGetImage',
    'ecr:GetLifecyclePolicy',
    'ecr:GetLifecyclePolicyPreview',
    'ecr:ListTagsForResource',
    'ecr:DescribeImageScanFindings',
  ]),
  AmazonEC2ContainerRegistryPullOnly: allow([
    'ecr:GetAuthorizationToken',
    'ecr:BatchImportUpstreamImage',
    'ecr:BatchGetImage',
    'ecr:GetDownloadUrlForLayer',
  ]),
  AmazonSSMReadOnlyAccess: allow(['ssm:Describe*', 'ssm:Get*', 'ssm:List*']),
  AmazonS3ReadOnlyAccess: allow([
    's3:Get*',
    's3:List*',
    's3:Describe*',
    's3-object-lambda:Get*',
    's3-object-lambda:List*',
  ]),
  SecretsManagerReadWrite: allow(['secretsmanager:*']),
  AdministratorAccess: allow(['*']),
}

/** A managed policy by its ARN or name, or undefined when it is a customer's or one that is not kept here. */
export function managedPolicy(arnOrName: string): NamedPolicy | undefined {
  const arn = parseArn(arnOrName)
  if (arn && arn.account !== 'aws') return undefined
  const path = arn ? arn.resource.replace(/^policy\//, '') : arnOrName
  const document = DOCUMENTS[path] ?? DOCUMENTS[`service-role/${path}`]
  return document && { name: arnOrName, document }
}

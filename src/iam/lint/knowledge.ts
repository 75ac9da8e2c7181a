import type { LintFindingId } from './catalog.ts'

/** What ECS calls with an execution role at all, whatever the task definition. In lower case. */
const EVERY_TASK = [
  'ecr:getauthorizationtoken',
  'ecr:batchgetimage',
  'ecr:getdownloadurlforlayer',
  'ecr:batchchecklayeravailability',
  'logs:createlogstream',
  'logs:putlogevents',
]

/** What it calls for one feature of a task definition. */
const BY_FEATURE: Readonly<Record<string, string>> = {
  'logs:createloggroup':
    'the log driver option awslogs-create-group, and only while the group is missing; the AWS managed policy does not have it',
  'secretsmanager:getsecretvalue': 'secrets, registry credentials and credential specs that lie in Secrets Manager',
  'ssm:getparameters': 'secrets and credential specs that lie in Parameter Store',
  'kms:decrypt': 'secrets, parameters and files that a customer managed key encrypts',
  's3:getobject': 'environment files, FireLens configuration and credential specs in S3',
  's3:getbucketlocation': 'environment files, FireLens configuration and credential specs in S3',
  's3:listbucket': 'telling a missing environment file from a forbidden one',
  'ecr:batchimportupstreamimage': 'the first pull of an image through a pull-through cache rule',
  'ecr:createrepository': 'the first pull of an image through a pull-through cache rule',
  'fsx:describefilesystems': 'FSx for Windows File Server volumes',
}

type Verdict = { readonly id: LintFindingId; readonly reason: string; readonly remedy: string }

/** Actions and services that people give an execution role by mistake: pattern of the lower-case action → why not. */
const MISTAKES: readonly (readonly [RegExp, LintFindingId, string, string])[] = [
  [
    /^ecr:(putimage|initiatelayerupload|uploadlayerpart|completelayerupload)$/,
    'never-needed',
    'is for pushing images; pulling needs ecr:BatchGetImage and ecr:GetDownloadUrlForLayer.',
    'Take it out; give it to the pipeline that pushes.',
  ],
  [/^ecr:/, 'never-needed', 'is no part of a pull.', 'Take it out.'],
  [
    /^logs:(getlogevents|filterlogevents|describe\w*|startquery|getqueryresults|get\w*|list\w*)$/,
    'never-needed',
    'reads logs; the log driver only writes them.',
    'Take it out; give it to the people who read.',
  ],
  [/^logs:/, 'never-needed', 'is no call of the awslogs driver.', 'Take it out.'],
  [
    /^ec2:/,
    'never-needed',
    'is not needed for networking: ECS handles network interfaces with its service-linked role AWSServiceRoleForECS.',
    'Take it out.',
  ],
  [
    /^ecs:/,
    'never-needed',
    'is a call of the container agent (the instance’s role) or of the one who deploys.',
    'Take it out.',
  ],
  [
    /^elasticloadbalancing:|^servicediscovery:|^application-autoscaling:|^autoscaling:/,
    'never-needed',
    'is done by ECS’s service-linked role.',
    'Take it out.',
  ],
  [
    /^iam:|^sts:/,
    'never-needed',
    'lets whoever gets hold of the role change permissions or become another role.',
    'Take it out.',
  ],
  [
    /^ssmmessages:/,
    'application-permission',
    'is for ECS Exec, which uses the task role.',
    'Move it to the task role.',
  ],
  [
    /^elasticfilesystem:/,
    'application-permission',
    'is for EFS volumes with IAM authorisation, which use the task role.',
    'Move it to the task role.',
  ],
  [
    /^(firehose|kinesis):put/,
    'application-permission',
    'is for FireLens destinations, which use the task role.',
    'Move it to the task role.',
  ],
  [
    /^ssm:getparameter(sbypath)?$|^ssm:describeparameters$/,
    'ssm-get-parameter',
    'is not what ECS calls for secrets: that is ssm:GetParameters.',
    'Write ssm:GetParameters.',
  ],
  [
    /^secretsmanager:(describesecret|list\w*|get(?!secretvalue)\w*|batchgetsecretvalue)$/,
    'never-needed',
    'is not called: ECS reads secrets with secretsmanager:GetSecretValue alone.',
    'Take it out.',
  ],
  [/^kms:/, 'never-needed', 'is not called: reading needs kms:Decrypt alone.', 'Take it out.'],
]

/** Why an action that AWS has does not belong on an execution role; undefined when it does. */
export function misplaced(lowerAction: string): Verdict | undefined {
  if (EVERY_TASK.includes(lowerAction)) return undefined
  const feature = BY_FEATURE[lowerAction]
  if (feature) {
    return {
      id: 'rarely-needed',
      reason: `serves only ${feature}.`,
      remedy: 'Keep it if a task definition has that; --task-definition FILE tells.',
    }
  }
  for (const [pattern, id, reason, remedy] of MISTAKES) if (pattern.test(lowerAction)) return { id, reason, remedy }
  return {
    id: 'application-permission',
    reason:
      'is nothing that ECS calls. Containers cannot use the execution role: what the application calls belongs to the task role.',
    remedy: 'Move it to the task role.',
  }
}

/** Whether the action takes part in starting every task that pulls from ECR or logs to CloudWatch. */
export function isCore(lowerAction: string): boolean {
  return EVERY_TASK.includes(lowerAction)
}

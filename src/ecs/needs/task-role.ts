import { partitionOfRegion } from '../../iam/arn.ts'
import { imageUses } from './ecr.ts'
import type { Feature, Need, Setting, StepId } from '../need.ts'
import { unknownPart } from '../need.ts'
import type { TaskDefinition } from '../task-definition.ts'

/**
 * What the task definition shows that the *task role* needs: the containers' own calls, ECS Exec, EFS and where FireLens sends logs.
 * What the application itself calls no task definition says.
 */
export function taskRoleNeeds(task: TaskDefinition, setting: Setting): readonly Need[] {
  return [
    ...execNeeds(task, setting),
    ...efsNeeds(task, setting),
    ...outputNeeds(task, setting),
    ...sidecarNeeds(task, setting),
  ]
}

type Grant = { readonly action: string; readonly resource: string; readonly grants?: readonly string[] }

type Purpose = {
  readonly feature: Feature
  readonly step: StepId
  readonly endpoint: string
  readonly why: string
  readonly containers: readonly string[]
}

function needsFor(grants: readonly Grant[], purpose: Purpose, setting: Setting): readonly Need[] {
  return grants.map(({ action, resource, grants: written }) => ({
    ...purpose,
    actor: 'task-role',
    action,
    resource,
    grants: written ?? [resource],
    account: setting.account,
    region: setting.region,
    certainty: 'documented',
  }))
}

function execNeeds(task: TaskDefinition, setting: Setting): readonly Need[] {
  if (setting.facts.enableExecuteCommand !== true) return []
  const actions = ['CreateControlChannel', 'CreateDataChannel', 'OpenControlChannel', 'OpenDataChannel']
  const containers = task.containers.map((container) => container.name)
  const grants = actions.map((action) => ({ action: `ssmmessages:${action}`, resource: '*' }))
  const why = 'let ECS Exec open a session in the containers'
  return needsFor(grants, { feature: 'ecs-exec', step: 'start', endpoint: 'ssmmessages', why, containers }, setting)
}

function efsNeeds(task: TaskDefinition, setting: Setting): readonly Need[] {
  return task.volumes.flatMap((volume) => {
    if (!volume.efs?.iam) return []
    const resource = `arn:${setting.partition}:elasticfilesystem:${setting.region}:${setting.account}:file-system/${volume.efs.fileSystemId}`
    const grants = ['ClientMount', 'ClientWrite'].map((action) => ({ action: `elasticfilesystem:${action}`, resource }))
    const why = `mount the EFS volume ${volume.name} with IAM`
    return needsFor(
      grants,
      { feature: 'efs', step: 'volumes', endpoint: 'elasticfilesystem', why, containers: [] },
      setting,
    )
  })
}

/** Where each container's FireLens options send logs: the plugins of AWS for Fluent Bit and their calls. */
function outputNeeds(task: TaskDefinition, setting: Setting): readonly Need[] {
  return task.containers.flatMap(({ name, logging }) => {
    if (logging?.driver !== 'awsfirelens') return []
    const options = Object.fromEntries(
      Object.entries(logging.options).map(([key, value]) => [key.toLowerCase(), value]),
    )
    const region = options['region'] ?? setting.region
    const grants = outputGrants(options, region, setting.account)
    const why = `let FireLens send the logs of ${name} to ${options['name'] ?? options['@type'] ?? 'their destination'}`
    const purpose: Purpose = { feature: 'firelens-output', step: 'runtime-logs', endpoint: '', why, containers: [name] }
    return needsFor(grants, purpose, setting).map((need) => ({
      ...need,
      region,
      endpoint: need.action.split(':')[0] ?? '',
    }))
  })
}

function outputGrants(options: Readonly<Record<string, string>>, region: string, account: string): readonly Grant[] {
  const partition = partitionOfRegion(region)
  const arn = (service: string, resource: string) => `arn:${partition}:${service}:${region}:${account}:${resource}`
  const value = (...names: readonly string[]) =>
    names.map((name) => options[name]).find(Boolean) ?? unknownPart(names[0] ?? '')
  switch (options['name'] ?? options['@type']) {
    case 'firehose':
    case 'kinesis_firehose':
      return [
        {
          action: 'firehose:PutRecordBatch',
          resource: arn('firehose', `deliverystream/${value('delivery_stream', 'delivery_stream_name')}`),
        },
      ]
    case 'kinesis':
    case 'kinesis_streams':
      return [{ action: 'kinesis:PutRecords', resource: arn('kinesis', `stream/${value('stream', 'stream_name')}`) }]
    case 'cloudwatch':
    case 'cloudwatch_logs': {
      const resource = `${arn('logs', `log-group:${value('log_group_name')}`)}:*`
      const create = options['auto_create_group'] === 'true' ? ['logs:CreateLogGroup'] : []
      return [...create, 'logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'].map((action) => ({
        action,
        resource,
      }))
    }
    case 's3':
      return [{ action: 's3:PutObject', resource: `arn:${partition}:s3:::${value('bucket')}/*` }]
    default:
      return []
  }
}

const SIDECARS: readonly { readonly image: RegExp; readonly actions: readonly string[]; readonly why: string }[] = [
  {
    image: /(^|\/)(aws-)?xray-daemon$/,
    actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords', 'xray:GetSamplingRules', 'xray:GetSamplingTargets'],
    why: 'let the X-Ray daemon send traces',
  },
  {
    image: /(^|\/)aws-appmesh-envoy$/,
    actions: ['appmesh:StreamAggregatedResources'],
    why: 'let Envoy read its App Mesh configuration',
  },
  {
    image: /(^|\/)cloudwatch-agent$/,
    actions: ['cloudwatch:PutMetricData'],
    why: 'let the CloudWatch agent send metrics',
  },
]

function sidecarNeeds(task: TaskDefinition, setting: Setting): readonly Need[] {
  return imageUses(task).flatMap(({ image, containers }) => {
    const sidecar = SIDECARS.find((candidate) => candidate.image.test(image.repository))
    if (!sidecar) return []
    const grants = sidecar.actions.map((action) => ({ action, resource: '*' }))
    return needsFor(grants, { feature: 'sidecar', step: 'start', endpoint: '', why: sidecar.why, containers }, setting)
  })
}

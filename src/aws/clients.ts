import type { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs'
import type { EC2 } from '@aws-sdk/client-ec2'
import type { ECR } from '@aws-sdk/client-ecr'
import type { ECS } from '@aws-sdk/client-ecs'
import type { IAM } from '@aws-sdk/client-iam'
import type { KMS } from '@aws-sdk/client-kms'
import type { Organizations } from '@aws-sdk/client-organizations'
import type { S3 } from '@aws-sdk/client-s3'
import type { SecretsManager } from '@aws-sdk/client-secrets-manager'
import type { SSM } from '@aws-sdk/client-ssm'
import type { STS } from '@aws-sdk/client-sts'

/** How AWS is reached. Everything left out is found as every AWS tool finds it: environment, shared files, container or instance role. */
export type AwsOptions = {
  readonly region?: string | undefined
  readonly profile?: string | undefined
  /** One endpoint for all services, for tests and emulators; `AWS_ENDPOINT_URL` does the same. */
  readonly endpoint?: string | undefined
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** Tries of a call that is throttled or fails on the way; 6 when left out. */
  readonly maxAttempts?: number
}

/** The clients of one account. Each SDK package is loaded when its client is first asked for; a client is made once a region. */
export type Aws = {
  readonly options: AwsOptions
  readonly iam: () => Promise<IAM>
  readonly sts: () => Promise<STS>
  readonly organizations: () => Promise<Organizations>
  readonly ecs: (region?: string) => Promise<ECS>
  readonly ecr: (region?: string) => Promise<ECR>
  readonly logs: (region?: string) => Promise<CloudWatchLogs>
  readonly secrets: (region?: string) => Promise<SecretsManager>
  readonly ssm: (region?: string) => Promise<SSM>
  readonly kms: (region?: string) => Promise<KMS>
  readonly ec2: (region?: string) => Promise<EC2>
  readonly s3: (region?: string) => Promise<S3>
}

export function openAws(options: AwsOptions = {}): Aws {
  const config = (region: string | undefined) => ({
    maxAttempts: options.maxAttempts ?? 6,
    ...(region === undefined ? {} : { region }),
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
  })
  const made = new Map<string, Promise<unknown>>()
  const once = <Client>(service: string, region: string | undefined, make: () => Promise<Client>): Promise<Client> => {
    const key = `${service} ${region}`
    const known = made.get(key) as Promise<Client> | undefined
    if (known) return known
    const client = make()
    made.set(key, client)
    return client
  }
  const regional =
    <Client>(service: string, make: (settings: ReturnType<typeof config>) => Promise<Client>) =>
    (region: string | undefined = options.region) =>
      once(service, region, () => make(config(region)))
  // The region of a global service only picks the partition's endpoint, so that one must be found even where nobody configured it.
  const global =
    <Client extends { readonly config: { readonly region: () => Promise<string> } }>(
      service: string,
      make: (settings: ReturnType<typeof config>) => Promise<Client>,
    ) =>
    () =>
      once(service, undefined, async () => {
        const client = await make(config(options.region))
        const known = await client.config.region().then(Boolean, () => false)
        return known ? client : make(config('us-east-1'))
      })
  return {
    options,
    iam: global('iam', async (settings) => new (await import('@aws-sdk/client-iam')).IAM(settings)),
    sts: global('sts', async (settings) => new (await import('@aws-sdk/client-sts')).STS(settings)),
    organizations: global(
      'organizations',
      async (settings) => new (await import('@aws-sdk/client-organizations')).Organizations(settings),
    ),
    ecs: regional('ecs', async (settings) => new (await import('@aws-sdk/client-ecs')).ECS(settings)),
    ecr: regional('ecr', async (settings) => new (await import('@aws-sdk/client-ecr')).ECR(settings)),
    logs: regional(
      'logs',
      async (settings) => new (await import('@aws-sdk/client-cloudwatch-logs')).CloudWatchLogs(settings),
    ),
    secrets: regional(
      'secrets',
      async (settings) => new (await import('@aws-sdk/client-secrets-manager')).SecretsManager(settings),
    ),
    ssm: regional('ssm', async (settings) => new (await import('@aws-sdk/client-ssm')).SSM(settings)),
    kms: regional('kms', async (settings) => new (await import('@aws-sdk/client-kms')).KMS(settings)),
    ec2: regional('ec2', async (settings) => new (await import('@aws-sdk/client-ec2')).EC2(settings)),
    s3: regional(
      's3',
      async (settings) =>
        new (await import('@aws-sdk/client-s3')).S3({
          ...settings,
          // A bucket's region need not be the task's.
          followRegionRedirects: true,
          forcePathStyle: options.endpoint !== undefined,
        }),
    ),
  }
}

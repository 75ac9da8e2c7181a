import { type DocumentProblem, Fields, isRecord, parseDocument, problemsError } from './document.ts'

export type TaskDefinition = {
  readonly family?: string
  /** Present in DescribeTaskDefinition's answer; it tells account and region. */
  readonly taskDefinitionArn?: string
  readonly executionRoleArn?: string
  readonly taskRoleArn?: string
  readonly networkMode?: string
  readonly requiresCompatibilities: readonly string[]
  readonly runtimePlatform: { readonly cpuArchitecture?: string; readonly operatingSystemFamily?: string }
  readonly containers: readonly ContainerDefinition[]
  readonly volumes: readonly Volume[]
}

export type ContainerDefinition = {
  readonly name: string
  readonly image: string
  readonly essential: boolean
  readonly logging?: {
    readonly driver: string
    readonly options: Readonly<Record<string, string>>
    readonly secrets: readonly NamedSecret[]
  }
  readonly secrets: readonly NamedSecret[]
  readonly environmentFiles: readonly string[]
  /** `repositoryCredentials.credentialsParameter`. */
  readonly credentialsParameter?: string
  readonly credentialSpecs: readonly string[]
  readonly firelens?: { readonly type: string; readonly options: Readonly<Record<string, string>> }
}

export type NamedSecret = { readonly name: string; readonly valueFrom: string }

export type Volume = {
  readonly name: string
  readonly efs?: { readonly fileSystemId: string; readonly iam: boolean; readonly accessPointId?: string }
  readonly fsx?: { readonly fileSystemId: string; readonly credentialsParameter: string }
}

/** Reads a task definition from JSON text; `what` names the file in errors. */
export function parseTaskDefinition(text: string, what: string): TaskDefinition {
  const json = parseDocument(text, what)
  const { taskDefinition, problems } = readTaskDefinition(json.value)
  if (!taskDefinition) throw problemsError(problems, what, json)
  return taskDefinition
}

/** The same for a value that is parsed already. */
export function asTaskDefinition(value: unknown, what: string): TaskDefinition {
  const { taskDefinition, problems } = readTaskDefinition(value)
  if (!taskDefinition) throw problemsError(problems, what)
  return taskDefinition
}

type Read = { readonly taskDefinition?: TaskDefinition; readonly problems: readonly DocumentProblem[] }

/**
 * Reads what RegisterTaskDefinition takes, what DescribeTaskDefinition answers (`{taskDefinition}`), a CloudFormation resource
 * (`{Type, Properties}`) or its properties in PascalCase. Lenient to fields it does not know, strict to what it reads.
 */
function readTaskDefinition(value: unknown): Read {
  const problems: DocumentProblem[] = []
  const root = rootOf(value)
  if (!root) {
    return {
      problems: [{ path: [], message: 'is not a task definition: it must be a JSON object with containerDefinitions' }],
    }
  }
  const fields = new Fields(root.value, root.path, problems)
  const containers = fields.objects('containerDefinitions').map(readContainer)
  if (problems.length === 0 && containers.length === 0) {
    const message = fields.has('containerDefinitions')
      ? 'containerDefinitions is empty: a task definition has at least one container'
      : 'is not a task definition: containerDefinitions is missing'
    problems.push({ path: root.path, message })
  }
  const names = new Set<string>()
  containers.forEach((container, index) => {
    if (names.has(container.name)) {
      const path = [...root.path, 'containerDefinitions', index]
      problems.push({ path, message: `two containers are named "${container.name}": give each its own name` })
    }
    names.add(container.name)
  })
  const platform = fields.object('runtimePlatform')
  const taskDefinition: TaskDefinition = {
    ...texts(fields, ['family', 'taskDefinitionArn', 'executionRoleArn', 'taskRoleArn', 'networkMode']),
    requiresCompatibilities: fields.texts('requiresCompatibilities').map((name) => name.toUpperCase()),
    runtimePlatform: platform ? texts(platform, ['cpuArchitecture', 'operatingSystemFamily']) : {},
    containers,
    volumes: fields.objects('volumes').map(readVolume),
  }
  return problems.length > 0 ? { problems } : { taskDefinition, problems }
}

function rootOf(value: unknown): { value: Readonly<Record<string, unknown>>; path: string[] } | undefined {
  if (!isRecord(value)) return undefined
  for (const key of ['taskDefinition', 'TaskDefinition', 'Properties']) {
    const inner = value[key]
    if (isRecord(inner)) return { value: inner, path: [key] }
  }
  return { value, path: [] }
}

/** The named texts that are present, as an object without the absent ones. */
function texts<Name extends string>(fields: Fields, names: readonly Name[]): { readonly [Key in Name]?: string } {
  const found: { [Key in Name]?: string } = {}
  for (const name of names) {
    const value = fields.text(name)
    if (value !== undefined) found[name] = value
  }
  return found
}

function readContainer(fields: Fields): ContainerDefinition {
  const image = fields.text('image')
  const name = fields.text('name')
  if (name === undefined) fields.say('name', 'is missing: name the container')
  if (image === undefined) fields.say('image', 'is missing: every container names its image')
  const log = fields.object('logConfiguration')
  const driver = log?.text('logDriver')
  if (log && driver === undefined) log.say('logDriver', 'is missing: name the log driver, such as awslogs')
  const firelens = fields.object('firelensConfiguration')
  const credentials = fields.object('repositoryCredentials')?.text('credentialsParameter')
  return {
    name: name ?? '',
    image: image ?? '',
    essential: fields.boolean('essential') ?? true,
    ...(log && driver !== undefined
      ? { logging: { driver, options: log.map('options'), secrets: readSecrets(log, 'secretOptions') } }
      : {}),
    secrets: readSecrets(fields, 'secrets'),
    environmentFiles: fields.objects('environmentFiles').flatMap(readEnvironmentFile),
    ...(credentials === undefined ? {} : { credentialsParameter: credentials }),
    credentialSpecs: [...fields.texts('credentialSpecs'), ...fields.texts('dockerSecurityOptions')].filter((text) =>
      /^credentialspec(domainless)?:/.test(text),
    ),
    ...(firelens ? { firelens: { type: firelens.text('type') ?? '', options: firelens.map('options') } } : {}),
  }
}

function readSecrets(fields: Fields, member: string): readonly NamedSecret[] {
  return fields.objects(member).flatMap((secret) => {
    const name = secret.text('name')
    const valueFrom = secret.text('valueFrom')
    if (valueFrom !== undefined) return [{ name: name ?? '', valueFrom }]
    // An entry of a skeleton that nobody filled in.
    if (name !== undefined) secret.say('valueFrom', `is missing for "${name}": give the ARN of the secret or parameter`)
    return []
  })
}

function readEnvironmentFile(fields: Fields): readonly string[] {
  const value = fields.text('value')
  if (value === undefined) return []
  if (!/^(?:arn:[^:]+:s3:::[^/]+\/.+|⟨)/.test(value)) {
    fields.say('value', `must be the ARN of an S3 object (arn:aws:s3:::BUCKET/KEY), not "${value.slice(0, 120)}"`)
  }
  return [value]
}

function readVolume(fields: Fields): Volume {
  const efs = fields.object('efsVolumeConfiguration') ?? fields.object('eFSVolumeConfiguration')
  const efsAuthorization = efs?.object('authorizationConfig')
  const accessPointId = efsAuthorization?.text('accessPointId')
  const fsx =
    fields.object('fsxWindowsFileServerVolumeConfiguration') ?? fields.object('fSxWindowsFileServerVolumeConfiguration')
  const parameter = fsx?.object('authorizationConfig')?.text('credentialsParameter')
  return {
    name: fields.text('name') ?? '',
    ...(efs
      ? {
          efs: {
            fileSystemId: efs.text('fileSystemId') ?? efs.text('filesystemId') ?? '',
            iam: (efsAuthorization?.text('iam') ?? efsAuthorization?.text('iAM') ?? '').toUpperCase() === 'ENABLED',
            ...(accessPointId === undefined ? {} : { accessPointId }),
          },
        }
      : {}),
    ...(fsx && parameter !== undefined
      ? { fsx: { fileSystemId: fsx.text('fileSystemId') ?? '', credentialsParameter: parameter } }
      : {}),
  }
}

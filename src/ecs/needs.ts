import {
  type CredentialSpecUse,
  credentialSpecFile,
  credentialSpecUses,
  environmentFileUses,
  fileNeeds,
  firelensConfigUse,
} from './needs/files.ts'
import { ecrUses, guardDutyNeeds, pullNeed, pullThroughNeeds, tokenNeeds } from './needs/ecr.ts'
import { logNeeds, logUses } from './needs/logs.ts'
import { parameterNeeds, type SecretUse, secretNeeds, secretUses } from './needs/secrets.ts'
import { taskRoleNeeds } from './needs/task-role.ts'
import { mergeNeeds, type Need, type Setting } from './need.ts'
import type { ContainerDefinition, TaskDefinition, Volume } from './task-definition.ts'

/** Every call that somebody must be allowed so that the task starts and keeps running, in the order of the launch. */
export function needsOf(task: TaskDefinition, setting: Setting): readonly Need[] {
  return mergeNeeds([
    ...task.containers.flatMap((container) => registryNeeds(container, setting)),
    ...secretUses(task).flatMap((use) => secretUseNeeds(use, setting)),
    ...tokenNeeds(task, setting),
    ...environmentFileUses(task).flatMap((use) => fileNeeds(use, setting)),
    ...task.containers.flatMap((container) => firelensNeeds(container, setting)),
    ...credentialSpecUses(task).flatMap((use) => credentialSpecNeeds(use, setting)),
    ...task.volumes.flatMap((volume) => fsxNeeds(volume, setting)),
    ...ecrUses(task).flatMap(({ ecr, containers }) => [
      ...pullThroughNeeds(ecr, setting, containers),
      pullNeed('manifest', ecr, setting, containers),
      pullNeed('layers', ecr, setting, containers),
    ]),
    ...guardDutyNeeds(setting),
    ...logUses(task).flatMap((use) => logNeeds(use, setting)),
    ...taskRoleNeeds(task, setting),
  ])
}

/** The credentials of a private registry other than ECR's. */
export function registryNeeds(container: ContainerDefinition, setting: Setting): readonly Need[] {
  const parameter = container.credentialsParameter
  if (parameter === undefined) return []
  const why = `read the registry credentials of ${container.name}`
  const purpose = { step: 'registry-auth', feature: 'registry-credentials', why, containers: [container.name] } as const
  return secretNeeds(parameter, purpose, setting)
}

export function secretUseNeeds(use: SecretUse, setting: Setting): readonly Need[] {
  const what =
    use.usedBy === 'container' ? `${use.name} of ${use.container}` : `the log option ${use.name} of ${use.container}`
  const purpose = { step: 'secrets', why: `read ${what}`, containers: [use.container] } as const
  if (use.reference.kind === 'secret') return secretNeeds(use.reference.id, { ...purpose, feature: 'secret' }, setting)
  if (use.reference.kind === 'parameter')
    return parameterNeeds(use.reference.id, { ...purpose, feature: 'parameter' }, setting)
  return []
}

export function firelensNeeds(container: ContainerDefinition, setting: Setting): readonly Need[] {
  const use = firelensConfigUse(container)
  return use ? fileNeeds(use, setting) : []
}

/** The spec itself; what secret a domainless spec names stands inside the spec, which only its reader knows. */
export function credentialSpecNeeds(use: CredentialSpecUse, setting: Setting): readonly Need[] {
  const purpose = {
    step: 'credential-specs',
    why: `read the credential spec of ${use.container}`,
    containers: [use.container],
  } as const
  if (use.store === 'ssm') return parameterNeeds(use.arn, { ...purpose, feature: 'credential-spec' }, setting)
  return use.store === 's3' ? fileNeeds(credentialSpecFile(use), setting) : []
}

/** Credentials for an FSx for Windows file share, and the lookup of the file system. */
export function fsxNeeds(volume: Volume, setting: Setting): readonly Need[] {
  if (!volume.fsx) return []
  const { credentialsParameter, fileSystemId } = volume.fsx
  const purpose = {
    step: 'volumes',
    feature: 'fsx',
    why: `read the credentials of the FSx volume ${volume.name}`,
    containers: [],
  } as const
  const credentials = credentialsParameter.includes(':ssm:')
    ? parameterNeeds(credentialsParameter, purpose, setting)
    : secretNeeds(credentialsParameter, purpose, setting)
  return [
    ...credentials,
    {
      ...purpose,
      actor: 'execution-role',
      action: 'fsx:DescribeFileSystems',
      resource: '*',
      grants: ['*'],
      account: setting.account,
      region: setting.region,
      endpoint: 'fsx',
      why: `find the FSx file system ${fileSystemId}`,
      certainty: 'observed',
    },
  ]
}

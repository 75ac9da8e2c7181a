import { describe, expect, test } from 'bun:test'
import { asTaskDefinition, parseTaskDefinition } from './task-definition.ts'

const container = { name: 'app', image: 'nginx' }

describe('a task definition', () => {
  const camel = {
    family: 'f',
    executionRoleArn: 'arn:aws:iam::111122223333:role/r',
    requiresCompatibilities: ['fargate'],
    containerDefinitions: [
      {
        ...container,
        logConfiguration: {
          logDriver: 'awslogs',
          options: { 'awslogs-group': 'g' },
          secretOptions: [{ name: 's', valueFrom: 'v' }],
        },
        secrets: [{ name: 'A', valueFrom: 'b' }],
        environmentFiles: [{ type: 's3', value: 'arn:aws:s3:::b/k' }],
        repositoryCredentials: { credentialsParameter: 'c' },
        firelensConfiguration: { type: 'fluentbit', options: { 'config-file-type': 's3' } },
        dockerSecurityOptions: ['credentialspec:arn:aws:ssm:r:a:parameter/p', 'no-new-privileges'],
        somethingNew: { deep: [1] },
      },
    ],
    volumes: [
      { name: 'e', efsVolumeConfiguration: { fileSystemId: 'fs', authorizationConfig: { iam: 'ENABLED' } } },
      {
        name: 'w',
        fsxWindowsFileServerVolumeConfiguration: {
          fileSystemId: 'fx',
          authorizationConfig: { credentialsParameter: 'p', domain: 'd' },
        },
      },
    ],
  }
  const pascal = {
    Family: 'f',
    ExecutionRoleArn: 'arn:aws:iam::111122223333:role/r',
    RequiresCompatibilities: ['FARGATE'],
    ContainerDefinitions: [
      {
        Name: 'app',
        Image: 'nginx',
        LogConfiguration: {
          LogDriver: 'awslogs',
          Options: { 'awslogs-group': 'g' },
          SecretOptions: [{ Name: 's', ValueFrom: 'v' }],
        },
        Secrets: [{ Name: 'A', ValueFrom: 'b' }],
        EnvironmentFiles: [{ Type: 's3', Value: 'arn:aws:s3:::b/k' }],
        RepositoryCredentials: { CredentialsParameter: 'c' },
        FirelensConfiguration: { Type: 'fluentbit', Options: { 'config-file-type': 's3' } },
        DockerSecurityOptions: ['credentialspec:arn:aws:ssm:r:a:parameter/p', 'no-new-privileges'],
      },
    ],
    Volumes: [
      { Name: 'e', EFSVolumeConfiguration: { FilesystemId: 'fs', AuthorizationConfig: { IAM: 'ENABLED' } } },
      {
        Name: 'w',
        FSxWindowsFileServerVolumeConfiguration: {
          FileSystemId: 'fx',
          AuthorizationConfig: { CredentialsParameter: 'p', Domain: 'd' },
        },
      },
    ],
  }

  test('reads alike as the API writes it and as CloudFormation does', () => {
    const read = asTaskDefinition(camel, 'task')
    expect(read).toMatchSnapshot()
    expect(asTaskDefinition(pascal, 'task')).toEqual(read)
    expect(asTaskDefinition({ Type: 'AWS::ECS::TaskDefinition', Properties: pascal }, 'task')).toEqual(read)
    expect(asTaskDefinition({ taskDefinition: camel, tags: [] }, 'task')).toEqual(read)
    expect(asTaskDefinition({ TaskDefinition: pascal }, 'task')).toEqual(read)
  })

  test('reads a skeleton that was filled in part', () => {
    const skeleton = {
      family: '',
      taskRoleArn: '',
      executionRoleArn: '',
      networkMode: 'awsvpc',
      containerDefinitions: [
        {
          ...container,
          repositoryCredentials: { credentialsParameter: '' },
          environmentFiles: [{ value: '', type: 's3' }],
          secrets: [{ name: '', valueFrom: '' }],
          logConfiguration: {
            logDriver: 'awslogs',
            options: { KeyName: '' },
            secretOptions: [{ name: '', valueFrom: '' }],
          },
          firelensConfiguration: null,
        },
      ],
      volumes: [{ name: '', host: { sourcePath: '' }, efsVolumeConfiguration: null }],
      requiresCompatibilities: ['EC2'],
      runtimePlatform: { cpuArchitecture: '', operatingSystemFamily: '' },
    }
    const read = asTaskDefinition(skeleton, 'task')
    expect([read.executionRoleArn, read.containers[0]?.secrets, read.containers[0]?.environmentFiles]).toEqual([
      undefined,
      [],
      [],
    ])
  })

  test('names every fault with file, line and column', () => {
    const text = '{\n  "containerDefinitions": [\n    {"name": "a"},\n    {"image": "b"}\n  ]\n}'
    try {
      parseTaskDefinition(text, 'td.json')
      throw new Error('nothing was refused')
    } catch (error) {
      expect(String(error)).toContain('td.json:3:5: image is missing: every container names its image')
      expect(error).toMatchObject({
        code: 'invalid_usage',
        details: { findings: [{ place: 'td.json:4:5', message: 'name is missing: name the container' }] },
      })
    }
  })
})

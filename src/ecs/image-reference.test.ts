import { describe, expect, test } from 'bun:test'
import { parseImageReference } from './image-reference.ts'

const A = '111122223333'

describe('an image reference', () => {
  test.each([
    [`${A}.dkr.ecr.us-east-1.amazonaws.com/app:1`, 'ecr', `arn:aws:ecr:us-east-1:${A}:repository/app`, '1'],
    [
      `${A}.dkr.ecr-fips.us-gov-west-1.amazonaws.com/app`,
      'ecr',
      `arn:aws-us-gov:ecr:us-gov-west-1:${A}:repository/app`,
      'latest',
    ],
    [
      `${A}.dkr.ecr.cn-north-1.amazonaws.com.cn/team/app:1`,
      'ecr',
      `arn:aws-cn:ecr:cn-north-1:${A}:repository/team/app`,
      '1',
    ],
    [`${A}.dkr-ecr.eu-west-1.on.aws/app:1`, 'ecr', `arn:aws:ecr:eu-west-1:${A}:repository/app`, '1'],
    [`${A}.dkr-ecr-fips.us-east-1.on.aws/app:1`, 'ecr', `arn:aws:ecr:us-east-1:${A}:repository/app`, '1'],
    [
      `${A}.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn/app:1`,
      'ecr',
      `arn:aws-cn:ecr:cn-north-1:${A}:repository/app`,
      '1',
    ],
    [`${A}.dkr.ecr.us-iso-east-1.c2s.ic.gov/app:1`, 'ecr', `arn:aws-iso:ecr:us-iso-east-1:${A}:repository/app`, '1'],
    [
      `${A}.dkr.ecr.us-isob-east-1.sc2s.sgov.gov/app:1`,
      'ecr',
      `arn:aws-iso-b:ecr:us-isob-east-1:${A}:repository/app`,
      '1',
    ],
    [
      `${A}.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk/app:1`,
      'ecr',
      `arn:aws-iso-e:ecr:eu-isoe-west-1:${A}:repository/app`,
      '1',
    ],
    [
      `${A}.dkr.ecr.us-isof-south-1.csp.hci.ic.gov/app:1`,
      'ecr',
      `arn:aws-iso-f:ecr:us-isof-south-1:${A}:repository/app`,
      '1',
    ],
    [
      `${A}.dkr.ecr.eusc-de-east-1.amazonaws.eu/app:1`,
      'ecr',
      `arn:aws-eusc:ecr:eusc-de-east-1:${A}:repository/app`,
      '1',
    ],
    [
      `${A}.dkr.ecr.us-east-1.amazonaws.com/a.b_c-d/e__f@sha256:${'a'.repeat(64)}`,
      'ecr',
      `arn:aws:ecr:us-east-1:${A}:repository/a.b_c-d/e__f`,
      undefined,
    ],
    ['public.ecr.aws/nginx/nginx:1', 'ecr-public', undefined, '1'],
    ['nginx', 'docker-hub', undefined, 'latest'],
    ['bitnami/redis:7', 'docker-hub', undefined, '7'],
    ['docker.io/library/nginx', 'docker-hub', undefined, 'latest'],
    ['localhost:5000/app:1', 'other', undefined, '1'],
    ['ghcr.io/a/b/c:1', 'other', undefined, '1'],
    ['registry.example.com:8443/app', 'other', undefined, 'latest'],
  ] as const)('%s', (text, registry, arn, tag) => {
    const image = parseImageReference(text)
    if ('problem' in image) throw new Error(image.problem)
    expect([image.registry, image.ecr?.arn, image.tag]).toEqual([registry, arn, tag])
  })

  test.each([
    ['App:1', 'must be in lower case'],
    ['app:', 'is not a tag'],
    ['', 'no repository name'],
    ['a//b', 'is not a repository name'],
    ['app@sha256:zz', 'is not a digest'],
    [`${A}.dkr.ecr.us-east-1.amazonaws.com/`, 'no repository name'],
    ['1234.dkr.ecr.us-east-1.amazonaws.com/app', 'looks like an ECR registry but is none'],
    [`${A}.dkr.ecr.us-east-1.amazonaws.org/app`, 'looks like an ECR registry but is none'],
    [`app:${'x'.repeat(129)}`, 'is not a tag'],
  ])('%s is none', (text, problem) => {
    const image = parseImageReference(text)
    expect('problem' in image && image.problem).toContain(problem)
  })
})

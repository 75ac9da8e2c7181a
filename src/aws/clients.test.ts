import { afterEach, describe, expect, test } from 'bun:test'
import { openAws } from './clients.ts'

const saved = { ...process.env }
afterEach(() => void (process.env = { ...saved }))

const credentials = { accessKeyId: 'a', secretAccessKey: 'b' }

describe('the region of a global service', () => {
  test.each([
    ['the option', 'us-gov-west-1', 'eu-west-1', 'us-gov-west-1'],
    ['the environment, which tells the partition', undefined, 'cn-north-1', 'cn-north-1'],
    ['some region, when nobody says one', undefined, undefined, 'us-east-1'],
  ])('is %s', async (_, option, environment, expected) => {
    delete process.env['AWS_REGION']
    delete process.env['AWS_DEFAULT_REGION']
    process.env['AWS_CONFIG_FILE'] = '/nonexistent'
    process.env['AWS_SHARED_CREDENTIALS_FILE'] = '/nonexistent'
    if (environment !== undefined) process.env['AWS_REGION'] = environment
    const iam = await openAws({ region: option, credentials }).iam()
    expect(await iam.config.region()).toBe(expected)
  })
})

test('a client is made once for each region', async () => {
  const aws = openAws({ region: 'eu-west-1', credentials })
  expect(await aws.ecr()).toBe(await aws.ecr('eu-west-1'))
  expect(await aws.ecr('eu-central-1')).not.toBe(await aws.ecr())
})

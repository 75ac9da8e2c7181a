import type { MissingPermission } from '../aws/attempt.ts'
import { type Aws, openAws } from '../aws/clients.ts'
import { AppError } from '../errors.ts'
import type { Input, Option } from './command.ts'

/** How every command that speaks to AWS is told where; credentials come from where every AWS tool takes them. */
export const AWS_OPTIONS: Readonly<Record<string, Option>> = {
  region: { about: 'the AWS region; else AWS_REGION or the profile says it', value: 'REGION' },
  profile: { about: 'the profile of the AWS configuration; else AWS_PROFILE', value: 'NAME' },
  'endpoint-url': { about: 'one endpoint for all AWS services, for emulators', value: 'URL' },
}

/** The clients that the options lead to; `region` is taken when no option says one. */
export function awsFrom(input: Input, region?: string): Aws {
  const endpoint = input.text('endpoint-url')
  if (endpoint !== undefined && !/^https?:\/\/[^/]+/.test(endpoint)) {
    throw new AppError('invalid_usage', `--endpoint-url ${endpoint}: write a URL such as http://localhost:5000.`)
  }
  return openAws({ region: input.text('region') ?? region, profile: input.text('profile'), endpoint })
}

/** The permissions that the caller lacks, as text: what to allow, and AWS's own words. */
export function missingText(missing: readonly MissingPermission[]): string {
  if (missing.length === 0) return ''
  const lines = missing.map(({ action, resource, message }) => `  ${action} on ${resource}\n    ${message}`)
  return `${['You lack these permissions:', ...lines].join('\n')}\n`
}

/** `--tag KEY=VALUE` options as an object. */
export function tagsFromOptions(input: Input): Readonly<Record<string, string>> {
  return Object.fromEntries(
    input.list('tag').map((pair) => {
      const equals = pair.indexOf('=')
      if (equals > 0) return [pair.slice(0, equals), pair.slice(equals + 1)]
      throw new AppError('invalid_usage', `--tag ${pair}: write KEY=VALUE.`, { field: '--tag' })
    }),
  )
}

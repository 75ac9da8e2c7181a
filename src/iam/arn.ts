/** An Amazon Resource Name in its six parts; `resource` keeps every further colon. */
export type Arn = {
  readonly partition: string
  readonly service: string
  readonly region: string
  readonly account: string
  readonly resource: string
}

/** Every partition that AWS names in ARNs. */
export const PARTITIONS = [
  'aws',
  'aws-cn',
  'aws-us-gov',
  'aws-iso',
  'aws-iso-b',
  'aws-iso-e',
  'aws-iso-f',
  'aws-eusc',
] as const

/** The six parts, or undefined when the text has fewer or does not begin with `arn:`. Wildcards stay as they are. */
export function parseArn(text: string): Arn | undefined {
  if (!text.startsWith('arn:')) return undefined
  const [, partition = '', service = '', region = '', account, ...resource] = text.split(':')
  if (account === undefined || resource.length === 0) return undefined
  return { partition, service, region, account, resource: resource.join(':') }
}

/** The partition that a region belongs to, by its prefix; `aws` for all others. */
export function partitionOfRegion(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn'
  if (region.startsWith('us-gov-')) return 'aws-us-gov'
  if (region.startsWith('us-isob-')) return 'aws-iso-b'
  if (region.startsWith('us-isof-')) return 'aws-iso-f'
  if (region.startsWith('us-iso-')) return 'aws-iso'
  if (region.startsWith('eu-isoe-')) return 'aws-iso-e'
  if (region.startsWith('eusc-')) return 'aws-eusc'
  return 'aws'
}

/** Who a request comes from, read from its principal. */
export type Principal =
  | { readonly kind: 'service'; readonly name: string }
  | {
      readonly kind: 'session'
      readonly arn: string
      readonly partition: string
      readonly account: string
      readonly roleName: string
    }
  | { readonly kind: 'role' | 'user' | 'root' | 'other'; readonly arn: string; readonly account: string }

let last: { readonly text: string; readonly principal: Principal } | undefined

/** Reads a principal. One role asks for many things in a row, so the last answer is kept. */
export function parsePrincipal(text: string): Principal {
  if (last?.text !== text) last = { text, principal: readPrincipal(text) }
  return last.principal
}

function readPrincipal(text: string): Principal {
  const arn = parseArn(text)
  if (!arn) {
    if (/^[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|amazon\.com)$/.test(text)) return { kind: 'service', name: text }
    return { kind: /^\d{12}$/.test(text) ? 'root' : 'other', arn: text, account: /^\d{12}$/.test(text) ? text : '' }
  }
  const { account, partition, resource } = arn
  if (arn.service === 'sts' && resource.startsWith('assumed-role/')) {
    return { kind: 'session', arn: text, partition, account, roleName: resource.split('/')[1] ?? '' }
  }
  if (arn.service !== 'iam') return { kind: 'other', arn: text, account }
  const kind =
    resource === 'root'
      ? 'root'
      : resource.startsWith('role/')
        ? 'role'
        : resource.startsWith('user/')
          ? 'user'
          : 'other'
  return { kind, arn: text, account }
}

/** The last segment of a role's ARN, or the text itself when it is a bare name. The role's path is not part of its name. */
export function roleNameOf(arnOrName: string): string {
  return arnOrName.slice(arnOrName.lastIndexOf('/') + 1)
}

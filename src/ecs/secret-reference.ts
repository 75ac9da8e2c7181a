import { parseArn } from '../iam/arn.ts'

/** What a container's `valueFrom` (or a credentials parameter) points at, as the ECS agent reads it. */
export type SecretReference =
  | {
      readonly kind: 'secret'
      /** The ARN that the agent asks for, without JSON key, stage and version; for a bare name the name. */
      readonly id: string
      readonly jsonKey?: string
      readonly versionStage?: string
      readonly versionId?: string
    }
  | { readonly kind: 'parameter'; readonly id: string }
  /** A text whose beginning only the deployment knows. */
  | { readonly kind: 'unresolved'; readonly id: string }
  | { readonly kind: 'invalid'; readonly id: string; readonly problem: 'secret-arn' | 'parameter-name' }

/** Letters, digits and `_.-/`; parts that only the deployment knows count as such. */
const PARAMETER_NAME = /^(?:[A-Za-z0-9_.\-/]|⟨[^⟩]*⟩)+$/

/**
 * Reads `valueFrom`: an ARN of Secrets Manager (with `:json-key:stage:version` or without), an ARN of a parameter, or a parameter's name.
 * A secret cannot be named here without its ARN; ECS takes any bare name for a parameter.
 */
export function parseValueFrom(text: string): SecretReference {
  const arn = parseArn(text)
  if (!arn) {
    if (text.startsWith('⟨')) return { kind: 'unresolved', id: text }
    return PARAMETER_NAME.test(text)
      ? { kind: 'parameter', id: text }
      : { kind: 'invalid', id: text, problem: 'parameter-name' }
  }
  if (arn.service === 'ssm') return { kind: 'parameter', id: text }
  if (arn.service !== 'secretsmanager') return { kind: 'invalid', id: text, problem: 'parameter-name' }
  const [type, name = '', ...rest] = arn.resource.split(':')
  // The agent takes secret:NAME or secret:NAME:KEY:STAGE:VERSION and no other number of colons.
  if (type !== 'secret' || name === '' || (rest.length !== 0 && rest.length !== 3)) {
    return { kind: 'invalid', id: text, problem: 'secret-arn' }
  }
  const [jsonKey, versionStage, versionId] = rest
  return {
    kind: 'secret',
    id: `arn:${arn.partition}:secretsmanager:${arn.region}:${arn.account}:secret:${name}`,
    ...(jsonKey ? { jsonKey } : {}),
    ...(versionStage ? { versionStage } : {}),
    ...(versionId ? { versionId } : {}),
  }
}

/** Whether a secret's ARN ends in the six characters that Secrets Manager adds to the name. */
export function hasSecretSuffix(arn: string): boolean {
  return /-[A-Za-z0-9]{6}$/.test(arn)
}

/** The ARN of a parameter: hierarchical names lose their leading slash. */
export function parameterArn(place: { partition: string; region: string; account: string }, name: string): string {
  return `arn:${place.partition}:ssm:${place.region}:${place.account}:parameter/${name.replace(/^\/+/, '')}`
}

/** The name behind a parameter's ARN, with the slash that hierarchical names carry. */
export function parameterNameOf(arn: string): string {
  const path = arn.slice(arn.indexOf(':parameter/') + ':parameter/'.length)
  return path.includes('/') ? `/${path}` : path
}

/** The secret that a parameter `/aws/reference/secretsmanager/NAME` stands for, or undefined for other parameters. */
export function referencedSecretOf(arn: string): string | undefined {
  const [, name] = /:parameter\/aws\/reference\/secretsmanager\/(.+)$/.exec(arn) ?? []
  return name
}

import type { Layer } from './evaluate.ts'

const NAMES: Readonly<Record<Layer, string>> = {
  identity: 'identity-based policy',
  resource: 'resource-based policy',
  boundary: 'permissions boundary',
  session: 'session policy',
  scp: 'service control policy',
  rcp: 'resource control policy',
  vpce: 'VPC endpoint policy',
}

type Denial = {
  /** `Deny` for an explicit deny in the layer, `Allow` for an allow that the layer lacks. */
  readonly effect: 'Allow' | 'Deny'
  readonly layer: Layer
  readonly action: string
  readonly trust: boolean
}

/** The reason that ends AWS's access-denied messages (IAM user guide, "Troubleshoot access denied error messages"). */
export function denialTail({ effect, layer, action, trust }: Denial): string {
  const name = trust && layer === 'resource' ? 'role trust policy' : NAMES[layer]
  if (effect === 'Allow') return `because no ${name} allows the ${action} action`
  return `with an explicit deny in ${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`
}

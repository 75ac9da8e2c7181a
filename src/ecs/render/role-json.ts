import type { DerivedRole } from '../derive.ts'

/** The role as `role preflight --role`, `role lint` and `role apply` read it. */
export function renderJson(role: DerivedRole): string {
  const { roleName, roleArn, trustPolicy, policies, reasons } = role
  return `${JSON.stringify({ roleName, roleArn, trustPolicy, policies, reasons }, null, 2)}\n`
}

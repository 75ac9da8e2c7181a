import { RESOURCE_CONTROL_SERVICES } from './generated/resource-control.ts'

/** Whether resource control policies govern an action's resources; for other services AWS does not apply them at all. */
export function governedByResourceControl(action: string): boolean {
  return RESOURCE_CONTROL_SERVICES.has(action.slice(0, Math.max(0, action.indexOf(':'))).toLowerCase())
}

import type { Place } from '../../lib/json-text.ts'
import type { Facts } from '../facts.ts'
import type { Role } from '../role.ts'
import type { TaskDefinition } from '../task-definition.ts'

/** A task definition that a template or plan holds, with what the same file says of its launch. */
export type FoundTask = {
  /** Logical id or address, as the file names it. */
  readonly name: string
  readonly place: Place | undefined
  /** Why it cannot be looked at, when it cannot. */
  readonly unreadable?: string
  readonly task?: TaskDefinition
  readonly role?: Role
  readonly facts: Facts
}

/** Account and region of the deployment where somebody says them. */
export type Target = { readonly account?: string | undefined; readonly region?: string | undefined }

/** Stand for account and region that nobody says: no account has this id and no region this name. */
export const NO_ACCOUNT = '000000000000'
export const NO_REGION = 'xx-region-1'

/** Text for people: the stand-ins become what they stand for. */
export function withoutStandIns(text: string): string {
  return text.replaceAll(NO_ACCOUNT, '${AWS::AccountId}').replaceAll(NO_REGION, '${AWS::Region}')
}

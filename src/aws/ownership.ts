import type { LiveRole } from './live-role.ts'

/** Marks a role as Portreeve's own; only such roles are changed or deleted. */
export const OWNED_TAG = 'portreeve:managed'

/** Numbered tags that list the policies which Portreeve put on the role: everything else on it belongs to somebody else. */
const RECORD_PREFIX = 'portreeve:policies-'
const TAG_VALUE_LIMIT = 256

export type OwnedPolicies = { readonly inline: readonly string[]; readonly attached: readonly string[] }

export function isOwned(role: LiveRole): boolean {
  return role.tags[OWNED_TAG] === 'true'
}

/** What the tags say of the policies that are Portreeve's. An inline policy stands as its name, an attachment as its ARN. */
export function ownedPolicies(tags: Readonly<Record<string, string>>): OwnedPolicies {
  const entries = Object.entries(tags)
    .filter(([key]) => key.startsWith(RECORD_PREFIX))
    .flatMap(([, value]) => value.split(' ').filter(Boolean))
  return {
    inline: entries.filter((entry) => !entry.startsWith('arn:')),
    attached: entries.filter((entry) => entry.startsWith('arn:')),
  }
}

/** The tags that say it. Values hold as many entries as a tag takes. */
export function ownershipTags({ inline, attached }: OwnedPolicies): Readonly<Record<string, string>> {
  const values: string[] = []
  for (const entry of [...new Set([...inline, ...attached])].toSorted()) {
    const last = values.at(-1)
    if (last !== undefined && last.length + 1 + entry.length <= TAG_VALUE_LIMIT)
      values[values.length - 1] = `${last} ${entry}`
    else values.push(entry)
  }
  return {
    [OWNED_TAG]: 'true',
    ...Object.fromEntries(values.map((value, index) => [`${RECORD_PREFIX}${index + 1}`, value])),
  }
}

/** Tags of the record that are on the role and no longer wanted. */
export function staleTags(
  live: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): readonly string[] {
  return Object.keys(live).filter((key) => key.startsWith(RECORD_PREFIX) && !(key in wanted))
}

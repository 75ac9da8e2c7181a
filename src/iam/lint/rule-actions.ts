import { closest } from '../../lib/closest.ts'
import { parseArn } from '../arn.ts'
import { globsMeet } from '../glob.ts'
import { isTrap } from './rule-resources.ts'
import { asPattern, isUnknown, type LocatedText, quote, type StatementView } from './view.ts'

/** Actions that do not exist, and actions whose resources cannot be those of the statement. */
export function lintActions(view: StatementView): void {
  for (const action of [...view.actions, ...view.notActions]) lintName(view, action)
  if (view.statement.Effect !== 'Allow') return
  lintStars(view)
  if (view.resources.length > 0 && view.statement.Action !== undefined) lintResourceTypes(view)
}

function lintName({ table, say }: StatementView, { text, path }: LocatedText): void {
  if (text === '*' || isUnknown(text)) return
  const [service = '', name, ...more] = text.split(':')
  if (name === undefined || name === '' || more.length > 0 || /\s/.test(text)) {
    return say(
      'malformed-action',
      path,
      `"${text}" is not an action.`,
      'Write it as service:Action, for instance ecr:BatchGetImage.',
    )
  }
  if (/[*?]/.test(service)) {
    return say(
      'malformed-action',
      path,
      `"${text}" has a wildcard in its service: IAM refuses it.`,
      'Name the service, or write "*" alone.',
    )
  }
  if (!table.hasService(service)) {
    const near = closest(service, table.services)
    const remedy = near
      ? `Write ${near}:${name} if that is meant.`
      : 'Look the prefix up in the service authorization reference.'
    return say('unknown-service', path, `AWS has no service "${service}".`, remedy)
  }
  if (table.matching(text).length > 0) return
  const names = table.actionsOf(service).map((action) => action.name)
  const near = /[*?]/.test(name) ? undefined : (closest(name, names) ?? otherNumber(name, names))
  const reason = /[*?]/.test(name)
    ? `No action of ${service} matches "${text}".`
    : `${service} has no action "${name}".`
  const remedy = near
    ? `Write ${service}:${near} if that is meant.`
    : `Take the entry out, or look up the actions of ${service}.`
  say('unknown-action', path, reason, remedy)
}

/** "GetParameter" for "GetParameters" and the like, which are too far apart for a spelling check of short names. */
function otherNumber(name: string, names: readonly string[]): string | undefined {
  const stem = name.toLowerCase().replace(/s$/, '')
  return names.find((candidate) => candidate.toLowerCase().replace(/s$/, '') === stem)
}

function lintStars(view: StatementView): void {
  for (const { text, path } of view.actions) {
    const service = /^([a-z0-9-]+):\*+$/i.exec(text)?.[1]
    if (text !== '*' && !service) continue
    const what = text === '*' ? 'every action of AWS' : `every action of ${service}`
    view.say(
      'action-star',
      path,
      `"${text}" allows ${what}.`,
      'Name the actions that are needed; "portreeve role derive" writes them.',
      text === '*' ? 'error' : 'warning',
    )
  }
  const inverted = [...view.notActions, ...view.notResources][0]
  if (inverted) {
    view.say(
      'not-action-allow',
      inverted.path.slice(0, view.path.length + 1),
      'This allows everything but what it names, also what AWS adds next year.',
      'Name what is allowed with Action and Resource.',
    )
  }
}

function lintResourceTypes(view: StatementView): void {
  const { table, say } = view
  const resources = view.resources.filter(({ text }) => text === '*' || text.startsWith('arn:'))
  if (
    resources.length !== view.resources.length ||
    resources.some(({ text }) => isUnknown(text) && !text.startsWith('arn:'))
  )
    return
  const used = new Set<LocatedText>()
  for (const action of view.actions) {
    const facts = table.matching(action.text)
    if (facts.length === 0) {
      // An unknown action or "*" says nothing of what it needs.
      for (const resource of resources) used.add(resource)
      continue
    }
    const fitting = resources.filter((resource) => facts.some((fact) => fits(resource.text, fact.resourceTypes)))
    for (const resource of fitting) used.add(resource)
    if (fitting.length > 0) continue
    const [first] = facts
    if (!first) continue
    if (facts.every((fact) => fact.resourceTypes.length === 0)) {
      say(
        'wildcard-only-action',
        action.path,
        `${first.service}:${first.name} takes no resource, so with ${quote(
          resources.map(({ text }) => text),
          2,
        )} it is never granted.`,
        'Put it into a statement of its own with "Resource": "*".',
      )
    } else if (!resources.some(({ text }) => isTrap(text))) {
      const types = [...new Set(facts.flatMap((fact) => fact.resourceTypes.map((type) => type.arn)))]
      say(
        'wrong-resource-type',
        action.path,
        `${action.text} acts on ${quote(types, 3)}; ${quote(
          resources.map(({ text }) => text),
          2,
        )} can never be one.`,
        `Give a resource of that form${hintFor(action.text)}.`,
      )
    }
  }
  if (used.size === 0) return
  for (const resource of resources) {
    if (used.has(resource)) continue
    say(
      'unused-resource',
      resource.path,
      `No action of this statement acts on "${resource.text}".`,
      'Take it out, or add the action that it was meant for.',
    )
  }
}

function hintFor(action: string): string {
  if (/^s3:GetObject$/i.test(action)) return ': the bucket’s ARN with /* or the object’s key'
  if (/^s3:(GetBucketLocation|ListBucket)$/i.test(action)) return ': the bucket’s ARN without a slash'
  return ''
}

function fits(resource: string, types: readonly { readonly arn: string }[]): boolean {
  return resource === '*' || types.some(({ arn }) => canBe(asPattern(resource), arn))
}

/** Whether an ARN can be one of a type, part by part where both have all six. */
function canBe(resource: string, type: string): boolean {
  const [have, want] = [parseArn(resource), parseArn(type)]
  if (!have || !want) return globsMeet(resource, type)
  // A bucket's name has no slash, though the pattern of its ARN would take one.
  if (want.service === 's3' && want.resource === '*' && have.resource.includes('/')) return false
  return PARTS.every((part) => globsMeet(have[part], want[part]))
}

const PARTS = ['partition', 'service', 'region', 'account', 'resource'] as const

import { compileGlob, globCovers, globMatches, globsMeet } from '../glob.ts'
import { asPattern, isUnknown, type LocatedText, quote, type StatementView } from './view.ts'

/** One call that a task definition needs the execution role for, as `portreeve role derive` finds it. */
export type LintNeed = {
  readonly action: string
  /** The resource of the call. */
  readonly resource: string
  /** The resources to write in a policy: the tightest texts that serve. */
  readonly grants: readonly string[]
  readonly why: string
}

/** The role against what a task definition needs: actions and resources beyond it, and needs that nothing allows. */
export function lintNeeds(views: readonly StatementView[], needs: readonly LintNeed[]): void {
  const allows = views.filter(
    (view) => view.statement.Effect === 'Allow' && view.notActions.length === 0 && view.notResources.length === 0,
  )
  for (const view of allows) {
    for (const action of view.actions) lintAction(view, action, needs)
    for (const resource of view.resources) lintResource(view, resource, needs)
  }
  const [first] = views
  if (!first || views.some((view) => view.notActions.length > 0 || view.notResources.length > 0)) return
  const missing = new Map<string, LintNeed[]>()
  for (const need of needs) {
    if (allows.some((view) => serves(view, need))) continue
    missing.set(need.action, [...(missing.get(need.action) ?? []), need])
  }
  for (const [action, group] of missing) {
    const grants = [...new Set(group.flatMap(({ grants }) => grants))]
    first.say(
      'missing-permission',
      [],
      `${action} on ${quote(grants, 3)} is not allowed: ${group[0]?.why ?? 'the task definition needs it'}.`,
      `Add {"Effect": "Allow", "Action": "${action}", "Resource": ${JSON.stringify(grants.length === 1 ? grants[0] : grants)}}.`,
    )
  }
}

function covers(pattern: string, action: string): boolean {
  return globMatches(compileGlob(pattern.toLowerCase()), action.toLowerCase())
}

function serves(view: StatementView, need: LintNeed): boolean {
  return (
    view.actions.some(({ text }) => covers(text, need.action)) &&
    view.resources.some(({ text }) => globsMeet(asPattern(text), asPattern(need.resource)) || text === '*')
  )
}

function lintAction(view: StatementView, { text, path }: LocatedText, needs: readonly LintNeed[]): void {
  if (isUnknown(text)) return
  const facts = view.table.matching(text)
  const needed = [...new Set(needs.filter((need) => covers(text, need.action)).map(({ action }) => action))]
  if (needed.length === 0) {
    if (text !== '*' && facts.length === 0) return
    // BatchCheckLayerAvailability stands in every sample of AWS; it is harmless beside a pull.
    const sample =
      /^ecr:BatchCheckLayerAvailability$/i.test(text) && needs.some(({ action }) => action === 'ecr:BatchGetImage')
    return view.say(
      'over-grant-action',
      path,
      sample
        ? `${text} is not called for a pull, though AWS’s own samples have it.`
        : `Nothing in the task definition needs ${text}.`,
      'Take it out.',
      sample ? 'info' : undefined,
    )
  }
  if (/[*?]/.test(text) && (text === '*' || facts.length > needed.length)) {
    view.say(
      'over-grant-action',
      path,
      `Of "${text}" the task definition needs ${quote(needed)} only.`,
      `Write ${quote(needed)}.`,
    )
  }
}

function lintResource(view: StatementView, { text, path }: LocatedText, needs: readonly LintNeed[]): void {
  const mine = needs.filter(
    (need) => !need.grants.includes('*') && view.actions.some((action) => covers(action.text, need.action)),
  )
  const tokenOnly = needs.some(
    (need) => need.grants.includes('*') && view.actions.some((action) => covers(action.text, need.action)),
  )
  if (isUnknown(text) && text !== '*') return
  if (mine.some(({ grants }) => grants.some((grant) => globCovers(asPattern(grant), text)))) return
  const touched = mine.filter((need) => globsMeet(text, asPattern(need.resource)))
  if (touched.length === 0) {
    if (tokenOnly && text === '*') return
    if (mine.length > 0)
      view.say('over-grant-resource', path, `The task definition needs nothing on "${text}".`, 'Take it out.')
    return
  }
  const grants = [...new Set(touched.flatMap(({ grants }) => grants))]
  const split =
    text === '*' && tokenOnly ? ' in a statement beside that of ecr:GetAuthorizationToken, which keeps "*"' : ''
  view.say(
    'over-grant-resource',
    path,
    `"${text}" is wider than the task definition needs: ${quote(grants, 4)}.`,
    `Write ${grants.length > 4 ? 'those ARNs' : quote(grants, 4)}${split}.`,
    text === '*' ? undefined : 'info',
  )
}

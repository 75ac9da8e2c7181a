import { type Finding, sortFindings } from '../../lib/findings.ts'
import { type ActionTable, loadActions } from '../actions.ts'
import { parseArn } from '../arn.ts'
import { statementCovers } from '../cover.ts'
import { lintActions } from './rule-actions.ts'
import { lintConditions } from './rule-conditions.ts'
import { lintExecutionRole } from './rule-execution-role.ts'
import { lintLimits } from './rule-limits.ts'
import { type LintNeed, lintNeeds } from './rule-needs.ts'
import { lintResources } from './rule-resources.ts'
import { lintTrust } from './rule-trust.ts'
import { type LintSource, type LintSubject, type LocatedPolicy, readSubjects } from './subject.ts'
import { type Say, sayAt, type StatementView, viewsOf } from './view.ts'

export type LintOptions = {
  /** The file's name, as findings show it. */
  readonly file: string
  /** The role's name, when it is not in the file. */
  readonly roleName?: string | undefined
  /** What the task definitions need of the execution role; absent when no task definition is given. */
  readonly needs?: readonly LintNeed[] | undefined
}

/** Lints every role and policy in a file. Throws `invalid_request` when the file holds none. */
export async function lintRoleFile(text: LintSource, options: LintOptions): Promise<readonly Finding[]> {
  const table = await loadActions()
  const subjects = readSubjects(text)
  const findings: Finding[] = (text.duplicates ?? []).map(({ key, place, first }) => ({
    id: 'duplicate-key',
    severity: 'error',
    file: options.file,
    place,
    reason: `"${key}" stands in this object twice, first in line ${first.line}: only the last one counts.`,
    remedy: 'Keep one, or make a list of the two.',
    link: undefined,
  }))
  for (const subject of subjects) findings.push(...lintSubject(subject, table, options))
  return sortFindings(findings.filter((finding) => !isSaidBetter(finding, findings)))
}

/** Whether another finding at the same place gives the better reason why an action is not needed. */
function isSaidBetter(finding: Finding, all: readonly Finding[]): boolean {
  const better: readonly string[] = ['never-needed', 'application-permission', 'ssm-get-parameter', 'unknown-action']
  const samePlace = (other: Finding) =>
    other.place?.line === finding.place?.line && other.place?.column === finding.place?.column
  return finding.id === 'over-grant-action' && all.some((other) => better.includes(other.id) && samePlace(other))
}

function lintSubject(subject: LintSubject, table: ActionTable, options: LintOptions): readonly Finding[] {
  const findings: Finding[] = []
  const sayRole = sayAt(subject, options.file, findings)
  const sayPolicy = (policy: LocatedPolicy) => sayAt(policy, options.file, findings)
  const views = new Map(
    subject.policies.map((policy) => [policy, soundViews(policy, table, sayPolicy(policy))] as const),
  )
  for (const policy of subject.policies) lintGrammar(policy, views.get(policy) ?? [], sayPolicy(policy))
  const trust = subject.policies.filter((policy) => policy.kind === 'trust')
  const permissions = subject.policies.filter((policy) => policy.kind === 'inline' || policy.kind === 'managed')
  const partition = parseArn(subject.roleArn ?? '')?.partition
  for (const policy of subject.policies) {
    for (const view of views.get(policy) ?? []) {
      lintActions(view)
      lintResources(view, partition)
      lintConditions(view)
    }
  }
  for (const policy of trust) lintTrust(views.get(policy) ?? [])
  const granted = permissions.flatMap((policy) => views.get(policy) ?? [])
  const complete = permissions.every((policy) => policy.problems.length === 0)
  if (complete) lintExecutionRole(granted, options.needs !== undefined, subject.part)
  lintRedundancy(granted)
  if (options.needs && complete && !subject.part && permissions.length > 0) lintNeeds(granted, options.needs)
  lintLimits(subject, options.roleName ?? subject.roleName, sayRole, sayPolicy)
  if (partition) {
    for (const { arn, place } of subject.managedPolicyArns) {
      const other = parseArn(arn)?.partition
      if (!other || other === partition || other === '*' || arn.includes('⟨')) continue
      findings.push({
        id: 'wrong-partition',
        severity: 'error',
        file: options.file,
        place,
        reason: `"${arn}" is in the partition ${other}, the role in ${partition}: attaching it fails.`,
        remedy: `Write "${arn.replace(/^arn:[^:]*/, `arn:${partition}`)}".`,
        link: undefined,
      })
    }
  }
  if (subject.whole && trust.length === 0) {
    sayRole(
      'trust-missing',
      [],
      'No trust policy is shown, and without one ECS cannot assume the role.',
      'Add {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"} as trustPolicy.',
    )
  }
  return findings
}

/** The statements that rules can look at: those whose grammar is right. */
function soundViews(policy: LocatedPolicy, table: ActionTable, say: Say): readonly StatementView[] {
  const { document, problems } = policy
  if (typeof document !== 'object' || document === null || document.Statement === undefined) return []
  const broken = problems.map(({ path }) => path.slice(0, Array.isArray(document.Statement) ? 2 : 1).join('.'))
  return viewsOf(policy, table, say).filter((view) => !broken.includes(view.path.join('.')))
}

function lintGrammar(policy: LocatedPolicy, views: readonly StatementView[], say: Say): void {
  for (const { path, message } of policy.problems) {
    const last = path.at(-1)
    say('policy-grammar', path, `${message}.`, typeof last === 'string' ? `Correct ${last}.` : 'Correct the document.')
  }
  if (views.length === 0) return
  if (policy.document.Version !== '2012-10-17') {
    const text = JSON.stringify(policy.document)
    const uses = /\$\{[^}]*\}/.test(text)
    say(
      'old-policy-version',
      policy.document.Version === undefined ? [] : ['Version'],
      uses
        ? 'Without "Version": "2012-10-17" IAM takes ${…} as plain text, so the statement matches nothing.'
        : 'The document does not use the current policy language.',
      'Write "Version": "2012-10-17".',
      uses ? 'error' : 'info',
    )
  }
  if (policy.kind === 'trust') return
  for (const { statement, path } of views) {
    const named = statement.Principal === undefined ? 'NotPrincipal' : 'Principal'
    if (statement.Principal !== undefined || statement.NotPrincipal !== undefined) {
      say(
        'principal-in-permission-policy',
        [...path, named],
        `A policy of a role speaks of that role: IAM refuses ${named} here.`,
        `Take ${named} out, or put the statement into the trust policy or the resource’s policy.`,
      )
    }
    if (statement.Resource === undefined && statement.NotResource === undefined) {
      say('missing-resource', path, 'IAM refuses a permission statement without Resource.', 'Add "Resource".')
    }
  }
}

function lintRedundancy(views: readonly StatementView[]): void {
  views.forEach((view, index) => {
    const cover = views.find(
      (other, at) =>
        at !== index &&
        other.statement.Effect === view.statement.Effect &&
        statementCovers(other.statement, view.statement) &&
        (at < index || !statementCovers(view.statement, other.statement)),
    )
    if (!cover) return
    const where = cover.policy === view.policy ? 'of this policy' : `of ${cover.policy.name}`
    const number = typeof cover.path[1] === 'number' ? ` ${cover.path[1]}` : ''
    view.say(
      'redundant-statement',
      view.path,
      `Statement${number} ${where} already says all of this.`,
      'Take this statement out.',
    )
  })
}

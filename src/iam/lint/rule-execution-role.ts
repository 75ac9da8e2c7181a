import { compileGlob, globMatches } from '../glob.ts'
import { isCore, misplaced } from './knowledge.ts'
import { isUnknown, type LocatedText, quote, type StatementView } from './view.ts'

/**
 * What an execution role has that none needs, and what it has by halves. `judged` says whether a task definition's needs are known:
 * then rule-needs judges every action that ECS may call, and only those that it never calls are told of here. `part` says that
 * further policies may stand beside these.
 */
export function lintExecutionRole(views: readonly StatementView[], judged: boolean, part: boolean): void {
  for (const view of views) {
    if (view.statement.Effect !== 'Allow') continue
    for (const action of view.actions) lintAction(view, action, judged)
    lintStar(view, judged)
  }
  if (!part && !judged) lintHalves(views)
}

function lintAction({ table, say }: StatementView, { text, path }: LocatedText, judged: boolean): void {
  if (text === '*' || isUnknown(text) || /^[a-z0-9-]+:\*+$/i.test(text)) return
  const facts = table.matching(text)
  const [only] = facts
  if (!only) return
  const verdicts = facts.map((fact) => ({
    name: `${fact.service}:${fact.name}`,
    verdict: misplaced(`${fact.service}:${fact.name}`.toLowerCase()),
  }))
  if (facts.length === 1) {
    const verdict = verdicts[0]?.verdict
    if (!verdict || (judged && verdict.id === 'rarely-needed')) return
    return say(
      verdict.id,
      path,
      `${only.service}:${only.name} ${verdict.reason}`,
      verdict.remedy,
      only.level === 'Permissions management' ? 'error' : undefined,
    )
  }
  const wrong = verdicts.filter(({ verdict }) => verdict && verdict.id !== 'rarely-needed')
  const right = verdicts.filter(({ verdict }) => !verdict || verdict.id === 'rarely-needed').map(({ name }) => name)
  if (wrong.length === 0) return
  const [first] = wrong
  if (right.length > 0) {
    say(
      'never-needed',
      path,
      `"${text}" also allows ${quote(
        wrong.map(({ name }) => name),
        3,
      )}, which ECS never calls with this role.`,
      `Write ${quote(right)}.`,
    )
  } else if (first?.verdict)
    say(first.verdict.id, path, `"${text}": ${first.name} ${first.verdict.reason}`, first.verdict.remedy)
}

/** "Resource": "*" for actions that take one. */
function lintStar(view: StatementView, judged: boolean): void {
  if (judged) return
  const star = view.resources.find(({ text }) => text === '*')
  if (!star) return
  const scoped = view.actions
    .flatMap(({ text }) => (text === '*' ? [] : view.table.matching(text)))
    .filter((fact) => fact.resourceTypes.length > 0)
    .map((fact) => `${fact.service}:${fact.name}`)
  if (scoped.length === 0) return
  const needed = scoped.filter(
    (name) => !misplaced(name.toLowerCase()) || misplaced(name.toLowerCase())?.id === 'rarely-needed',
  )
  view.say(
    'resource-star',
    star.path,
    `"*" is needed by ecr:GetAuthorizationToken alone; ${quote(needed.length > 0 ? needed : scoped, 4)} ${scoped.length === 1 ? 'takes' : 'take'} an ARN.`,
    'Give ecr:GetAuthorizationToken a statement of its own, and the others the ARNs of the repositories, log groups and secrets.',
  )
}

const PULL = ['ecr:getauthorizationtoken', 'ecr:batchgetimage', 'ecr:getdownloadurlforlayer']
const NAMES: Readonly<Record<string, string>> = {
  'ecr:getauthorizationtoken': 'ecr:GetAuthorizationToken',
  'ecr:batchgetimage': 'ecr:BatchGetImage',
  'ecr:getdownloadurlforlayer': 'ecr:GetDownloadUrlForLayer',
  'logs:createlogstream': 'logs:CreateLogStream',
  'logs:putlogevents': 'logs:PutLogEvents',
}

function lintHalves(views: readonly StatementView[]): void {
  const [first] = views
  const allows = views.filter((view) => view.statement.Effect === 'Allow')
  // With NotAction nobody can say what is missing.
  if (!first || allows.some((view) => view.notActions.length > 0)) return
  const texts = allows.flatMap((view) => view.actions.map((action) => ({ ...action, view })))
  const has = (name: string) => texts.some(({ text }) => globMatches(compileGlob(text.toLowerCase()), name))
  const place = (service: string) =>
    texts.find(({ text }) => text.toLowerCase().startsWith(service) && isCore(text.toLowerCase()))
  for (const [id, names, effect] of [
    ['incomplete-pull', PULL, 'no image can be pulled from ECR'],
    ['incomplete-logs', ['logs:createlogstream', 'logs:putlogevents'], 'the awslogs driver cannot write'],
  ] as const) {
    const missing = names.filter((name) => !has(name))
    const at = place(`${names[0].split(':')[0]}:`)
    if (missing.length === 0 || !at) continue
    const list = missing.map((name) => NAMES[name] ?? name)
    first.say(
      id,
      at.path,
      `${quote(list)} ${list.length === 1 ? 'is' : 'are'} missing: ${effect} with the rest.`,
      `Add ${quote(list)}.`,
    )
  }
}

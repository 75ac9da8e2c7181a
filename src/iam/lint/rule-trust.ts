import { parseArn } from '../arn.ts'
import { parseOperator } from '../condition/operators.ts'
import { listOf } from '../policy.ts'
import { conditionsOf, isUnknown, quote, type StatementView } from './view.ts'

const ECS_TASKS = 'ecs-tasks.amazonaws.com'

/** Services that people name by mistake, and what they are for. */
const OTHER_SERVICES: Readonly<Record<string, string>> = {
  'ecs.amazonaws.com': 'that is the principal of the ECS infrastructure role and the old service role',
  'ec2.amazonaws.com': 'that is the principal of a container instance’s role',
  'ecs-tasks.amazonaws.com.cn': 'the principal is ecs-tasks.amazonaws.com in China too',
  'events.amazonaws.com': 'EventBridge needs a role of its own, with iam:PassRole on this one',
  'codedeploy.amazonaws.com': 'CodeDeploy needs a role of its own, with iam:PassRole on this one',
  'lambda.amazonaws.com': 'that is the principal of a function’s role',
  'spotfleet.amazonaws.com': 'that is the principal of a Spot Fleet role',
  'application-autoscaling.amazonaws.com': 'scaling has a role of its own',
}

/** A trust policy's statements together: whether ECS can assume the role, and whether others can. */
export function lintTrust(views: readonly StatementView[]): void {
  const [first] = views
  if (!first) return
  const allows = views.filter((view) => view.statement.Effect === 'Allow')
  const toEcs = allows.filter((view) => servicesOf(view).includes(ECS_TASKS))
  for (const view of views) lintStatement(view)
  if (toEcs.length === 0) {
    const named = allows.flatMap(servicesOf)
    if (named.some(isUnknown)) return
    const notes = [...new Set(named.flatMap((name) => OTHER_SERVICES[name] ?? []))]
    const why =
      named.length > 0
        ? `It names ${quote(named)}${notes.length > 0 ? ` (${notes.join('; ')})` : ''}`
        : 'It names no service'
    const place = allows[0] ?? first
    first.say(
      'trust-wrong-principal',
      place.statement.Principal === undefined ? place.path : [...place.path, 'Principal'],
      `${why}, so the launch fails: "ECS was unable to assume the role".`,
      `Write "Principal": {"Service": "${ECS_TASKS}"}; in the console choose the use case Elastic Container Service Task.`,
    )
    return
  }
  for (const view of toEcs) lintSource(view)
}

function servicesOf(view: StatementView): readonly string[] {
  const principal = view.statement.Principal
  if (typeof principal !== 'object' || principal === null) return []
  return listOf(principal['Service'])
}

function lintStatement(view: StatementView): void {
  const { statement, say, path } = view
  const [resource] = [...view.resources, ...view.notResources]
  if (resource)
    say(
      'trust-has-resource',
      resource.path,
      'A trust policy speaks of the role that it hangs on: IAM refuses Resource here.',
      'Take Resource out.',
    )
  if (statement.Effect !== 'Allow') return
  const { Principal: principal } = statement
  const everybody =
    principal === '*' || (typeof principal === 'object' && principal !== null && listOf(principal['AWS']).includes('*'))
  if (everybody) {
    const guarded = conditionsOf(view).length > 0
    say(
      'trust-too-wide',
      [...path, 'Principal'],
      `Every AWS account can assume this role${guarded ? ' when the condition holds' : ''}, with its secrets.`,
      `Write "Principal": {"Service": "${ECS_TASKS}"}.`,
      guarded ? 'warning' : 'error',
    )
  }
  if (
    servicesOf(view).includes(ECS_TASKS) &&
    !view.actions.some(({ text }) => /^(sts:\*|\*|sts:assumerole)$/i.test(text))
  ) {
    say(
      'trust-wrong-action',
      [...path, 'Action'],
      `ECS calls sts:AssumeRole, and this allows ${quote(view.actions.map(({ text }) => text))}.`,
      'Write "Action": "sts:AssumeRole".',
    )
  }
}

/** The confused-deputy conditions: there, and such that ECS's call matches them. */
function lintSource(view: StatementView): void {
  const conditions = conditionsOf(view)
  const source = conditions.filter(({ key }) => /^aws:source(arn|account|orgid|orgpaths)$/i.test(key))
  if (source.length === 0) {
    view.say(
      'trust-without-source',
      view.path,
      'Nothing says for whom ECS may use the role.',
      'Add "Condition": {"StringEquals": {"aws:SourceAccount": "ACCOUNT"}, "ArnLike": {"aws:SourceArn": "arn:aws:ecs:REGION:ACCOUNT:*"}}.',
    )
  }
  for (const { operator, key, values, path } of source) {
    const base = parseOperator(operator)?.base ?? ''
    const wild = values.filter((value) => value.includes('*'))
    if (base.startsWith('StringEquals') && wild.length > 0) {
      view.say(
        'trust-source-never-matches',
        path,
        `${operator} takes the * in ${quote(wild)} as it is written, so ECS cannot assume the role.`,
        'Use ArnLike.',
      )
    }
    if (key.toLowerCase() !== 'aws:sourcearn' || base.includes('Not')) continue
    for (const value of values) {
      const arn = parseArn(value)
      if (isUnknown(value)) continue
      if (arn && /^(cluster|service|task|task-definition)\//.test(arn.resource) && !/^(task)\/\*$/.test(arn.resource)) {
        view.say(
          'trust-source-never-matches',
          path,
          `"${value}" names one ${arn.resource.split('/')[0]}: ECS does not support that in aws:SourceArn.`,
          `Write "${value.split(':').slice(0, 5).join(':')}:*".`,
        )
      } else if (arn && arn.service !== 'ecs' && !/[*?]/.test(arn.service)) {
        view.say(
          'trust-source-never-matches',
          path,
          `"${value}" is no ARN of ECS.`,
          'Write "arn:aws:ecs:REGION:ACCOUNT:*".',
        )
      }
    }
  }
}

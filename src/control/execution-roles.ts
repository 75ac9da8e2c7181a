import type { z } from 'zod'
import type * as contract from '../contract/api/execution-roles.ts'
import type { RouteResult, RouteValue } from '../contract/route.ts'
import { deriveRole } from '../ecs/derive.ts'
import { isRecord, parseDocument } from '../ecs/document.ts'
import { explainStoppedReason } from '../ecs/explain.ts'
import type { Facts } from '../ecs/facts.ts'
import { needsOf } from '../ecs/needs.ts'
import { preflight } from '../ecs/preflight.ts'
import { asFacts } from '../ecs/read-facts.ts'
import { renderCdk } from '../ecs/render/cdk.ts'
import { renderCloudFormation } from '../ecs/render/cloudformation.ts'
import { renderJson } from '../ecs/render/role-json.ts'
import { renderTerraform } from '../ecs/render/terraform.ts'
import { parseRole } from '../ecs/role.ts'
import { resolveSetting } from '../ecs/setting.ts'
import { checkTemplate } from '../ecs/template/check.ts'
import { parseTaskDefinition } from '../ecs/task-definition.ts'
import { countFindings, type Finding } from '../lib/findings.ts'
import { parseJsonText } from '../lib/json-text.ts'

type Routes = typeof contract
type Told = Pick<z.output<Routes['preflightRole']['body']>, 'facts' | 'account' | 'region' | 'launch_type'>

/** The management API's execution-role endpoints. Pure: documents in, decisions with reasons out, whose values are read-only. */
export const executionRoles = {
  preflightRole({ body }: RouteValue<Routes['preflightRole']>): RouteResult<Routes['preflightRole']> {
    const role = body.role === undefined ? undefined : parseRole(body.role, 'role')
    const task = parseTaskDefinition(body.task_definition, 'task_definition')
    return preflight(task, role, factsOf(body)) as unknown as RouteResult<Routes['preflightRole']>
  },

  deriveRole({ body }: RouteValue<Routes['deriveRole']>): RouteResult<Routes['deriveRole']> {
    const options = { roleName: body.role_name, kind: body.kind }
    const role = deriveRole(tasksOf(body.task_definitions), factsOf(body), options)
    return {
      role_name: role.roleName,
      role_arn: role.roleArn,
      reasons: role.reasons.map(({ sid, why }) => ({ sid, why: [...why] })),
      notes: [...role.notes],
      json: renderJson(role),
      cloudformation: renderCloudFormation(role),
      terraform: renderTerraform(role),
      cdk: renderCdk(role),
    }
  },

  async lintRole({ body }: RouteValue<Routes['lintRole']>): Promise<RouteResult<Routes['lintRole']>> {
    // The table of all IAM actions is large: it is read when somebody lints.
    const { lintRoleFile } = await import('../iam/lint/lint.ts')
    const facts = factsOf(body)
    const needs = tasksOf(body.task_definitions).flatMap((task) => {
      const { setting } = resolveSetting(task, undefined, facts)
      return needsOf(task, { ...setting, hasExecutionRole: true }).filter(({ actor }) => actor === 'execution-role')
    })
    const findings = await lintRoleFile(parseJsonText(body.role), {
      file: 'role',
      roleName: body.role_name,
      needs: body.task_definitions.length > 0 ? needs : undefined,
    })
    return {
      findings: findings.map(toFinding),
      ...countFindings(findings),
    }
  },

  checkTemplate({ body }: RouteValue<Routes['checkTemplate']>): RouteResult<Routes['checkTemplate']> {
    const { accountId, region, ...facts } = factsOf(body)
    const options = {
      target: {
        ...(accountId === undefined ? {} : { account: accountId }),
        ...(region === undefined ? {} : { region }),
      },
      parameters: new Map(Object.entries(body.parameters)),
      facts,
    }
    const tasks = checkTemplate(body.template, 'template', options).map(({ name, preflight, findings }) => ({
      name,
      preflight: preflight ?? null,
      findings: findings.map(toFinding),
    }))
    return { tasks } as unknown as RouteResult<Routes['checkTemplate']>
  },

  explainReason({ body }: RouteValue<Routes['explainReason']>): RouteResult<Routes['explainReason']> {
    const reasons = reasonsIn(body.text).map((text) => ({ text, ...explainStoppedReason(text) }))
    return { reasons } as unknown as RouteResult<Routes['explainReason']>
  },
}

function toFinding({ id, severity, place, reason, remedy, link }: Finding): contract.RoleFinding {
  return { id, severity, line: place?.line ?? null, column: place?.column ?? null, reason, remedy, link: link ?? null }
}

function tasksOf(texts: readonly string[]) {
  return texts.map((text, index) => parseTaskDefinition(text, `task_definitions[${index}]`))
}

function factsOf({ facts, account, region, launch_type }: Told): Facts {
  const told = facts === undefined ? {} : asFacts(parseDocument(facts, 'facts').value, 'facts')
  return {
    ...told,
    ...(account === undefined ? {} : { accountId: account }),
    ...(region === undefined ? {} : { region }),
    ...(launch_type === undefined ? {} : { launchType: launch_type }),
    now: told.now ?? new Date().toISOString(),
  }
}

/** The text itself, or every reason in the answer of `aws ecs describe-tasks`. */
function reasonsIn(text: string): readonly string[] {
  if (!text.trimStart().startsWith('{')) return [text]
  const { value } = parseDocument(text, 'text')
  const tasks: readonly unknown[] = isRecord(value) && Array.isArray(value['tasks']) ? value['tasks'] : [value]
  const found = tasks.flatMap((task) => {
    if (!isRecord(task)) return []
    const containers: readonly unknown[] = Array.isArray(task['containers']) ? task['containers'] : []
    return [task['stoppedReason'], ...containers.map((each) => (isRecord(each) ? each['reason'] : undefined))]
  })
  const texts = [...new Set(found.filter((each): each is string => typeof each === 'string' && each !== ''))]
  return texts.length > 0 ? texts : [text]
}

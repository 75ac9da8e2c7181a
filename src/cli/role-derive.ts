import { AppError } from '../errors.ts'
import { type DerivedRole, deriveRole } from '../ecs/derive.ts'
import { renderCdk } from '../ecs/render/cdk.ts'
import { renderCloudFormation } from '../ecs/render/cloudformation.ts'
import { renderJson } from '../ecs/render/role-json.ts'
import { renderTerraform } from '../ecs/render/terraform.ts'
import type { Input } from './command.ts'
import type { Io } from './io.ts'
import { readFacts, readTaskDefinition } from './role-input.ts'

const RENDERERS: Readonly<Record<string, (role: DerivedRole) => string>> = {
  json: renderJson,
  cloudformation: renderCloudFormation,
  terraform: renderTerraform,
  cdk: renderCdk,
}

export async function runDerive(input: Input, io: Io): Promise<number> {
  const paths = [...input.list('task-definition'), ...input.positionals]
  const tasks = []
  for (const path of paths) tasks.push(await readTaskDefinition(path, io))
  const kind = input.flag('task-role') ? 'task-role' : 'execution-role'
  const roleName = input.text('role-name') ?? (kind === 'task-role' ? 'CSECSTaskRole' : 'CSECSTaskExecutionRole')
  if (!/^[\w+=,.@-]{1,64}$/.test(roleName)) {
    throw new AppError('invalid_usage', `--role-name ${roleName}: use up to 64 letters, digits and _+=,.@-`, {
      field: '--role-name',
    })
  }
  const facts = {
    ...(await readFacts(input, io)),
    ...(input.flag('enable-execute-command') ? { enableExecuteCommand: true } : {}),
  }
  const sourceVpce = input.text('source-vpce')
  if (sourceVpce !== undefined && !/^vpce-[0-9a-f]{8,17}$/.test(sourceVpce)) {
    throw new AppError(
      'invalid_usage',
      `--source-vpce ${sourceVpce}: write the id of an endpoint, such as vpce-0123456789abcdef0.`,
      {
        field: '--source-vpce',
      },
    )
  }
  const role = deriveRole(tasks, facts, { roleName, kind, ...(sourceVpce === undefined ? {} : { sourceVpce }) })
  if (input.json) {
    io.out(`${JSON.stringify(role)}\n`)
    return 0
  }
  const render = RENDERERS[input.text('format') ?? 'json'] ?? renderJson
  io.out(render(role))
  for (const note of role.notes) io.err(`${note}\n`)
  return 0
}

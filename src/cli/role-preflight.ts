import { preflight } from '../ecs/preflight.ts'
import { preflightText } from '../ecs/report.ts'
import type { Input } from './command.ts'
import type { Io } from './io.ts'
import { readFacts, readRole, readTaskDefinition } from './role-input.ts'

export async function runPreflight(input: Input, io: Io): Promise<number> {
  const task = await readTaskDefinition(input.text('task-definition') ?? '-', io)
  const role = await readRole(input, io)
  const result = preflight(task, role, await readFacts(input, io))
  io.out(input.json ? `${JSON.stringify(result)}\n` : preflightText(result))
  return result.ok ? 0 : 1
}

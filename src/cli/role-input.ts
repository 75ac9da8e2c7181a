import { AppError } from '../errors.ts'
import type { Facts } from '../ecs/facts.ts'
import { asFacts, unknownFacts } from '../ecs/read-facts.ts'
import { isRecord, parseDocument } from '../ecs/document.ts'
import { asRole, parseRole, type Role } from '../ecs/role.ts'
import { parseTaskDefinition, type TaskDefinition } from '../ecs/task-definition.ts'
import type { Input } from './command.ts'
import { readUserFile } from './files.ts'
import type { Io } from './io.ts'

/** The name of a file in messages. */
export function shownName(path: string): string {
  return path === '-' ? 'standard input' : path
}

export async function readTaskDefinition(path: string, io: Io): Promise<TaskDefinition> {
  return parseTaskDefinition(await readUserFile(path, io), shownName(path))
}

/** The role of `--role`; without it the one that `role facts` put into the facts. */
export async function readRole(input: Input, io: Io): Promise<Role | undefined> {
  const path = input.text('role')
  if (path !== undefined) return parseRole(await readUserFile(path, io), shownName(path))
  const facts = input.text('facts')
  if (facts === undefined || facts === '-') return undefined
  const { value } = parseDocument(await readUserFile(facts, io), shownName(facts))
  const role = isRecord(value) ? value['executionRole'] : undefined
  return role === undefined || role === null ? undefined : asRole(role, `${shownName(facts)}: executionRole`)
}

/** Facts from `--facts`, with the options that state single facts on top of them. */
export async function readFacts(input: Input, io: Io): Promise<Facts> {
  const path = input.text('facts')
  const value = path === undefined ? {} : parseDocument(await readUserFile(path, io), shownName(path)).value
  // Case files call them context; taking those here lets a case be looked at by itself.
  const facts = asFacts(value, path === undefined ? 'facts' : shownName(path))
  for (const text of unknownFacts(value)) io.err(`${shownName(path ?? 'facts')}: ${text}\n`)
  const account = input.text('account')
  if (account !== undefined && !/^\d{12}$/.test(account)) {
    throw new AppError('invalid_usage', `--account ${account}: write the account id with its 12 digits.`, {
      field: '--account',
    })
  }
  const region = input.text('region')
  if (region !== undefined && !/^[a-z]{2,4}(-[a-z]+)+-\d+$/.test(region)) {
    throw new AppError('invalid_usage', `--region ${region}: write a region such as eu-central-1.`, {
      field: '--region',
    })
  }
  const launchType = input.text('launch-type')
  return {
    ...facts,
    ...(account === undefined ? {} : { accountId: account }),
    ...(region === undefined ? {} : { region }),
    ...(launchType === undefined ? {} : { launchType: launchType as 'FARGATE' | 'EC2' | 'EXTERNAL' }),
    now: facts.now ?? new Date().toISOString(),
  }
}

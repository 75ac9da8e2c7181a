import { createKey, listKeys, revokeKey, rotateKey, updateKey, type KeyView } from '../contract/api/keys.ts'
import type { Client } from '../contract/client.ts'
import { Key, OnUnsupported } from '../contract/key.ts'
import { AppError } from '../errors.ts'
import { defineCommand, type Input } from './command.ts'
import { everyItem } from './every-item.ts'
import { MANAGEMENT_OPTIONS, withManagement } from './management.ts'
import { dollars, relative, spanOf, table } from './table.ts'

/** What a key may do, as both commands take it. */
const FACTS = {
  model: { about: 'model, alias or pattern it may use', value: 'NAME', many: true },
  team: { about: 'team that its calls count for', value: 'NAME' },
  application: { about: 'application that its calls count for', value: 'NAME' },
  expires: { about: 'when it ends: 12h, 30d, or a moment as 2027-01-31T00:00:00Z', value: 'WHEN' },
  priority: {
    about: 'who is refused last under overload',
    value: 'PRIORITY',
    choices: Key.shape.priority.unwrap().options,
  },
  'on-unsupported': {
    about: 'what happens to parameters that a target cannot carry',
    value: 'WHAT',
    choices: OnUnsupported.options,
  },
} as const

/** The fields that were given. */
function factsOf(input: Input) {
  const [models, team, application, expires_at, priority, unsupported] = [
    input.list('model'),
    input.text('team'),
    input.text('application'),
    momentOf(input, 'expires'),
    input.text('priority') as KeyView['priority'] | undefined,
    input.text('on-unsupported') as KeyView['on_unsupported'] | undefined,
  ]
  return {
    ...(models.length > 0 && { models: [...models] }),
    ...(team !== undefined && { team }),
    ...(application !== undefined && { application }),
    ...(expires_at !== undefined && { expires_at }),
    ...(priority !== undefined && { priority }),
    ...(unsupported !== undefined && { on_unsupported: unsupported }),
  }
}

const create = defineCommand({
  name: 'keys create',
  summary: 'create an API key; its secret is printed once',
  options: {
    name: { about: 'what the key is for', value: 'NAME', required: true },
    ...FACTS,
    ...MANAGEMENT_OPTIONS,
  },
  examples: [
    'portreeve keys create --name ci',
    'portreeve keys create --name web --model fast --model "openai/*" --expires 90d --priority high',
  ],
  run: (input, io) =>
    withManagement(input, io, async ({ api }) => {
      const key = await api(createKey, { body: { name: input.text('name') ?? '', ...factsOf(input) } })
      if (input.json) return io.out(`${JSON.stringify(key)}\n`)
      io.out(`${key.secret}\n`)
      io.err(`Created ${key.name} (${key.id}). The key is shown this once; it may use ${key.models.join(', ')}.\n`)
    }),
})

/** What a key can do without, by the option that takes it away. */
const UNSET = { team: 'team', application: 'application', expires: 'expires_at' } as const

const update = defineCommand({
  name: 'keys update',
  summary: 'change what an API key may do; its secret stays',
  positionals: [{ name: 'KEY', about: 'name or id of the key', required: true }],
  options: {
    name: { about: 'another name for it', value: 'NAME' },
    ...FACTS,
    unset: { about: 'take this away from it', value: 'WHAT', many: true, choices: Object.keys(UNSET) },
    ...MANAGEMENT_OPTIONS,
  },
  examples: ['portreeve keys update web --priority low', 'portreeve keys update ci --model fast --unset expires'],
  run: (input, io) =>
    withManagement(input, io, async ({ api }) => {
      const name = input.text('name')
      const unset = input.list('unset').map((what) => [UNSET[what as keyof typeof UNSET], null] as const)
      const body = { ...(name !== undefined && { name }), ...factsOf(input), ...Object.fromEntries(unset) }
      if (Object.keys(body).length === 0)
        throw new AppError('invalid_usage', 'say what to change: see "portreeve keys update --help".')
      const { id } = await findKey(api, input.positionals[0] ?? '')
      const key = await api(updateKey, { params: { id }, body })
      if (input.json) return io.out(`${JSON.stringify(key)}\n`)
      io.out(`Changed ${key.name} (${key.id}); it may use ${key.models.join(', ')}.\n`)
    }),
})

const list = defineCommand({
  name: 'keys list',
  summary: 'list API keys with what they have used',
  options: {
    status: { about: 'only these', value: 'STATUS', choices: ['active', 'expired', 'revoked'] },
    ...MANAGEMENT_OPTIONS,
  },
  run: (input, io) =>
    withManagement(input, io, async ({ api }) => {
      const status = input.text('status') as KeyView['status'] | undefined
      const keys = await everyItem((paging) => api(listKeys, { query: { ...paging, ...(status && { status }) } }))
      if (input.json) return io.out(`${JSON.stringify(keys)}\n`)
      if (keys.length === 0)
        return io.out(status ? `No ${status} keys.\n` : 'No keys yet. Create one: portreeve keys create --name NAME\n')
      const now = Date.now()
      io.out(
        table(keys, [
          { head: 'NAME', of: (key) => key.name },
          { head: 'KEY', of: (key) => key.hint },
          { head: 'STATUS', of: (key) => key.status },
          { head: 'MODELS', of: (key) => shortened(key.models) },
          { head: 'TEAM', of: (key) => key.team ?? '-' },
          { head: 'CALLS', of: (key) => String(key.used.calls), right: true },
          { head: 'COST', of: costOf, right: true },
          { head: 'LAST USED', of: (key) => relative(key.last_used_at, now) },
          { head: 'EXPIRES', of: (key) => relative(key.expires_at, now) },
          { head: 'ID', of: (key) => key.id },
        ]),
      )
    }),
})

const rotate = defineCommand({
  name: 'keys rotate',
  summary: 'give an API key a new secret; the old one works on for a while',
  positionals: [{ name: 'KEY', about: 'name or id of the key', required: true }],
  options: {
    overlap: { about: 'how long the old secret still works: 0m, 1h, 7d', value: 'SPAN', default: '1h' },
    ...MANAGEMENT_OPTIONS,
  },
  run: (input, io) =>
    withManagement(input, io, async ({ api }) => {
      const overlap = spanOf(input.text('overlap') ?? '')
      if (overlap === undefined)
        throw new AppError('invalid_usage', '--overlap: use a span as 30m, 1h or 7d.', { field: '--overlap' })
      const { id } = await findKey(api, input.positionals[0] ?? '')
      const key = await api(rotateKey, { params: { id }, body: { overlap_seconds: overlap / 1000 } })
      if (input.json) return io.out(`${JSON.stringify(key)}\n`)
      io.out(`${key.secret}\n`)
      io.err(`${key.name} has a new secret, shown this once. The old one works for ${input.text('overlap')}.\n`)
    }),
})

const revoke = defineCommand({
  name: 'keys revoke',
  summary: 'revoke an API key at once and for good',
  positionals: [{ name: 'KEY', about: 'name or id of the key', required: true }],
  options: MANAGEMENT_OPTIONS,
  run: (input, io) =>
    withManagement(input, io, async ({ api }) => {
      const { id } = await findKey(api, input.positionals[0] ?? '')
      const key = await api(revokeKey, { params: { id } })
      io.out(input.json ? `${JSON.stringify(key)}\n` : `Revoked ${key.name} (${key.id}).\n`)
    }),
})

/** An unknown cost is never shown as nothing: a dash where no call had a price, `≥` where some had none. */
function costOf({ used }: KeyView): string {
  if (used.unpriced_calls === 0) return dollars(used.cost_micros)
  return used.cost_micros === 0 ? '-' : `≥ ${dollars(used.cost_micros)}`
}

/** The key that people name by its name or id; of keys of one name, the one that still works. */
async function findKey(api: Client, wanted: string): Promise<KeyView> {
  const keys = await everyItem((paging) => api(listKeys, { query: paging }))
  const found =
    keys.find(({ id }) => id === wanted) ??
    keys.find(({ name, status }) => name === wanted && status !== 'revoked') ??
    keys.find(({ name }) => name === wanted)
  if (!found) throw new AppError('not_found', `There is no key ${wanted}. "portreeve keys list" shows them.`)
  return found
}

function momentOf(input: Input, option: string): string | undefined {
  const text = input.text(option)
  if (text === undefined) return undefined
  const span = spanOf(text)
  const time = span === undefined ? Date.parse(text) : Date.now() + span
  if (Number.isNaN(time))
    throw new AppError(
      'invalid_usage',
      `--${option} ${text}: use a span as 12h or 30d, or a moment as 2027-01-31T00:00:00Z.`,
      { field: `--${option}` },
    )
  if (time <= Date.now())
    throw new AppError('invalid_usage', `--${option} ${text}: is over already; name a moment to come.`, {
      field: `--${option}`,
    })
  return new Date(time).toISOString()
}

function shortened(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ')
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown
}

export const keyCommands = [create, list, update, rotate, revoke]

// Aliases, limits, budgets, guards and the single sections: listed, shown, applied from a file, deleted. What a file may hold is what
// portreeve.yaml may hold, for both are of one schema.
import { parse, stringify } from 'yaml'
import { createAlias, deleteAlias, listAliases, updateAlias } from '../contract/api/aliases.ts'
import * as rules from '../contract/api/rules.ts'
import type { Origin } from '../contract/api/shared.ts'
import { Alias } from '../contract/alias.ts'
import { Budget } from '../contract/budget.ts'
import type { Client } from '../contract/client.ts'
import { Guard } from '../contract/guard.ts'
import { readIssue } from '../contract/issue-words.ts'
import { nameOf } from '../contract/schema-path.ts'
import { Limit } from '../contract/limit.ts'
import type { Place } from '../contract/routing.ts'
import { Section, SECTIONS } from '../contract/section.ts'
import { AppError } from '../errors.ts'
import { withArticle } from '../lib/article.ts'
import { type Command, defineCommand } from './command.ts'
import { everyItem } from './every-item.ts'
import { asUsage, readUserFile } from './files.ts'
import { MANAGEMENT_OPTIONS, withManagement } from './management.ts'
import { dollars, table } from './table.ts'

type Kept = {
  readonly origin: Origin
  readonly version: number
  readonly created_at: unknown
  readonly updated_at: unknown
}
type Listed = { readonly name: string } & Kept

/** What the commands must know of one kind of thing. */
type Noun<View extends Listed> = {
  readonly one: string
  readonly many: string
  /** One schema for the file, the API and this command line. */
  readonly schema: typeof Alias | typeof Limit | typeof Budget | typeof Guard | typeof Section
  readonly list: (api: Client) => Promise<View[]>
  /** The thing as portreeve.yaml would hold it. */
  readonly settingsOf: (view: View) => unknown
  readonly says: (view: View) => string
  /** Things of a document that is neither one of them nor a list. */
  readonly within?: (document: Record<string, unknown>) => readonly unknown[] | undefined
  readonly put: (api: Client, value: never, there: boolean) => Promise<unknown>
  readonly remove: (api: Client, name: string) => Promise<unknown>
}

const WHERE = {
  file: 'portreeve.yaml',
  database: 'console, API or CLI',
  environment: 'environment',
  'built-in': 'built in',
} as const

/** Without what the gateway says of it. */
function bare<View extends Kept>({ origin: _o, version: _v, created_at: _c, updated_at: _u, ...rest }: View) {
  const { used: _, ...thing } = rest as typeof rest & { used?: unknown }
  return thing
}

function commandsOf<View extends Listed>(noun: Noun<View>): Command[] {
  const { one, many } = noun
  const find = async (api: Client, name: string): Promise<View> => {
    const found = (await noun.list(api)).find((view) => view.name === name)
    if (!found) throw new AppError('not_found', `There is no ${one} ${name}.`)
    return found
  }
  const positionals = [{ name: 'NAME', about: `the ${one}`, required: true }]
  const list = defineCommand({
    name: `${many} list`,
    summary: `list ${many}`,
    options: MANAGEMENT_OPTIONS,
    run: (input, io) =>
      withManagement(input, io, async ({ api }) => {
        const views = await noun.list(api)
        if (input.json) return io.out(`${JSON.stringify(views)}\n`)
        if (views.length === 0) return io.out(`No ${many} yet. Write one into a file: portreeve ${many} apply FILE\n`)
        io.out(
          table(views, [
            { head: 'NAME', of: ({ name }) => name },
            { head: 'SET UP IN', of: ({ origin }) => WHERE[origin] },
            { head: 'WHAT', of: noun.says },
          ]),
        )
      }),
  })
  const show = defineCommand({
    name: `${many} show`,
    summary: `show one ${one} as portreeve.yaml would hold it; secrets hidden`,
    positionals,
    options: MANAGEMENT_OPTIONS,
    run: (input, io) =>
      withManagement(input, io, async ({ api }) => {
        const view = await find(api, input.positionals[0] ?? '')
        io.out(input.json ? `${JSON.stringify(view)}\n` : stringify(noun.settingsOf(view)))
      }),
  })
  const apply = defineCommand({
    name: `${many} apply`,
    summary: `create ${many}, or replace those of the same name, from YAML or JSON`,
    about: `FILE holds one ${one}, a list of them, or a section "${many}" as portreeve.yaml has it; - is standard input.`,
    positionals: [{ name: 'FILE', about: 'the file, or -', required: true }],
    options: MANAGEMENT_OPTIONS,
    examples: [`portreeve ${many} apply ${many}.yaml`],
    run: async (input, io) => {
      const path = input.positionals[0] ?? ''
      const text = await readUserFile(path, io)
      const things = asUsage(path, () => thingsIn(text, noun))
      return await withManagement(input, io, async ({ api, running }) => {
        const there = new Set(
          (await noun.list(api)).flatMap(({ name, origin }) => (origin === 'database' ? [name] : [])),
        )
        const done: { name: string; created: boolean }[] = []
        for (const thing of things) {
          await noun.put(api, thing as never, there.has(thing.name))
          done.push({ name: thing.name, created: !there.has(thing.name) })
        }
        if (input.json) return io.out(`${JSON.stringify(done)}\n`)
        for (const { name, created } of done) io.out(`${created ? 'Created' : 'Replaced'} ${one} ${name}.\n`)
        if (!running) io.err('No gateway runs on this folder: it will be used at the next start.\n')
      })
    },
  })
  const remove = defineCommand({
    name: `${many} delete`,
    summary: `delete ${withArticle(one)}`,
    positionals,
    options: MANAGEMENT_OPTIONS,
    run: (input, io) =>
      withManagement(input, io, async ({ api }) => {
        const name = input.positionals[0] ?? ''
        await noun.remove(api, name)
        io.out(input.json ? `${JSON.stringify({ name, deleted: true })}\n` : `Deleted ${one} ${name}.\n`)
      }),
  })
  return [list, show, apply, remove]
}

/** The things of a document, judged by the schema of portreeve.yaml. */
function thingsIn<View extends Listed>(text: string, { one, many, schema, within }: Noun<View>): { name: string }[] {
  let document: unknown
  try {
    document = parse(text)
  } catch (error) {
    throw new AppError('invalid_request', `this is neither YAML nor JSON: ${(error as Error).message.split('\n')[0]}`)
  }
  const inside = isObject(document) ? (document[many] ?? within?.(document)) : undefined
  const things: unknown[] = [inside ?? document].flat()
  if (things.length === 0) throw new AppError('invalid_request', `there is no ${one} in it`)
  return things.map((thing, index) => {
    const read = schema.safeParse(thing)
    if (read.success) return read.data
    const [finding] = read.error.issues.flatMap((issue) => readIssue(schema, issue, thing))
    const name =
      isObject(thing) && typeof thing['name'] === 'string' ? `${one} ${thing['name']}` : `${one} ${index + 1}`
    const place = finding?.path.length ? `${nameOf(finding.path)}: ` : ''
    throw new AppError('invalid_request', `${name}: ${place}${finding?.message ?? 'it is not valid'}`)
  })
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const words = (values: Readonly<Record<string, unknown>>) =>
  Object.entries(values)
    .map(([name, value]) => `${name.replaceAll('_', ' ')} ${String(value)}`)
    .join(', ')

const ownerOf = ({ for: owner, per = [] }: { for?: object; per?: readonly string[] }) =>
  [words({ ...owner }), per.length > 0 ? `each ${per.join(' and ')}` : ''].filter(Boolean).join(', ') || 'all calls'

/** Fields that the file leaves out are not set, whatever they were before. */
const UNSET = Object.fromEntries(Object.keys(Alias.omit({ name: true }).shape).map((field) => [field, null]))

const placesOf = (places: readonly Place[]) => places.map(({ provider, model }) => `${provider}/${model}`).join(', ')

const aliases: Noun<Awaited<ReturnType<typeof listOf<typeof listAliases>>>[number]> = {
  one: 'alias',
  many: 'aliases',
  schema: Alias,
  list: (api) => listOf(api, listAliases),
  settingsOf: bare,
  says: ({ targets, strategy, fallbacks }) =>
    `${strategy} over ${placesOf(targets)}${fallbacks.length > 0 ? `; then ${placesOf(fallbacks)}` : ''}`,
  put: (api, { name, ...alias }: Alias, there) =>
    there
      ? api(updateAlias, { params: { name }, body: { ...UNSET, ...alias } })
      : api(createAlias, { body: { name, ...alias } }),
  remove: (api, name) => api(deleteAlias, { params: { name } }),
}

const limits: Noun<rules.LimitView> = {
  one: 'limit',
  many: 'limits',
  schema: Limit,
  list: (api) => listOf(api, rules.listLimits),
  settingsOf: bare,
  says: (view) => {
    const { name: _, for: owner, per, ...rates } = bare(view)
    return `${ownerOf({ for: owner, per })}: ${words(rates)}`
  },
  put: (api, body: Limit) => api(rules.putLimit, { params: { name: body.name }, body }),
  remove: (api, name) => api(rules.deleteLimit, { params: { name } }),
}

const budgets: Noun<rules.BudgetView> = {
  one: 'budget',
  many: 'budgets',
  schema: Budget,
  list: (api) => listOf(api, rules.listBudgets),
  settingsOf: bare,
  says: ({ amount_micros, period, mode, used, ...view }) => {
    const spent = used?.length === 1 ? `, ${dollars(used[0]!.spent_micros)} spent` : ''
    return `${ownerOf(view)}: ${dollars(amount_micros)} ${period === 'once' ? 'once' : `a ${period}`}, ${mode}${spent}`
  },
  put: (api, body: Budget) => api(rules.putBudget, { params: { name: body.name }, body }),
  remove: (api, name) => api(rules.deleteBudget, { params: { name } }),
}

const guards: Noun<rules.GuardView> = {
  one: 'guard',
  many: 'guards',
  schema: Guard,
  list: (api) => listOf(api, rules.listGuards),
  settingsOf: ({ guard }) => guard,
  says: ({ guard }) => `${guard.kind.replaceAll('_', ' ')}: ${ownerOf(guard)}`,
  put: (api, body: Guard) => api(rules.putGuard, { params: { name: body.name }, body }),
  remove: (api, name) => api(rules.deleteGuard, { params: { name } }),
}

const sections: Noun<rules.SectionView> = {
  one: 'section',
  many: 'sections',
  schema: Section,
  list: (api) => listOf(api, rules.listSections),
  settingsOf: ({ name, settings }) => ({ [name]: settings }),
  says: ({ settings }) => JSON.stringify(settings).slice(0, 100),
  within(document) {
    const found = SECTIONS.filter((name) => document[name] !== undefined)
    return found.length > 0 ? found.map((name) => ({ name, settings: document[name] })) : undefined
  },
  put: (api, body: Section) => api(rules.putSection, { params: { name: body.name }, body }),
  remove: (api, name) => api(rules.deleteSection, { params: { name } }),
}

type ListRoute =
  | typeof listAliases
  | typeof rules.listLimits
  | typeof rules.listBudgets
  | typeof rules.listGuards
  | typeof rules.listSections

async function listOf<R extends ListRoute>(api: Client, route: R) {
  type View = Awaited<ReturnType<typeof api<R>>>['data'][number]
  return (await everyItem((query) => api(route, { query } as never) as never)) as View[]
}

export const ruleCommands: readonly Command[] = [
  ...commandsOf(aliases),
  ...commandsOf(limits),
  ...commandsOf(budgets),
  ...commandsOf(guards),
  ...commandsOf(sections),
]

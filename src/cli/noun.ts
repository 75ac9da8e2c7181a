// What is kept one by one (providers, aliases, rules, sections): listed, shown, applied from a file, deleted. What a file may hold is
// what portreeve.yaml may hold, for both are of one schema.
import { stringify } from 'yaml'
import type { z } from 'zod'
import type { Origin } from '../contract/api/shared.ts'
import type { Client } from '../contract/client.ts'
import { AppError } from '../errors.ts'
import { withArticle } from '../lib/article.ts'
import { refuseHidden, thingsIn } from './applied.ts'
import { type Command, defineCommand } from './command.ts'
import { asUsage, readUserFile } from './files.ts'
import { MANAGEMENT_OPTIONS, withManagement } from './management.ts'
import { type Column, table } from './table.ts'

export type Kept = {
  readonly origin: Origin
  readonly version: number
  readonly created_at: unknown
  readonly updated_at: unknown
}

/** What the commands must know of one kind of thing. */
export type Noun<View extends Kept> = {
  readonly one: string
  readonly many: string
  /** The field that tells them apart, and what it is of one thing. */
  readonly field: 'name' | 'id'
  readonly nameOf: (thing: View) => string
  /** One schema for the file, the API and this command line. */
  readonly schema: z.ZodType
  readonly list: (api: Client) => Promise<View[]>
  readonly columns: readonly Column<View>[]
  /** What is said beside the list. */
  readonly remark?: (views: readonly View[]) => string | undefined
  /** The thing as portreeve.yaml would hold it. */
  readonly settingsOf: (view: View) => unknown
  /** Things of a document that is neither one of them nor a list. */
  readonly within?: (document: Record<string, unknown>) => readonly unknown[] | undefined
  /** Makes the thing so. `before` is what the database keeps under its name; secrets in `value` may be `(hidden)` then, which stay. */
  readonly put: (api: Client, value: never, before: View | undefined) => Promise<unknown>
  readonly remove: (api: Client, name: string) => Promise<unknown>
}

export const WHERE = {
  file: 'portreeve.yaml',
  database: 'console, API or CLI',
  environment: 'environment',
  'built-in': 'built in',
} as const

/** Without what the gateway says of it. */
export function bare<View extends Kept>({ origin: _o, version: _v, created_at: _c, updated_at: _u, ...thing }: View) {
  return thing
}

export function commandsOf<View extends Kept>(noun: Noun<View>): Command[] {
  const { one, many, field, nameOf } = noun
  const positionals = [{ name: field.toUpperCase(), about: `the ${one}`, required: true }]
  const list = defineCommand({
    name: `${many} list`,
    summary: `list ${many}`,
    options: MANAGEMENT_OPTIONS,
    run: (input, io) =>
      withManagement(input, io, async ({ api }) => {
        const views = await noun.list(api)
        if (input.json) return io.out(`${JSON.stringify(views)}\n`)
        if (views.length === 0) return io.out(`No ${many} yet. Write one into a file: portreeve ${many} apply FILE\n`)
        io.out(table(views, noun.columns))
        const remark = noun.remark?.(views)
        if (remark !== undefined) io.err(`${remark}\n`)
      }),
  })
  const show = defineCommand({
    name: `${many} show`,
    summary: `show one ${one} as portreeve.yaml would hold it; secrets hidden`,
    positionals,
    options: MANAGEMENT_OPTIONS,
    run: (input, io) =>
      withManagement(input, io, async ({ api }) => {
        const name = input.positionals[0] ?? ''
        const view = (await noun.list(api)).find((each) => nameOf(each) === name)
        if (!view) throw new AppError('not_found', `There is no ${one} ${name}.`)
        io.out(input.json ? `${JSON.stringify(view)}\n` : stringify(noun.settingsOf(view)))
      }),
  })
  const apply = defineCommand({
    name: `${many} apply`,
    summary: `create ${many}, or replace those of the same ${field}, from YAML or JSON`,
    about: `FILE holds one ${one}, a list of them, or a section "${many}" as portreeve.yaml has it; - is standard input.`,
    positionals: [{ name: 'FILE', about: 'the file, or -', required: true }],
    options: MANAGEMENT_OPTIONS,
    examples: [`portreeve ${many} apply ${many}.yaml`],
    run: async (input, io) => {
      const path = input.positionals[0] ?? ''
      const text = await readUserFile(path, io)
      const things = asUsage(path, () => thingsIn(text, noun, path, io))
      return await withManagement(input, io, async ({ api, running }) => {
        const views = (await noun.list(api)).filter(({ origin }) => origin === 'database')
        const before = new Map(views.map((view) => [nameOf(view), view]))
        asUsage(path, () => {
          for (const thing of things) {
            const old = before.get(thing.name)
            refuseHidden(noun, thing, old && noun.settingsOf(old))
          }
        })
        const done: { name: string; created: boolean }[] = []
        for (const { name, value } of things) {
          await noun.put(api, value as never, before.get(name))
          done.push({ name, created: !before.has(name) })
        }
        if (input.json)
          return io.out(`${JSON.stringify(done.map(({ name, created }) => ({ [field]: name, created })))}\n`)
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
        io.out(input.json ? `${JSON.stringify({ [field]: name, deleted: true })}\n` : `Deleted ${one} ${name}.\n`)
      }),
  })
  return [list, show, apply, remove]
}

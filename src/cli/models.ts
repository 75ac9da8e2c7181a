import { type AliasView, listAliases } from '../contract/api/aliases.ts'
import { listModels, type ModelView } from '../contract/api/models.ts'
import { defineCommand, type Input, type Option } from './command.ts'
import { everyItem } from './every-item.ts'
import type { Io } from './io.ts'
import { MANAGEMENT_OPTIONS, withManagement } from './management.ts'
import { dollars, table } from './table.ts'

const OPTIONS: Readonly<Record<string, Option>> = {
  provider: { about: 'only models of this provider', value: 'ID' },
  limit: { about: 'how many', value: 'N', default: '50' },
  ...MANAGEMENT_OPTIONS,
}

const list = defineCommand({
  name: 'models list',
  summary: 'list the models that calls can name',
  options: OPTIONS,
  run: (input, io) => print(input, io),
})

const search = defineCommand({
  name: 'models search',
  summary: 'find models by words of their name, at every vendor that is known',
  positionals: [{ name: 'WORD', about: 'what the name must hold', required: true, many: true }],
  options: {
    ...OPTIONS,
    can: { about: 'only models with this ability: tools, reasoning, image-input …', value: 'ABILITY' },
  },
  examples: ['portreeve models search claude --can tools'],
  run: (input, io) => print(input, io, input.positionals.join(' '), input.text('can')),
})

function print(input: Input, io: Io, words?: string, capability?: string): Promise<void> {
  return withManagement(input, io, async ({ api }) => {
    const provider = input.text('provider')
    const most = input.integer('limit', { min: 1, max: 100_000 }) ?? 50
    const query = {
      ...(provider && { provider }),
      ...(words && { search: words }),
      ...(capability && { capability }),
      ...(words && { catalogue: 'true' }),
    }
    const aliases = words || provider ? [] : await everyItem((paging) => api(listAliases, { query: paging }), most + 1)
    const listed = await everyItem((paging) => api(listModels, { query: { ...paging, ...query } }), most + 1)
    const found = [...aliases.map(aliasView), ...listed]
    const models = found.slice(0, most)
    if (input.json) return io.out(`${JSON.stringify(models)}\n`)
    if (models.length === 0) {
      return io.out(
        `No model ${words ? `named like "${words}" is known` : 'at the providers that are set up'}. "portreeve providers list" shows what is set up.\n`,
      )
    }
    io.out(
      table(models, [
        { head: 'MODEL', of: ({ id }) => id },
        { head: 'KIND', of: ({ kind }) => kind ?? '-' },
        {
          head: 'CONTEXT',
          of: ({ context_tokens: tokens }) => (tokens === null ? '-' : tokens.toLocaleString('en')),
          right: true,
        },
        { head: 'INPUT/1M', of: ({ price }) => dollars(price?.input), right: true },
        { head: 'OUTPUT/1M', of: ({ price }) => dollars(price?.output), right: true },
        { head: 'CAN', of: abilities },
        { head: '', of: ({ set_up }) => (set_up ? '' : 'not set up') },
      ]),
    )
    if (found.length > most) io.err(`More than ${most}: narrow the search, or raise --limit.\n`)
  })
}

/** An alias among the models, as `GET /v1/models` lists it: what it can do and costs depends on its target. */
function aliasView({ name }: AliasView): ModelView {
  return {
    id: name,
    provider: 'portreeve',
    model: name,
    label: null,
    kind: 'alias',
    capabilities: [],
    context_tokens: null,
    output_tokens: null,
    price: null,
    price_source: null,
    overridden: false,
    shutdown_at: null,
    set_up: true,
  }
}

function abilities({ capabilities }: ModelView): string {
  const shown = ['tools', 'reasoning', 'jsonSchema', 'image-input', 'audio-input', 'document-input']
  return shown.filter((name) => capabilities.includes(name)).join(', ') || '-'
}

export const modelCommands = [list, search]

import type { Alias } from '../contract/alias.ts'
import type { Origin } from '../contract/api/shared.ts'
import type { Budget } from '../contract/budget.ts'
import type { Configuration } from '../contract/configuration.ts'
import type { Guard } from '../contract/guard.ts'
import type { Limit } from '../contract/limit.ts'
import type { ModelPrice } from '../contract/price.ts'
import type { Provider } from '../contract/provider.ts'
import type { Section } from '../contract/section.ts'
import { SECTIONS } from '../contract/section-names.ts'

/** What each kind of configuration that is kept one by one holds. */
type Values = {
  readonly provider: Provider
  readonly alias: Alias
  readonly limit: Limit
  readonly budget: Budget
  readonly guard: Guard
  readonly price: ModelPrice
  readonly section: Section
}
export type Kind = keyof Values
export type ValueOf<K extends Kind> = Values[K]

/** Plural, those in the file, and what names one. */
export const KINDS = {
  provider: { many: 'providers', inFile: listed('providers'), idOf: ({ id }: Provider) => id },
  alias: { many: 'aliases', inFile: listed('aliases'), idOf: nameOf },
  limit: { many: 'limits', inFile: listed('limits'), idOf: nameOf },
  budget: { many: 'budgets', inFile: listed('budgets'), idOf: nameOf },
  guard: { many: 'guards', inFile: listed('guards'), idOf: nameOf },
  price: {
    many: 'prices',

    inFile: listed('prices'),
    idOf: ({ provider, model }: ModelPrice) => `${provider}/${model}`,
  },
  section: {
    many: 'sections',

    inFile: (file: Configuration) =>
      SECTIONS.flatMap((name) => (file[name] === undefined ? [] : [{ name, settings: file[name] } as Section])),
    idOf: nameOf,
  },
} as const satisfies Record<Kind, unknown>

function listed<List extends 'providers' | 'aliases' | 'limits' | 'budgets' | 'guards' | 'prices'>(list: List) {
  return (file: Configuration) => file[list]
}

function nameOf({ name }: { readonly name: string }): string {
  return name
}

/** One thing of the configuration, wherever it is kept. `value` holds its secrets or the references to them. */
export type Entry<K extends Kind = Kind> = {
  readonly kind: K
  readonly id: string
  readonly value: ValueOf<K>
  readonly origin: Origin
  /** 0 for what is not in the database. */
  readonly version: number
  readonly createdAt: number | null
  readonly updatedAt: number | null
  /** Why its secrets cannot be used, in words. */
  readonly sealProblem?: string
}

/** The entries of one kind in the file. */
export function entriesOfFile<K extends Kind>(kind: K, configuration: Configuration): Entry<K>[] {
  const { inFile, idOf } = KINDS[kind]
  return (inFile(configuration) as readonly unknown[] as readonly ValueOf<K>[]).map((value) => ({
    kind,
    id: (idOf as (value: ValueOf<K>) => string)(value),
    value,
    origin: 'file',
    version: 0,
    createdAt: null,
    updatedAt: null,
  }))
}

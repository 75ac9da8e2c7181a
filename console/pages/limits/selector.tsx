import { Fieldset, MultiSelect, SimpleGrid, TextInput } from '@mantine/core'
import type { UseFormReturnType } from '@mantine/form'
import type { Dimension, Selector } from '../../../src/contract/selector.ts'
import { useText } from '../../i18n/text.ts'
import { Chips } from '../../ui/chips.tsx'
import { LIMITS_TEXT } from './text.ts'

export type Scope = { for: Record<Dimension, string>; per: string[] }

export const DIMENSIONS = ['key', 'team', 'application', 'model', 'provider', 'end_user'] as const satisfies Dimension[]
export const OWNERS = ['key', 'team', 'application', 'model'] as const satisfies Dimension[]

export const scopeOf = (selector: Selector, per: readonly string[]): Scope => ({
  for: {
    key: selector.key ?? '',
    team: selector.team ?? '',
    application: selector.application ?? '',
    model: selector.model ?? '',
    provider: selector.provider ?? '',
    end_user: selector.end_user ?? '',
  },
  per: [...per],
})

/** The named dimensions of a selector; empty fields name none. */
export function selectorOf<D extends Dimension>(scope: Scope, dimensions: readonly D[]): { [N in D]?: string } {
  const selector: { [N in D]?: string } = {}
  for (const name of dimensions) {
    const value = scope.for[name].trim()
    if (value) selector[name] = value
  }
  return selector
}

export function ScopeFields<V extends Scope>({
  form,
  dimensions,
}: {
  form: UseFormReturnType<V>
  dimensions: readonly Dimension[]
}) {
  const t = useText(LIMITS_TEXT)
  return (
    <>
      <Fieldset legend={t('for')} p="sm">
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs">
          {dimensions.map((name) => (
            <TextInput
              key={form.key(`for.${name}`)}
              label={t(name)}
              placeholder="*"
              {...form.getInputProps(`for.${name}`)}
            />
          ))}
        </SimpleGrid>
      </Fieldset>
      <MultiSelect
        label={t('per')}
        description={t('perHint')}
        data={dimensions.map((value) => ({ value, label: t(value) }))}
        key={form.key('per')}
        {...form.getInputProps('per')}
      />
    </>
  )
}

/** Which calls a rule is about, in a few words. */
export function ScopeWords({ selector, per }: { selector: Selector; per: readonly Dimension[] }) {
  const t = useText(LIMITS_TEXT)
  const named = DIMENSIONS.flatMap((name) => (selector[name] ? [`${t(name)}: ${selector[name]}`] : []))
  return (
    <div>
      {named.length > 0 ? <Chips values={named} /> : t('everyCall')}
      {per.length > 0 && (
        <div className="quiet" style={{ fontSize: 12 }}>
          {t('per')}: {per.map((name) => t(name)).join(' × ')}
        </div>
      )}
    </div>
  )
}

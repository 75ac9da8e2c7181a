import { NumberInput, SimpleGrid, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation } from '@tanstack/react-query'
import { type LimitView, putLimit } from '../../../src/contract/api/rules.ts'
import { api, refresh } from '../../api.ts'
import { COMMON } from '../../i18n/common.ts'
import { useText } from '../../i18n/text.ts'
import { fieldErrors, FormFrame } from '../../ui/form.tsx'
import { told } from '../../ui/toast.tsx'
import { type Rate, RATES } from './rates.ts'
import { DIMENSIONS, type Scope, ScopeFields, scopeOf, selectorOf } from './selector.tsx'
import { LIMITS_TEXT } from './text.ts'

type Values = Scope & { name: string; rates: Record<Rate, number | ''> }

export function LimitForm({ view, onClose }: { view: LimitView | undefined; onClose: () => void }) {
  const t = useText(LIMITS_TEXT)
  const common = useText(COMMON)
  const form = useForm<Values>({
    mode: 'uncontrolled',
    initialValues: {
      name: view?.name ?? '',
      ...scopeOf(view?.for ?? {}, view?.per ?? ['key']),
      rates: Object.fromEntries(RATES.map((rate) => [rate, view?.[rate] ?? ''])) as Values['rates'],
    },
    validate: {
      name: (value) => (value.trim() ? null : common('required')),
      rates: (rates) => (Object.values(rates).some((value) => value !== '') ? null : t('oneRate')),
    },
  })
  const save = useMutation({
    mutationFn: (values: Values) => {
      const rates = Object.fromEntries(Object.entries(values.rates).filter(([, value]) => value !== ''))
      const name = view?.name ?? values.name.trim()
      const per = DIMENSIONS.filter((dimension) => values.per.includes(dimension))
      return api(
        putLimit,
        { params: { name }, body: { name, for: selectorOf(values, DIMENSIONS), per, ...rates } },
        view ? { version: view.version } : {},
      )
    },
    onSuccess: (after) => {
      refresh('limits')
      told(t('saved', { name: after.name }))
      onClose()
    },
    onError: (error) => form.setErrors(fieldErrors(error)),
  })
  return (
    <FormFrame
      onSubmit={form.onSubmit((values) => save.mutate(values))}
      onCancel={onClose}
      busy={save.isPending}
      error={save.error}
      action={common('save')}
      onReload={() => refresh('limits')}
    >
      {!view && (
        <TextInput label={t('name')} required data-autofocus key={form.key('name')} {...form.getInputProps('name')} />
      )}
      <ScopeFields form={form} dimensions={DIMENSIONS} />
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs">
        {RATES.map((rate) => (
          <NumberInput
            key={form.key(`rates.${rate}`)}
            label={t(rate)}
            min={1}
            thousandSeparator
            {...form.getInputProps(`rates.${rate}`)}
          />
        ))}
      </SimpleGrid>
      {form.errors['rates'] && (
        <Text size="sm" className="bad" role="alert">
          {form.errors['rates']}
        </Text>
      )}
    </FormFrame>
  )
}

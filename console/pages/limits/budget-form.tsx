import { Select, SimpleGrid, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation } from '@tanstack/react-query'
import { type BudgetView, putBudget } from '../../../src/contract/api/rules.ts'
import { api, refresh } from '../../api.ts'
import { COMMON } from '../../i18n/common.ts'
import { microsOf } from '../../i18n/money.ts'
import { useText } from '../../i18n/text.ts'
import { fieldErrors, FormFrame } from '../../ui/form.tsx'
import { told } from '../../ui/toast.tsx'
import { OWNERS, type Scope, ScopeFields, scopeOf, selectorOf } from './selector.tsx'
import { LIMITS_TEXT } from './text.ts'

type Values = Scope & {
  name: string
  amount: string
  period: BudgetView['period']
  mode: BudgetView['mode']
  unpriced: BudgetView['unpriced']
  url: string
  secret: string
}

export function BudgetForm({ view, onClose }: { view: BudgetView | undefined; onClose: () => void }) {
  const t = useText(LIMITS_TEXT)
  const common = useText(COMMON)
  const form = useForm<Values>({
    mode: 'uncontrolled',
    initialValues: {
      name: view?.name ?? '',
      ...scopeOf(view?.for ?? {}, view?.per ?? []),
      amount: view ? String(view.amount_micros / 1e6) : '',
      period: view?.period ?? 'month',
      mode: view?.mode ?? 'hard',
      unpriced: view?.unpriced ?? 'refuse',
      url: view?.alerts?.url ?? '',
      secret: '',
    },
    validate: {
      name: (value) => (value.trim() ? null : common('required')),
      amount: (value) => (microsOf(value) === null ? t('notMoney') : null),
    },
  })
  const save = useMutation({
    mutationFn: (values: Values) => {
      const name = view?.name ?? values.name.trim()
      return api(
        putBudget,
        {
          params: { name },
          body: {
            ...(view?.assume_output_tokens ? { assume_output_tokens: view.assume_output_tokens } : {}),
            ...(view ? { wait_ms: view.wait_ms, reservation_ms: view.reservation_ms } : {}),
            name,
            for: selectorOf(values, OWNERS),
            per: OWNERS.filter((owner) => values.per.includes(owner)),
            amount_micros: microsOf(values.amount) ?? 0,
            period: values.period,
            mode: values.mode,
            unpriced: values.unpriced,
            ...(values.url
              ? {
                  alerts: {
                    url: values.url,
                    ...(view?.alerts ? { at: view.alerts.at } : {}),
                    ...(values.secret ? { secret: values.secret } : {}),
                  },
                }
              : {}),
          },
        },
        view ? { version: view.version } : {},
      )
    },
    onSuccess: (after) => {
      refresh('budgets', 'attention')
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
      onReload={() => refresh('budgets')}
    >
      {!view && (
        <TextInput label={t('name')} required data-autofocus key={form.key('name')} {...form.getInputProps('name')} />
      )}
      <SimpleGrid cols={2} spacing="xs">
        <TextInput
          label={t('amount')}
          description={t('amountHint')}
          leftSection="$"
          inputMode="decimal"
          required
          key={form.key('amount')}
          {...form.getInputProps('amount')}
        />
        <Select
          label={t('period')}
          description=" "
          data={(['day', 'week', 'month', 'once'] as const).map((value) => ({ value, label: t(value) }))}
          key={form.key('period')}
          {...form.getInputProps('period')}
        />
        <Select
          label={t('mode')}
          data={(['hard', 'soft'] as const).map((value) => ({ value, label: t(value) }))}
          key={form.key('mode')}
          {...form.getInputProps('mode')}
        />
        <Select
          label={t('unpriced')}
          data={(['refuse', 'allow'] as const).map((value) => ({ value, label: t(value) }))}
          key={form.key('unpriced')}
          {...form.getInputProps('unpriced')}
        />
      </SimpleGrid>
      <ScopeFields form={form} dimensions={OWNERS} />
      <SimpleGrid cols={2} spacing="xs">
        <TextInput
          label={t('alertUrl')}
          description={t('alertHint')}
          placeholder="https://"
          key={form.key('url')}
          {...form.getInputProps('url')}
        />
        <TextInput
          label={t('alertSecret')}
          description="env:NAME, file:PATH"
          key={form.key('secret')}
          {...form.getInputProps('secret')}
        />
      </SimpleGrid>
    </FormFrame>
  )
}

import { Button, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQuery } from '@tanstack/react-query'
import { deletePrice, listPrices, type ModelView, setPrice } from '../../../src/contract/api/models.ts'
import { api, refresh } from '../../api.ts'
import { COMMON } from '../../i18n/common.ts'
import { microsOf } from '../../i18n/money.ts'
import { useText } from '../../i18n/text.ts'
import { fieldErrors, FormFrame } from '../../ui/form.tsx'
import { told } from '../../ui/toast.tsx'
import { MODELS_TEXT } from './text.ts'

const CLASSES = [
  ['input', 'input'],
  ['output', 'outputTokens'],
  ['cache_read', 'cacheRead'],
  ['cache_write', 'cacheWrite'],
] as const
type Values = Record<(typeof CLASSES)[number][0], string>

const dollarsOf = (micros: number | undefined) => (micros === undefined ? '' : String(micros / 1e6))

/** A price of one's own for one model; empty fields follow the catalogue. */
export function PriceForm({ model, onClose }: { model: ModelView; onClose: () => void }) {
  const t = useText(MODELS_TEXT)
  const common = useText(COMMON)
  const params = { provider: model.provider, model: model.model }
  const present = useQuery({
    queryKey: ['prices'],
    queryFn: ({ signal }) => api(listPrices, { query: { limit: 200 } }, { signal }),
  }).data?.data.find((price) => price.provider === model.provider && price.model === model.model)
  const version = present ? { version: present.version } : {}
  const check = (value: string) => (value.trim() === '' || microsOf(value) !== null ? null : t('notANumber'))
  const form = useForm<Values>({
    mode: 'uncontrolled',
    initialValues: {
      input: dollarsOf(model.overridden ? model.price?.input : undefined),
      output: dollarsOf(model.overridden ? model.price?.output : undefined),
      cache_read: dollarsOf(model.overridden ? model.price?.cache_read : undefined),
      cache_write: dollarsOf(model.overridden ? model.price?.cache_write : undefined),
    },
    validate: { input: check, output: check, cache_read: check, cache_write: check },
  })
  const done = (message: string) => {
    refresh('models', 'prices')
    told(message)
    onClose()
  }
  const save = useMutation({
    mutationFn: (values: Values) =>
      api(
        setPrice,
        {
          params,
          body: Object.fromEntries(
            Object.entries(values).flatMap(([name, text]) => {
              const micros = text.trim() ? microsOf(text) : null
              return micros === null ? [] : [[name, micros]]
            }),
          ),
        },
        version,
      ),
    onSuccess: () => done(t('saved', { model: model.id })),
    onError: (error) => form.setErrors(fieldErrors(error)),
  })
  const reset = useMutation({
    mutationFn: () => api(deletePrice, { params }, version),
    onSuccess: () => done(t('wasReset', { model: model.id })),
  })
  return (
    <FormFrame
      onSubmit={form.onSubmit((values) => save.mutate(values))}
      onCancel={onClose}
      busy={save.isPending}
      error={save.error ?? reset.error}
      action={common('save')}
      onReload={() => refresh('prices', 'models')}
      extra={
        model.overridden && (
          <Button variant="light" color="gray" mr="auto" loading={reset.isPending} onClick={() => reset.mutate()}>
            {t('reset')}
          </Button>
        )
      }
    >
      <Text size="sm" c="dimmed">
        {t('editHint')}
      </Text>
      {CLASSES.map(([name, label], index) => (
        <TextInput
          key={form.key(name)}
          label={t(label)}
          leftSection="$"
          inputMode="decimal"
          placeholder={dollarsOf(model.price?.[name]) || common('unknown')}
          {...(index === 0 ? { 'data-autofocus': true } : {})}
          {...form.getInputProps(name)}
        />
      ))}
    </FormFrame>
  )
}

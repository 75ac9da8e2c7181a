import { useForm } from '@mantine/form'
import { useMutation } from '@tanstack/react-query'
import { createKey } from '../../../src/contract/api/keys.ts'
import { api, refresh } from '../../api.ts'
import { COMMON } from '../../i18n/common.ts'
import { useText } from '../../i18n/text.ts'
import { fieldErrors, FormFrame } from '../../ui/form.tsx'
import { bodyOf, EMPTY_KEY, KeyFields, type KeyForm } from './fields.tsx'
import { SecretShown } from './secret.tsx'
import { KEYS_TEXT } from './text.ts'

export function CreateKey({ onClose }: { onClose: () => void }) {
  const t = useText(KEYS_TEXT)
  const common = useText(COMMON)
  const form = useForm<KeyForm>({
    mode: 'uncontrolled',
    initialValues: EMPTY_KEY,
    validate: {
      name: (value) => (value.trim() ? null : common('required')),
      models: (value) => (value.length ? null : common('required')),
    },
  })
  const create = useMutation({
    mutationFn: (values: KeyForm) => api(createKey, { body: bodyOf(values) }, { idempotencyKey: crypto.randomUUID() }),
    onSuccess: () => refresh('keys'),
    onError: (error) => form.setErrors(fieldErrors(error)),
  })
  if (create.data) return <SecretShown secret={create.data.secret} onDone={onClose} />
  return (
    <FormFrame
      onSubmit={form.onSubmit((values) => create.mutate(values))}
      onCancel={onClose}
      busy={create.isPending}
      error={create.error}
      action={t('create')}
    >
      <KeyFields form={form} />
    </FormFrame>
  )
}

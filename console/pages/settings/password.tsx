import { PasswordInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation } from '@tanstack/react-query'
import { changePassword } from '../../../src/contract/api/people.ts'
import { api, refresh } from '../../api.ts'
import { COMMON } from '../../i18n/common.ts'
import { useText } from '../../i18n/text.ts'
import { fieldErrors, FormFrame } from '../../ui/form.tsx'
import { Section } from '../../ui/page.tsx'
import { told } from '../../ui/toast.tsx'
import { SETTINGS_TEXT } from './text.ts'

export function PasswordTab() {
  const t = useText(SETTINGS_TEXT)
  const common = useText(COMMON)
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { current: '', password: '' },
    validate: {
      current: (value) => (value ? null : common('required')),
      password: (value) => (value.length < 12 ? t('tooShort') : null),
    },
  })
  const change = useMutation({
    mutationFn: (body: { current: string; password: string }) => api(changePassword, { body }),
    onSuccess: () => {
      form.reset()
      refresh('sessions', 'session')
      told(t('changed'))
    },
    onError: (error) => form.setErrors(fieldErrors(error)),
  })
  return (
    <div style={{ maxWidth: 460 }}>
      <Section title={t('password')}>
        <FormFrame
          onSubmit={form.onSubmit((values) => change.mutate(values))}
          busy={change.isPending}
          error={change.error}
          action={t('change')}
        >
          <PasswordInput
            label={t('currentPassword')}
            autoComplete="current-password"
            required
            key={form.key('current')}
            {...form.getInputProps('current')}
          />
          <PasswordInput
            label={t('newPassword')}
            description={t('passwordHint')}
            autoComplete="new-password"
            required
            key={form.key('password')}
            {...form.getInputProps('password')}
          />
        </FormFrame>
      </Section>
    </div>
  )
}

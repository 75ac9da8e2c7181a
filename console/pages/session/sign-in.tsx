import { Alert, Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { signIn } from '../../../src/contract/api/people.ts'
import { AppError } from '../../../src/errors.ts'
import { api, healthQuery, rememberSession } from '../../api.ts'
import { useText } from '../../i18n/text.ts'
import { CodeBlock } from '../../ui/copy.tsx'
import { useErrorWords } from '../../ui/states.tsx'
import { SessionCard } from './card.tsx'
import { SESSION_TEXT } from './text.ts'

export function SignInPage() {
  const t = useText(SESSION_TEXT)
  const words = useErrorWords()
  const health = useQuery(healthQuery)
  const form = useForm({ mode: 'uncontrolled', initialValues: { email: '', password: '' } })
  const enter = useMutation({
    mutationFn: (body: { email: string; password: string }) => api(signIn, { body }),
    onSuccess: rememberSession,
  })
  useEffect(() => {
    document.title = `${t('signIn')} · Portreeve`
  }, [t])
  if (health.data?.needs_owner)
    return (
      <SessionCard title={t('needsOwner')} lead={t('needsOwnerHint')}>
        <CodeBlock code="portreeve users link --owner" label={t('needsOwner')} />
      </SessionCard>
    )
  const problem = enter.error instanceof AppError ? enter.error : null
  const message =
    problem?.status === 401
      ? t('wrong')
      : problem?.status === 429
        ? t('slow', { seconds: Math.ceil((problem.details.retryAfterMs ?? 30_000) / 1000) })
        : enter.error
          ? words(enter.error).detail
          : null
  return (
    <SessionCard title={t('signIn')} lead={t('lead', { host: location.host })}>
      <form onSubmit={form.onSubmit((values) => enter.mutate(values))}>
        <Stack gap="sm">
          {message && (
            <Alert color="red" role="alert">
              {message}
            </Alert>
          )}
          <TextInput
            label={t('email')}
            type="email"
            name="email"
            autoComplete="username"
            required
            withAsterisk={false}
            autoFocus
            size="md"
            key={form.key('email')}
            {...form.getInputProps('email')}
          />
          <PasswordInput
            label={t('password')}
            name="password"
            autoComplete="current-password"
            required
            withAsterisk={false}
            size="md"
            key={form.key('password')}
            {...form.getInputProps('password')}
          />
          <Button type="submit" size="md" loading={enter.isPending} mt="xs">
            {t('signIn')}
          </Button>
          <Text size="xs" c="dimmed">
            {t('lost')}
          </Text>
        </Stack>
      </form>
    </SessionCard>
  )
}

import { Alert, Button, PasswordInput, Stack, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { acceptInvitation, readInvitation } from '../../../src/contract/api/people.ts'
import { api, rememberSession } from '../../api.ts'
import { useText } from '../../i18n/text.ts'
import { useOpen } from '../../router.tsx'
import { Loading, useErrorWords } from '../../ui/states.tsx'
import { SessionCard } from './card.tsx'
import { SESSION_TEXT } from './text.ts'

/** The token stays behind the `#`, which no browser sends: it reaches no log on the way. */
const tokenIn = (hash: string): string => new URLSearchParams(hash.slice(1)).get('token') ?? hash.slice(1)

/** What a one-time link opens: the first owner, an invited person, or somebody who lost the password. */
export function JoinPage() {
  const t = useText(SESSION_TEXT)
  const words = useErrorWords()
  const open = useOpen()
  const [token] = useState(() => tokenIn(location.hash))
  const invitation = useQuery({
    queryKey: ['invitation', token],
    queryFn: () => api(readInvitation, { body: { token } }),
    enabled: token.length >= 20,
    retry: false,
  })
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { email: '', name: '', password: '' },
    validate: { password: (value) => (value.length < 12 ? t('tooShort') : null) },
  })
  const join = useMutation({
    mutationFn: (values: { email: string; name: string; password: string }) =>
      api(acceptInvitation, {
        body: { token, name: values.name, password: values.password, ...(values.email ? { email: values.email } : {}) },
      }),
    onSuccess: (me) => {
      rememberSession(me)
      open(invitation.data?.purpose === 'first-owner' ? '/welcome' : '/')
    },
  })
  if (token.length < 20 || invitation.isError)
    return (
      <SessionCard title={t('badLink')} lead={token.length < 20 ? t('noLink') : t('badLinkHint')}>
        <Button variant="default" onClick={() => open('/')}>
          {t('toSignIn')}
        </Button>
      </SessionCard>
    )
  if (!invitation.data) return <Loading />
  const { purpose, email, role } = invitation.data
  const owner = purpose === 'first-owner'
  return (
    <SessionCard
      title={owner ? t('joinOwner') : purpose === 'reset' ? t('joinReset') : t('joinInvited', { role })}
      lead={owner ? t('joinOwnerLead') : email && t('joinFor', { email })}
    >
      <form onSubmit={form.onSubmit((values) => join.mutate(values))}>
        <Stack gap="sm">
          {join.error && (
            <Alert color="red" role="alert">
              {words(join.error).detail}
            </Alert>
          )}
          {!email && (
            <TextInput
              label={t('email')}
              type="email"
              autoComplete="username"
              required
              size="md"
              key={form.key('email')}
              {...form.getInputProps('email')}
            />
          )}
          <TextInput
            label={t('yourName')}
            autoComplete="name"
            required
            size="md"
            key={form.key('name')}
            {...form.getInputProps('name')}
          />
          <PasswordInput
            label={t('password')}
            description={t('passwordHint')}
            autoComplete="new-password"
            required
            size="md"
            key={form.key('password')}
            {...form.getInputProps('password')}
          />
          <Button type="submit" size="md" loading={join.isPending} mt="xs">
            {owner ? t('start') : t('setPassword')}
          </Button>
        </Stack>
      </form>
    </SessionCard>
  )
}

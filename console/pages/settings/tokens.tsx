import { Alert, Button, Group, Modal, Select, Stack, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { ROLES, type Role } from '../../../src/contract/action.ts'
import { createToken, listTokens, revokeToken, type TokenView } from '../../../src/contract/api/tokens.ts'
import { api, refresh } from '../../api.ts'
import { COMMON } from '../../i18n/common.ts'
import { useText } from '../../i18n/text.ts'
import { ConfirmDanger } from '../../ui/confirm.tsx'
import { CodeBlock } from '../../ui/copy.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { fieldErrors, FormFrame } from '../../ui/form.tsx'
import { Icon } from '../../ui/icons.tsx'
import { Section } from '../../ui/page.tsx'
import { EmptyState, Loaded } from '../../ui/states.tsx'
import { RelativeTime } from '../../ui/values.tsx'
import { SETTINGS_TEXT } from './text.ts'

export function TokensTab() {
  const t = useText(SETTINGS_TEXT)
  const [creating, create] = useDisclosure(false)
  const [going, setGoing] = useState<TokenView | null>(null)
  const query = useQuery({
    queryKey: ['tokens'],
    queryFn: ({ signal }) => api(listTokens, { query: { limit: 200 } }, { signal }),
  })
  const revoke = useMutation({
    mutationFn: (token: TokenView) => api(revokeToken, { params: { id: token.id } }),
    onSuccess: () => {
      refresh('tokens')
      setGoing(null)
    },
  })
  return (
    <Section
      title={t('tokens')}
      note={t('tokensLead')}
      pad={false}
      actions={
        <Button leftSection={<Icon name="plus" />} onClick={create.open}>
          {t('newToken')}
        </Button>
      }
    >
      <Loaded query={query}>
        {({ data }) =>
          data.length === 0 ? (
            <EmptyState icon="key" title={t('noTokens')} hint={t('tokensLead')} />
          ) : (
            <DataTable
              label={t('tokens')}
              rows={data}
              rowKey={(token) => token.id}
              columns={[
                { key: 'name', title: t('name'), render: (token) => <b>{token.name}</b> },
                {
                  key: 'hint',
                  title: t('token'),
                  wide: true,
                  render: (token) => <span className="mono quiet">{token.hint}</span>,
                },
                { key: 'role', title: t('role'), render: (token) => t(token.role) },
                {
                  key: 'used',
                  title: t('lastUsed'),
                  render: (token) =>
                    token.last_used_at ? (
                      <RelativeTime at={token.last_used_at} />
                    ) : (
                      <span className="quiet">{t('never')}</span>
                    ),
                },
                {
                  key: 'expires',
                  title: t('expires'),
                  wide: true,
                  render: (token) => <RelativeTime at={token.expires_at} />,
                },
                {
                  key: 'revoke',
                  title: '',
                  numeric: true,
                  render: (token) => (
                    <Button variant="subtle" color="red" size="compact-sm" onClick={() => setGoing(token)}>
                      {t('revoke')}
                    </Button>
                  ),
                },
              ]}
            />
          )
        }
      </Loaded>
      <Modal opened={creating} onClose={create.close} title={t('newToken')} size="lg">
        <NewToken onClose={create.close} />
      </Modal>
      <ConfirmDanger
        opened={going !== null}
        onClose={() => setGoing(null)}
        title={t('revokeTitle', { name: going?.name ?? '' })}
        body={t('revokeBody')}
        action={t('revoke')}
        busy={revoke.isPending}
        error={revoke.error}
        onConfirm={() => going && revoke.mutate(going)}
      />
    </Section>
  )
}

function NewToken({ onClose }: { onClose: () => void }) {
  const t = useText(SETTINGS_TEXT)
  const common = useText(COMMON)
  const form = useForm<{ name: string; role: Role; expires: string }>({
    mode: 'uncontrolled',
    initialValues: { name: '', role: 'viewer', expires: '' },
    validate: { name: (value) => (value.trim() ? null : common('required')) },
  })
  const create = useMutation({
    mutationFn: ({ name, role, expires }: { name: string; role: Role; expires: string }) =>
      api(createToken, {
        body: {
          name: name.trim(),
          role,
          ...(expires ? { expires_at: new Date(`${expires}T23:59:59`).toISOString() } : {}),
        },
      }),
    onSuccess: () => refresh('tokens'),
    onError: (error) => form.setErrors(fieldErrors(error)),
  })
  if (create.data)
    return (
      <Stack gap="sm">
        <Alert color="yellow" icon={<Icon name="warn" />}>
          {t('tokenOnce')}
        </Alert>
        <CodeBlock code={create.data.secret} label={t('token')} wrap />
        <CodeBlock
          code={`curl ${location.origin}/api/v1/keys -H "Authorization: Bearer ${create.data.secret}"`}
          label="curl"
          wrap
        />
        <Group justify="flex-end">
          <Button onClick={onClose}>{common('close')}</Button>
        </Group>
      </Stack>
    )
  return (
    <FormFrame
      onSubmit={form.onSubmit((values) => create.mutate(values))}
      onCancel={onClose}
      busy={create.isPending}
      error={create.error}
      action={t('newToken')}
    >
      <TextInput label={t('name')} required data-autofocus key={form.key('name')} {...form.getInputProps('name')} />
      <Select
        label={t('role')}
        data={ROLES.map((value) => ({ value, label: `${t(value)} – ${t(`${value}Hint`)}` }))}
        key={form.key('role')}
        {...form.getInputProps('role')}
      />
      <TextInput type="date" label={t('expires')} key={form.key('expires')} {...form.getInputProps('expires')} />
    </FormFrame>
  )
}

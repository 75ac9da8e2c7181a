import { Badge, Button, Group, Modal, Radio, Select, Stack, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { ROLES, type Role } from '../../../src/contract/action.ts'
import {
  deleteUser,
  inviteUser,
  listUsers,
  resetUser,
  updateUser,
  type User,
} from '../../../src/contract/api/people.ts'
import { api, refresh, useMay, useMe } from '../../api.ts'
import { COMMON } from '../../i18n/common.ts'
import { useFormat } from '../../i18n/format.ts'
import { useText } from '../../i18n/text.ts'
import { ConfirmDanger } from '../../ui/confirm.tsx'
import { CodeBlock } from '../../ui/copy.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { fieldErrors, FormFrame } from '../../ui/form.tsx'
import { Icon } from '../../ui/icons.tsx'
import { Section } from '../../ui/page.tsx'
import { Loaded, useErrorWords } from '../../ui/states.tsx'
import { StatusBadge } from '../../ui/status.tsx'
import { told, toldFailure } from '../../ui/toast.tsx'
import { RelativeTime } from '../../ui/values.tsx'
import { SETTINGS_TEXT } from './text.ts'

type Link = { name: string; link: string; link_expires_at: string }

export function PeopleTab() {
  const t = useText(SETTINGS_TEXT)
  const words = useErrorWords()
  const me = useMe()
  const may = useMay()
  const [inviting, invite] = useDisclosure(false)
  const [link, setLink] = useState<Link | null>(null)
  const [leaving, setLeaving] = useState<User | null>(null)
  const query = useQuery({
    queryKey: ['users'],
    queryFn: ({ signal }) => api(listUsers, { query: { limit: 200 } }, { signal }),
  })
  const failed = (error: unknown) => toldFailure(words(error).title, words(error).detail)
  const role = useMutation({
    mutationFn: ({ user, role }: { user: User; role: Role }) =>
      api(updateUser, { params: { id: user.id }, body: { role } }, { version: user.version }),
    onSuccess: (after) => {
      refresh('users')
      told(t('roleChanged', { name: after.name, role: t(after.role) }))
    },
    onError: failed,
  })
  const reset = useMutation({
    mutationFn: (user: User) => api(resetUser, { params: { id: user.id } }),
    onSuccess: setLink,
    onError: failed,
  })
  const removal = useMutation({
    mutationFn: (user: User) => api(deleteUser, { params: { id: user.id } }),
    onSuccess: (_, user) => {
      refresh('users')
      setLeaving(null)
      told(t('removed', { name: user.name }))
    },
  })
  const owner = may('users:Update')
  return (
    <Section
      title={t('people')}
      pad={false}
      actions={
        may('users:Create') && (
          <Button leftSection={<Icon name="plus" />} onClick={invite.open}>
            {t('invite')}
          </Button>
        )
      }
    >
      <Loaded query={query}>
        {({ data }) => (
          <DataTable
            label={t('people')}
            rows={data}
            rowKey={(user) => user.id}
            columns={[
              {
                key: 'name',
                title: t('name'),
                render: (user) => (
                  <>
                    <span style={{ fontWeight: 560 }}>{user.name}</span>{' '}
                    {user.id === me?.user?.id && (
                      <Badge size="xs" color="gray">
                        {t('you')}
                      </Badge>
                    )}
                    <div className="quiet">{user.email}</div>
                  </>
                ),
              },
              {
                key: 'role',
                title: t('role'),
                render: (user) =>
                  owner && user.id !== me?.user?.id ? (
                    <Select
                      aria-label={`${t('role')}: ${user.name}`}
                      size="xs"
                      w={130}
                      value={user.role}
                      data={ROLES.map((value) => ({ value, label: t(value) }))}
                      onChange={(value) => {
                        const next = ROLES.find((each) => each === value)
                        if (next && next !== user.role) role.mutate({ user, role: next })
                      }}
                    />
                  ) : (
                    t(user.role)
                  ),
              },
              {
                key: 'status',
                title: t('status'),
                wide: true,
                render: (user) => (
                  <StatusBadge
                    tone={user.status === 'active' ? 'good' : 'warn'}
                    label={t(user.status)}
                    icon={user.status === 'active' ? 'check' : 'clock'}
                  />
                ),
              },
              {
                key: 'seen',
                title: t('lastSeen'),
                wide: true,
                render: (user) =>
                  user.last_seen_at ? (
                    <RelativeTime at={user.last_seen_at} />
                  ) : (
                    <span className="quiet">{t('never')}</span>
                  ),
              },
              {
                key: 'actions',
                title: '',
                numeric: true,
                render: (user) =>
                  owner &&
                  user.id !== me?.user?.id && (
                    <Group gap={4} justify="flex-end" wrap="nowrap">
                      <Button variant="subtle" size="compact-sm" onClick={() => reset.mutate(user)}>
                        {t('reset')}
                      </Button>
                      <Button variant="subtle" color="red" size="compact-sm" onClick={() => setLeaving(user)}>
                        {t('removePerson')}
                      </Button>
                    </Group>
                  ),
              },
            ]}
          />
        )}
      </Loaded>
      <Modal opened={inviting} onClose={invite.close} title={t('invite')}>
        <Invite
          onDone={(made) => {
            invite.close()
            setLink(made)
          }}
          onCancel={invite.close}
        />
      </Modal>
      <LinkShown link={link} onClose={() => setLink(null)} />
      <ConfirmDanger
        opened={leaving !== null}
        onClose={() => setLeaving(null)}
        title={t('removeTitle', { name: leaving?.name ?? '' })}
        body={t('removeBody')}
        action={t('removePerson')}
        busy={removal.isPending}
        error={removal.error}
        onConfirm={() => leaving && removal.mutate(leaving)}
      />
    </Section>
  )
}

function LinkShown({ link, onClose }: { link: Link | null; onClose: () => void }) {
  const t = useText(SETTINGS_TEXT)
  const common = useText(COMMON)
  const format = useFormat()
  return (
    <Modal opened={link !== null} onClose={onClose} title={link && t('linkTitle', { name: link.name })} size="lg">
      {link && (
        <Stack gap="sm">
          <Text size="sm">{t('linkHint', { time: format.absolute(Date.parse(link.link_expires_at)) })}</Text>
          <CodeBlock code={link.link} label={t('linkTitle', { name: link.name })} wrap />
          <Group justify="flex-end">
            <Button onClick={onClose}>{common('close')}</Button>
          </Group>
        </Stack>
      )}
    </Modal>
  )
}

function Invite({ onDone, onCancel }: { onDone: (link: Link) => void; onCancel: () => void }) {
  const t = useText(SETTINGS_TEXT)
  const common = useText(COMMON)
  const needed = (value: string) => (value.trim() ? null : common('required'))
  const form = useForm<{ email: string; name: string; role: Role }>({
    mode: 'uncontrolled',
    initialValues: { email: '', name: '', role: 'viewer' },
    validate: { email: needed, name: needed },
  })
  const invite = useMutation({
    mutationFn: (body: { email: string; name: string; role: Role }) => api(inviteUser, { body }),
    onSuccess: (made) => {
      refresh('users')
      onDone(made)
    },
    onError: (error) => form.setErrors(fieldErrors(error)),
  })
  return (
    <FormFrame
      onSubmit={form.onSubmit((values) => invite.mutate(values))}
      onCancel={onCancel}
      busy={invite.isPending}
      error={invite.error}
      action={t('invite')}
    >
      <TextInput
        label={t('email')}
        type="email"
        required
        data-autofocus
        key={form.key('email')}
        {...form.getInputProps('email')}
      />
      <TextInput label={t('name')} required key={form.key('name')} {...form.getInputProps('name')} />
      <Radio.Group label={t('role')} key={form.key('role')} {...form.getInputProps('role')}>
        <Stack gap="xs" mt={4}>
          {ROLES.map((value) => (
            <Radio key={value} value={value} label={t(value)} description={t(`${value}Hint`)} />
          ))}
        </Stack>
      </Radio.Group>
    </FormFrame>
  )
}

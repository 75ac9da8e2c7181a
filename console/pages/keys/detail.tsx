import { Button, Modal, Select, SimpleGrid, Stack, Text } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { getKey, type KeyView, revokeKey, rotateKey, updateKey } from '../../../src/contract/api/keys.ts'
import { api, refresh, useMay } from '../../api.ts'
import { COMMON } from '../../i18n/common.ts'
import { useFormat } from '../../i18n/format.ts'
import { ORIGIN_TEXT } from '../../i18n/origin.ts'
import { useText } from '../../i18n/text.ts'
import { Chips } from '../../ui/chips.tsx'
import { ConfirmDanger } from '../../ui/confirm.tsx'
import { Facts } from '../../ui/facts.tsx'
import { fieldErrors, FormFrame } from '../../ui/form.tsx'
import { ButtonLink } from '../../ui/link.tsx'
import { OriginWord, ReadOnlyNote } from '../../ui/origin.tsx'
import { Page, Section } from '../../ui/page.tsx'
import { SidePanel } from '../../ui/panel.tsx'
import { Loaded } from '../../ui/states.tsx'
import { told } from '../../ui/toast.tsx'
import { KnownMoney, RelativeTime } from '../../ui/values.tsx'
import { EMPTY_KEY, KeyFields, type KeyForm, patchOf } from './fields.tsx'
import { SecretShown } from './secret.tsx'
import { KeyStatusBadge } from './status.tsx'
import { KEYS_TEXT } from './text.ts'
import { KeyUsage } from './usage.tsx'

const route = getRouteApi('/keys/$id')

export function KeyPage() {
  const { id } = route.useParams()
  const t = useText(KEYS_TEXT)
  const query = useQuery({
    queryKey: ['keys', 'one', id],
    queryFn: ({ signal }) => api(getKey, { params: { id } }, { signal }),
  })
  const [editing, edit] = useDisclosure(false)
  const [rotating, rotate] = useDisclosure(false)
  const [revoking, revoke] = useDisclosure(false)
  const may = useMay()
  const key = query.data
  const alive = key?.status === 'active' && key.origin === 'database'
  const revocation = useMutation({
    mutationFn: () => api(revokeKey, { params: { id } }),
    onSuccess: (after) => {
      refresh('keys')
      revoke.close()
      told(t('wasRevoked', { name: after.name }))
    },
  })
  return (
    <Page
      title={key?.name ?? t('key')}
      lead={key && <span className="mono">{key.hint}</span>}
      actions={
        <>
          <ButtonLink to="/calls" search={{ key_id: id }} variant="default">
            {t('openCalls')}
          </ButtonLink>
          {alive && may('keys:Update') && (
            <Button variant="default" onClick={edit.open}>
              {t('edit')}
            </Button>
          )}
          {alive && may('keys:Rotate') && (
            <Button variant="default" onClick={rotate.open}>
              {t('rotate')}
            </Button>
          )}
          {alive && may('keys:Revoke') && (
            <Button color="red" variant="light" onClick={revoke.open}>
              {t('revoke')}
            </Button>
          )}
        </>
      }
    >
      <Loaded query={query}>
        {(key) => (
          <>
            <ReadOnlyNote origin={key.origin} />
            <KeyFacts view={key} />
            <SidePanel opened={editing} onClose={edit.close} title={t('edit')} size={520}>
              <EditKey key={key.version} view={key} onClose={edit.close} onReload={() => void query.refetch()} />
            </SidePanel>
            <Modal opened={rotating} onClose={rotate.close} title={t('rotateTitle', { name: key.name })} size="lg">
              <RotateKey view={key} onClose={rotate.close} />
            </Modal>
            <ConfirmDanger
              opened={revoking}
              onClose={revoke.close}
              title={t('revokeTitle', { name: key.name })}
              body={t('revokeBody')}
              action={t('revoke')}
              typed={key.name}
              busy={revocation.isPending}
              error={revocation.error}
              onConfirm={() => revocation.mutate()}
            />
          </>
        )}
      </Loaded>
    </Page>
  )
}

function KeyFacts({ view }: { view: KeyView }) {
  const t = useText(KEYS_TEXT)
  const origin = useText(ORIGIN_TEXT)
  const format = useFormat()
  return (
    <Stack gap="md">
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        <Section title={t('may')}>
          <Facts
            rows={[
              [t('status'), <KeyStatusBadge key="s" status={view.status} />],
              [
                t('models'),
                view.models.includes('*') ? t('allModels') : <Chips key="m" values={view.models} most={20} />,
              ],
              [t('team'), view.team ?? '–'],
              [t('application'), view.application ?? '–'],
              [t('expires'), view.expires_at ? format.absolute(Date.parse(view.expires_at)) : t('noExpiry')],
              [t('unsupported'), t(view.on_unsupported)],
              [t('priority'), t(view.priority)],
            ]}
          />
        </Section>
        <Section title={t('used')}>
          <Facts
            rows={[
              [t('calls'), format.number(view.used.calls)],
              [t('tokens'), format.number(view.used.tokens)],
              [t('cost'), <KnownMoney key="c" micros={view.used.cost_micros} unpriced={view.used.unpriced_calls} />],
              [t('lastUsed'), view.last_used_at ? <RelativeTime key="l" at={view.last_used_at} /> : t('never')],
              [
                t('created'),
                view.created_at
                  ? t('by', { time: format.date(Date.parse(view.created_at)), who: view.created_by ?? '–' })
                  : '–',
              ],
              [origin('origin'), <OriginWord key="o" origin={view.origin} />],
            ]}
          />
        </Section>
      </SimpleGrid>
      <KeyUsage id={view.id} />
    </Stack>
  )
}

function EditKey({ view, onClose, onReload }: { view: KeyView; onClose: () => void; onReload: () => void }) {
  const t = useText(KEYS_TEXT)
  const common = useText(COMMON)
  const form = useForm<KeyForm>({
    mode: 'uncontrolled',
    initialValues: {
      ...EMPTY_KEY,
      name: view.name,
      models: [...view.models],
      team: view.team ?? '',
      application: view.application ?? '',
      expires: view.expires_at?.slice(0, 10) ?? '',
      priority: view.priority,
      on_unsupported: view.on_unsupported,
    },
  })
  const save = useMutation({
    mutationFn: (values: KeyForm) =>
      api(updateKey, { params: { id: view.id }, body: patchOf(values) }, { version: view.version }),
    onSuccess: (after) => {
      refresh('keys')
      onClose()
      told(t('saved', { name: after.name }))
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
      onReload={onReload}
    >
      <KeyFields form={form} />
    </FormFrame>
  )
}

function RotateKey({ view, onClose }: { view: KeyView; onClose: () => void }) {
  const t = useText(KEYS_TEXT)
  const [overlap, setOverlap] = useState('3600')
  const rotate = useMutation({
    mutationFn: () => api(rotateKey, { params: { id: view.id }, body: { overlap_seconds: Number(overlap) } }),
    onSuccess: () => refresh('keys'),
  })
  if (rotate.data) return <SecretShown secret={rotate.data.secret} onDone={onClose} />
  return (
    <FormFrame
      onSubmit={(event) => {
        event.preventDefault()
        rotate.mutate()
      }}
      onCancel={onClose}
      busy={rotate.isPending}
      error={rotate.error}
      action={t('rotate')}
    >
      <Text size="sm">{t('rotateBody')}</Text>
      <Select
        label={t('overlap')}
        value={overlap}
        onChange={(value) => setOverlap(value ?? '3600')}
        data={[
          { value: '0', label: t('now') },
          { value: '3600', label: t('hour') },
          { value: '86400', label: t('day') },
          { value: '604800', label: t('week') },
        ]}
      />
    </FormFrame>
  )
}

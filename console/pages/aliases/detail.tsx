import { Button, Stack } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { type AliasView, createAlias, deleteAlias, getAlias } from '../../../src/contract/api/aliases.ts'
import { api, refresh, useMay } from '../../api.ts'
import { COMMON } from '../../i18n/common.ts'
import { useFormat } from '../../i18n/format.ts'
import { ORIGIN_TEXT } from '../../i18n/origin.ts'
import { useText } from '../../i18n/text.ts'
import { ConfirmDanger } from '../../ui/confirm.tsx'
import { Facts } from '../../ui/facts.tsx'
import { ButtonLink } from '../../ui/link.tsx'
import { OriginWord, ReadOnlyNote } from '../../ui/origin.tsx'
import { Page, Section } from '../../ui/page.tsx'
import { SidePanel } from '../../ui/panel.tsx'
import { Loaded } from '../../ui/states.tsx'
import { told } from '../../ui/toast.tsx'
import { AliasForm } from './form.tsx'
import { RoutePicture } from './picture.tsx'
import { ALIASES_TEXT } from './text.ts'
import { useTraffic } from './traffic.ts'

const route = getRouteApi('/aliases/$name')

export function AliasPage() {
  const { name } = route.useParams()
  const t = useText(ALIASES_TEXT)
  const common = useText(COMMON)
  const may = useMay()
  const navigate = useNavigate()
  const traffic = useTraffic()
  const [editing, edit] = useDisclosure(false)
  const [removing, remove] = useDisclosure(false)
  const query = useQuery({
    queryKey: ['aliases', 'one', name],
    queryFn: ({ signal }) => api(getAlias, { params: { name } }, { signal }),
  })
  const own = query.data?.origin === 'database'
  const removal = useMutation({
    mutationFn: async (view: AliasView) => {
      await api(deleteAlias, { params: { name } }, { version: view.version })
      return view
    },
    onSuccess: ({ origin: _origin, version: _version, created_at: _created, updated_at: _updated, ...body }) => {
      refresh('aliases')
      void navigate({ to: '/aliases' })
      told(t('removed', { name }), {
        label: common('undo'),
        run: () => void api(createAlias, { body }).then(() => refresh('aliases')),
      })
    },
  })
  return (
    <Page
      title={name}
      lead={query.data && t(`why_${query.data.strategy}`)}
      actions={
        <>
          <ButtonLink to="/playground" search={{ model: name }} variant="default">
            {t('try')}
          </ButtonLink>
          <ButtonLink to="/calls" search={{ model_asked: name }} variant="default">
            {t('openCalls')}
          </ButtonLink>
          {own && may('aliases:Update') && (
            <Button variant="default" onClick={edit.open}>
              {t('edit')}
            </Button>
          )}
          {own && may('aliases:Delete') && (
            <Button variant="light" color="red" onClick={remove.open}>
              {t('remove')}
            </Button>
          )}
        </>
      }
    >
      <Loaded query={query}>
        {(alias) => (
          <Stack gap="md">
            <ReadOnlyNote origin={alias.origin} />
            <Section title={t('traffic')} note={t('trafficHint')}>
              <RoutePicture alias={alias} {...traffic} />
            </Section>
            <Rules alias={alias} />
            <SidePanel opened={editing} onClose={edit.close} title={t('edit')} size={680}>
              <AliasForm key={alias.version} view={alias} onClose={edit.close} onReload={() => void query.refetch()} />
            </SidePanel>
            <ConfirmDanger
              opened={removing}
              onClose={remove.close}
              title={t('removeTitle', { name })}
              body={t('removeBody')}
              action={t('remove')}
              busy={removal.isPending}
              error={removal.error}
              onConfirm={() => removal.mutate(alias)}
            />
          </Stack>
        )}
      </Loaded>
    </Page>
  )
}

function Rules({ alias }: { alias: AliasView }) {
  const t = useText(ALIASES_TEXT)
  const origin = useText(ORIGIN_TEXT)
  const common = useText(COMMON)
  const format = useFormat()
  return (
    <Section title={t('rules')}>
      <Facts
        rows={[
          [t('strategy'), t(alias.strategy)],
          alias.strategy === 'sticky' && [
            t('stickyBy'),
            <span key="s" className="mono">
              {alias.sticky_by}
            </span>,
          ],
          [t('attempts'), format.number(alias.retries?.attempts ?? 2)],
          [t('holdBack'), format.number(alias.hold_back)],
          [t('continueStreams'), common(alias.continue_streams ? 'yes' : 'no')],
          [origin('origin'), <OriginWord key="o" origin={alias.origin} />],
        ]}
      />
    </Section>
  )
}

import { Button, SimpleGrid, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import {
  deleteProvider,
  getProvider,
  type ProviderView,
  searchRegistry,
  updateProvider,
} from '../../../src/contract/api/providers.ts'
import { api, refresh, useMay } from '../../api.ts'
import { COMMON } from '../../i18n/common.ts'
import { useFormat } from '../../i18n/format.ts'
import { useText } from '../../i18n/text.ts'
import { Chips } from '../../ui/chips.tsx'
import { ConfirmDanger } from '../../ui/confirm.tsx'
import { Facts } from '../../ui/facts.tsx'
import { ButtonLink } from '../../ui/link.tsx'
import { OriginWord, ReadOnlyNote } from '../../ui/origin.tsx'
import { Page, Section } from '../../ui/page.tsx'
import { SidePanel } from '../../ui/panel.tsx'
import { Loaded, useErrorWords } from '../../ui/states.tsx'
import { told, toldFailure } from '../../ui/toast.tsx'
import { RelativeTime } from '../../ui/values.tsx'
import { ProviderForm } from './form.tsx'
import { ProviderState, SecretWords } from './state.tsx'
import { TestButton } from './test.tsx'
import { PROVIDERS_TEXT } from './text.ts'

const route = getRouteApi('/providers/$id')

export function ProviderPage() {
  const { id } = route.useParams()
  const t = useText(PROVIDERS_TEXT)
  const common = useText(COMMON)
  const words = useErrorWords()
  const may = useMay()
  const navigate = useNavigate()
  const [editing, edit] = useDisclosure(false)
  const [removing, remove] = useDisclosure(false)
  const query = useQuery({
    queryKey: ['providers', id],
    queryFn: ({ signal }) => api(getProvider, { params: { id } }, { signal }),
  })
  const provider = query.data
  const own = provider?.origin === 'database'
  const removal = useMutation({
    mutationFn: (view: ProviderView) => api(deleteProvider, { params: { id } }, { version: view.version }),
    onSuccess: () => {
      refresh('providers', 'models')
      told(t('removed', { name: id }))
      void navigate({ to: '/providers' })
    },
  })
  const toggle = useMutation({
    mutationFn: ({ enabled, version }: { enabled: boolean; version: number }) =>
      api(updateProvider, { params: { id }, body: { enabled } }, { version }),
    onSuccess: (after) => {
      refresh('providers')
      told(t(after.enabled ? 'wasEnabled' : 'wasDisabled', { name: id }), {
        label: common('undo'),
        run: () => toggle.mutate({ enabled: !after.enabled, version: after.version }),
      })
    },
    onError: (error) => toldFailure(words(error).title, words(error).detail),
  })
  return (
    <Page
      title={id}
      lead={provider?.label}
      actions={
        <>
          <ButtonLink to="/calls" search={{ provider: id }} variant="default">
            {t('openCalls')}
          </ButtonLink>
          <ButtonLink to="/models" search={{ provider: id }} variant="default">
            {t('openModels')}
          </ButtonLink>
          {own && may('providers:Update') && provider && (
            <>
              <Button
                variant="default"
                loading={toggle.isPending}
                onClick={() => toggle.mutate({ enabled: !provider.enabled, version: provider.version })}
              >
                {t(provider.enabled ? 'disable' : 'enable')}
              </Button>
              <Button variant="default" onClick={edit.open}>
                {t('edit')}
              </Button>
            </>
          )}
          {own && may('providers:Delete') && (
            <Button variant="light" color="red" onClick={remove.open}>
              {t('remove')}
            </Button>
          )}
        </>
      }
    >
      <Loaded query={query}>
        {(view) => (
          <>
            <ReadOnlyNote origin={view.origin} />
            <ProviderFacts view={view} />
            <SidePanel opened={editing} onClose={edit.close} title={t('edit')} size={560}>
              <EditProvider key={view.version} view={view} onClose={edit.close} onReload={() => void query.refetch()} />
            </SidePanel>
            <ConfirmDanger
              opened={removing}
              onClose={remove.close}
              title={t('removeTitle', { name: id })}
              body={t('removeBody')}
              action={t('remove')}
              typed={id}
              busy={removal.isPending}
              error={removal.error}
              onConfirm={() => removal.mutate(view)}
            />
          </>
        )}
      </Loaded>
    </Page>
  )
}

function EditProvider({ view, onClose, onReload }: { view: ProviderView; onClose: () => void; onReload: () => void }) {
  const registry = useQuery({
    queryKey: ['registry', view.type],
    queryFn: ({ signal }) => api(searchRegistry, { query: { search: view.type, limit: 200 } }, { signal }),
    staleTime: Infinity,
  })
  return (
    <Loaded query={registry}>
      {({ data }) => (
        <ProviderForm
          entry={
            data.find((entry) => entry.type === view.type) ?? {
              type: view.type,
              label: view.label,
              base_url: null,
              variables: Object.keys(view.variables ?? {}),
              environment: [],
              needs_key: false,
              documentation: null,
              models: 0,
            }
          }
          view={view}
          onClose={onClose}
          onReload={onReload}
        />
      )}
    </Loaded>
  )
}

function ProviderFacts({ view }: { view: ProviderView }) {
  const t = useText(PROVIDERS_TEXT)
  const format = useFormat()
  const may = useMay()
  const { status } = view
  return (
    <Stack gap="md">
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        <Section title={t('state')}>
          <Stack gap="sm">
            <ProviderState state={status.state} />
            <Text size="sm">{status.detail}</Text>
            <Facts
              rows={[
                [
                  t('lastHour'),
                  status.calls === 0
                    ? t('noCalls')
                    : t('lastHourOf', { failures: format.number(status.failures), calls: status.calls }),
                ],
                [t('lastCall'), <RelativeTime key="l" at={status.last_call_at} />],
              ]}
            />
            {may('providers:Test') && <TestButton id={view.id} />}
          </Stack>
        </Section>
        <Section title={t('account')}>
          <Facts
            rows={[
              [t('vendor'), view.label],
              [
                t('baseUrl'),
                <span key="u" className="mono">
                  {view.base_url ?? '–'}
                </span>,
              ],
              [t('key'), <SecretWords key="k" secret={view.api_key} />],
              ...Object.entries(view.variables ?? {}).map(([name, value]) => [name, value] as const),
              view.models !== undefined &&
                view.models.length > 0 && [t('models'), <Chips key="m" values={view.models} most={12} />],
              ['', <OriginWord key="o" origin={view.origin} />],
            ]}
          />
        </Section>
      </SimpleGrid>
      {view.api_keys.length > 0 && (
        <Section title={t('pool')} pad={false}>
          <table className="data-table">
            <thead>
              <tr>
                <th scope="col">{t('name')}</th>
                <th scope="col">{t('key')}</th>
                <th scope="col" className="num">
                  {t('weight')}
                </th>
                <th scope="col" className="num">
                  {t('rpm')}
                </th>
                <th scope="col" className="num">
                  {t('tpm')}
                </th>
              </tr>
            </thead>
            <tbody>
              {view.api_keys.map((key) => (
                <tr key={key.id}>
                  <td>{key.id}</td>
                  <td>
                    <SecretWords secret={key.secret} />
                  </td>
                  <td className="num">{format.number(key.weight)}</td>
                  <td className="num">{format.number(key.requests_per_minute)}</td>
                  <td className="num">{format.number(key.tokens_per_minute)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Section>
      )}
    </Stack>
  )
}

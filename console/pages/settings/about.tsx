import { Anchor } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { readHealth, readSettings } from '../../../src/contract/api/settings.ts'
import { api, useMay } from '../../api.ts'
import { useFormat } from '../../i18n/format.ts'
import { useText } from '../../i18n/text.ts'
import { Facts } from '../../ui/facts.tsx'
import { Section } from '../../ui/page.tsx'
import { Loaded } from '../../ui/states.tsx'
import { StatusBadge } from '../../ui/status.tsx'
import { RelativeTime } from '../../ui/values.tsx'
import { SETTINGS_TEXT } from './text.ts'

export function AboutTab() {
  const t = useText(SETTINGS_TEXT)
  const format = useFormat()
  const may = useMay()
  const health = useQuery({ queryKey: ['health'], queryFn: ({ signal }) => api(readHealth, {}, { signal }) })
  const settings = useQuery({
    queryKey: ['settings'],
    queryFn: ({ signal }) => api(readSettings, {}, { signal }),
    enabled: may('configuration:Read'),
  }).data
  return (
    <div style={{ maxWidth: 640 }}>
      <Section title="Portreeve">
        <Loaded query={health}>
          {(about) => (
            <Facts
              rows={[
                [
                  t('version'),
                  <span key="v" className="mono">
                    {about.version}
                  </span>,
                ],
                [
                  t('status'),
                  <StatusBadge key="s" tone={about.status === 'ok' ? 'good' : 'warn'} label={about.status} />,
                ],
                settings !== undefined && [t('startedAt'), <RelativeTime key="r" at={settings.started_at} />],
                settings?.snapshot != null && [
                  t('snapshot'),
                  t('snapshotOf', {
                    version: settings.snapshot.version,
                    time: format.absolute(Date.parse(settings.snapshot.published_at)),
                  }),
                ],
                [
                  t('api'),
                  <Anchor key="a" href="/api/v1/openapi.json" size="sm">
                    {t('apiDocs')}
                  </Anchor>,
                ],
                [t('licence'), 'Apache-2.0'],
              ]}
            />
          )}
        </Loaded>
      </Section>
    </div>
  )
}

import { Alert, Group, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type CallDetail, getCall } from '../../../src/contract/api/calls.ts'
import { api } from '../../api.ts'
import { useFormat } from '../../i18n/format.ts'
import { useText } from '../../i18n/text.ts'
import { CodeBlock, CopyButton } from '../../ui/copy.tsx'
import { Facts } from '../../ui/facts.tsx'
import { TextLink } from '../../ui/link.tsx'
import { SidePanel } from '../../ui/panel.tsx'
import { Loaded } from '../../ui/states.tsx'
import { Money, RelativeTime } from '../../ui/values.tsx'
import { CallCost } from './cost.tsx'
import { CallStatus } from './status.tsx'
import { CALLS_TEXT } from './text.ts'
import { CallTimeline } from './timeline.tsx'

/** One call beside the list. */
export function CallDrawer({ id, onClose }: { id: string | undefined; onClose: () => void }) {
  const t = useText(CALLS_TEXT)
  return (
    <SidePanel opened={id !== undefined} onClose={onClose} title={t('detail')} size={700}>
      {id !== undefined && <CallView id={id} />}
    </SidePanel>
  )
}

export function CallView({ id }: { id: string }) {
  const query = useQuery({
    queryKey: ['call', id],
    queryFn: ({ signal }) => api(getCall, { params: { id } }, { signal }),
  })
  return <Loaded query={query}>{(call) => <CallBody call={call} />}</Loaded>
}

function CallBody({ call }: { call: CallDetail }) {
  const t = useText(CALLS_TEXT)
  const format = useFormat()
  return (
    <Stack gap="lg">
      <Group justify="space-between" align="flex-start">
        <div>
          <Text fw={640} fz="lg">
            {call.provider ? `${call.provider}/` : ''}
            {call.model_served ?? call.model_asked ?? '–'}
          </Text>
          <Text size="sm" c="dimmed">
            {call.model_asked && `${t('modelAsked')}: ${call.model_asked} · `}
            <RelativeTime at={call.started_at} />
          </Text>
        </div>
        <div style={{ textAlign: 'right' }}>
          <CallStatus call={call} long />
          <Text size="sm" c="dimmed">
            {format.duration(call.total_ms)} · <Money micros={call.usage ? call.cost_micros : 0} />
          </Text>
        </div>
      </Group>

      {call.explanation && (
        <Alert
          color={call.explanation.blame === 'limit' ? 'yellow' : 'red'}
          variant="light"
          title={t('why')}
          styles={{ message: { color: 'var(--mantine-color-text)' } }}
        >
          <Text size="sm">{call.explanation.what}</Text>
          <Text size="sm" mt={6}>
            <b>{t('remedy')}:</b> {call.explanation.remedy}{' '}
            <span className="quiet">{t('turn', { who: t(`blame_${call.explanation.blame}`) })}</span>
          </Text>
        </Alert>
      )}

      <section>
        <Title order={2} mb={6}>
          {t('timeline')}
        </Title>
        <CallTimeline call={call} />
      </section>

      {call.usage && (
        <section>
          <Title order={2} mb={6}>
            {t('costBreakdown')}
          </Title>
          <CallCost call={call} />
        </section>
      )}

      <section>
        <Title order={2} mb={6}>
          {t('facts')}
        </Title>
        <Facts
          rows={[
            [
              t('id'),
              <Group key="id" gap={4} wrap="nowrap">
                <span className="mono">{call.id}</span>
                <CopyButton value={call.id} />
              </Group>,
            ],
            [
              t('key'),
              call.key_id ? (
                <TextLink key="key" size="sm" to="/calls" search={{ key_id: call.key_id }}>
                  {call.key_name ?? call.key_id}
                </TextLink>
              ) : (
                '–'
              ),
            ],
            (call.team ?? call.application) !== null && [
              `${t('team')} · ${t('application')}`,
              `${call.team ?? '–'} · ${call.application ?? '–'}`,
            ],
            call.end_user !== null && [t('endUser'), call.end_user],
            [
              t('endpoint'),
              <span
                key="e"
                className="mono"
              >{`${call.endpoint} (${call.dialect}, ${t(call.stream ? 'streamed' : 'plain')})`}</span>,
            ],
            call.finish_reason !== null && [
              t('finish'),
              <span key="f" className="mono">
                {call.finish_reason}
              </span>,
            ],
            [t('bytes'), `${format.bytes(call.bytes_in)} · ${format.bytes(call.bytes_out)}`],
            [t('overhead'), format.duration(call.overhead_ms)],
            call.cache !== null && [t('cache'), call.cache],
            call.dropped.length > 0 && [
              t('dropped'),
              <span key="d" className="mono">
                {call.dropped.join(', ')}
              </span>,
            ],
            call.guards !== null && [
              t('guards'),
              Object.entries(call.guards)
                .map(([name, count]) => `${name} × ${count}`)
                .join(', ') || '–',
            ],
          ]}
        />
      </section>

      <section>
        <Title order={2}>{t('request')}</Title>
        <Text size="xs" c="dimmed" mb={6}>
          {t('requestHint')}
        </Text>
        <CodeBlock code={call.curl} label={t('request')} wrap />
      </section>
    </Stack>
  )
}

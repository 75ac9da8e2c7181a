import { Badge, Button } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { deleteSession, listSessions } from '../../../src/contract/api/people.ts'
import { api, forgetSession, refresh } from '../../api.ts'
import { useText } from '../../i18n/text.ts'
import { DataTable } from '../../ui/data-table.tsx'
import { Section } from '../../ui/page.tsx'
import { Loaded } from '../../ui/states.tsx'
import { told } from '../../ui/toast.tsx'
import { RelativeTime } from '../../ui/values.tsx'
import { SETTINGS_TEXT } from './text.ts'

export function SessionsTab() {
  const t = useText(SETTINGS_TEXT)
  const query = useQuery({ queryKey: ['sessions'], queryFn: ({ signal }) => api(listSessions, {}, { signal }) })
  const end = useMutation({
    mutationFn: async ({ id, current }: { id: string; current: boolean }) => {
      await api(deleteSession, { params: { id } })
      return current
    },
    onSuccess: (current) => {
      if (current) forgetSession()
      else {
        refresh('sessions')
        told(t('ended'))
      }
    },
  })
  return (
    <Section title={t('sessions')} pad={false}>
      <Loaded query={query}>
        {({ data }) => (
          <DataTable
            label={t('sessions')}
            rows={data}
            rowKey={(session) => session.id}
            columns={[
              {
                key: 'browser',
                title: t('browser'),
                render: (session) => (
                  <>
                    {session.browser ?? '–'}{' '}
                    {session.current && (
                      <Badge size="xs" color="green">
                        {t('current')}
                      </Badge>
                    )}
                  </>
                ),
              },
              {
                key: 'address',
                title: t('address'),
                wide: true,
                render: (session) => <span className="mono">{session.address ?? '–'}</span>,
              },
              {
                key: 'started',
                title: t('started'),
                wide: true,
                render: (session) => <RelativeTime at={session.created_at} />,
              },
              { key: 'seen', title: t('lastSeen'), render: (session) => <RelativeTime at={session.last_seen_at} /> },
              {
                key: 'end',
                title: '',
                numeric: true,
                render: (session) => (
                  <Button variant="subtle" color="red" size="compact-sm" onClick={() => end.mutate(session)}>
                    {t('end')}
                  </Button>
                ),
              },
            ]}
          />
        )}
      </Loaded>
    </Section>
  )
}

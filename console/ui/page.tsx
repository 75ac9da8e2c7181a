import { Group, Stack, Text, Title } from '@mantine/core'
import { type ReactNode, useEffect } from 'react'

/** A room: its one heading, what one can do here, its content. Names the browser tab. */
export function Page({
  title,
  lead,
  actions,
  children,
}: {
  title: string
  lead?: ReactNode
  actions?: ReactNode
  children: ReactNode
}) {
  useEffect(() => {
    document.title = `${title} · Portreeve`
  }, [title])
  return (
    <div className="page">
      <Group justify="space-between" align="flex-start" gap="sm" mb="md">
        <Stack gap={2} style={{ minWidth: 0 }}>
          <Title order={1} tabIndex={-1} id="page-title">
            {title}
          </Title>
          {lead && (
            <Text c="dimmed" size="sm" maw={780} component="div">
              {lead}
            </Text>
          )}
        </Stack>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </div>
  )
}

/** A titled box within a page. */
export function Section({
  title,
  note,
  actions,
  children,
  pad = true,
}: {
  title?: string
  note?: ReactNode
  actions?: ReactNode
  children: ReactNode
  pad?: boolean
}) {
  return (
    <section className="card" style={{ minWidth: 0 }}>
      {title && (
        <Group justify="space-between" align="center" px="md" pt="sm" pb={pad ? 0 : 'xs'} gap="xs" mih={44}>
          <div>
            <Title order={2}>{title}</Title>
            {note && (
              <Text size="xs" c="dimmed" component="div">
                {note}
              </Text>
            )}
          </div>
          {actions && <Group gap="xs">{actions}</Group>}
        </Group>
      )}
      <div style={{ padding: pad ? '0.75rem 1rem 1rem' : 0 }}>{children}</div>
    </section>
  )
}

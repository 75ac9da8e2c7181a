import { ActionIcon, Button, Group } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import type { Action } from '../../../src/contract/action.ts'
import type { Origin } from '../../../src/contract/api/shared.ts'
import { refresh, useMay } from '../../api.ts'
import { COMMON } from '../../i18n/common.ts'
import { useText } from '../../i18n/text.ts'
import { ConfirmDanger } from '../../ui/confirm.tsx'
import { type Column, DataTable } from '../../ui/data-table.tsx'
import { Icon } from '../../ui/icons.tsx'
import { OriginWord } from '../../ui/origin.tsx'
import { Section } from '../../ui/page.tsx'
import { SidePanel } from '../../ui/panel.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { told } from '../../ui/toast.tsx'
import { LIMITS_TEXT } from './text.ts'

type Rule = { readonly name: string; readonly origin: Origin; readonly version: number }

/** A list of rules of one kind, each added, changed and deleted in place; those of the file are only shown. */
export function RuleTable<R extends Rule>({
  title,
  note,
  add,
  action,
  names,
  rows,
  columns,
  empty,
  opened,
  onOpen,
  remove,
  renderForm,
}: {
  title: string
  note: string
  add: string
  action: Action
  /** Queries to load again after a change. */
  names: string[]
  rows: readonly R[]
  columns: readonly Column<R>[]
  empty: readonly [title: string, hint: string]
  opened: boolean
  onOpen: (open: boolean) => void
  remove: (row: R) => Promise<unknown>
  renderForm: (row: R | undefined, close: () => void) => ReactNode
}) {
  const t = useText(LIMITS_TEXT)
  const common = useText(COMMON)
  const may = useMay()
  const [editing, setEditing] = useState<R | null>(null)
  const [going, setGoing] = useState<R | null>(null)
  const removal = useMutation({
    mutationFn: remove,
    onSuccess: (_, row) => {
      refresh(...names)
      setGoing(null)
      told(t('removed', { name: row.name }))
    },
  })
  const close = () => {
    setEditing(null)
    onOpen(false)
  }
  const button = may(action) && (
    <Button variant="light" leftSection={<Icon name="plus" />} onClick={() => onOpen(true)}>
      {add}
    </Button>
  )
  return (
    <Section title={title} note={note} pad={false} actions={rows.length > 0 && button}>
      {rows.length === 0 ? (
        <EmptyState icon="limit" title={empty[0]} hint={empty[1]} action={button} />
      ) : (
        <DataTable
          label={title}
          rows={rows}
          rowKey={(row) => row.name}
          columns={[
            {
              key: 'name',
              title: t('name'),
              render: (row) => (
                <>
                  <b>{row.name}</b>
                  {row.origin !== 'database' && (
                    <div style={{ fontSize: 12 }}>
                      <OriginWord origin={row.origin} />
                    </div>
                  )}
                </>
              ),
            },
            ...columns,
            {
              key: 'actions',
              title: '',
              numeric: true,
              render: (row) =>
                row.origin === 'database' &&
                may(action) && (
                  <Group gap={2} wrap="nowrap" justify="flex-end">
                    <ActionIcon aria-label={t('editLimit', { name: row.name })} onClick={() => setEditing(row)}>
                      <Icon name="edit" />
                    </ActionIcon>
                    <ActionIcon aria-label={t('removeTitle', { name: row.name })} onClick={() => setGoing(row)}>
                      <Icon name="trash" />
                    </ActionIcon>
                  </Group>
                ),
            },
          ]}
        />
      )}
      <SidePanel
        opened={opened || editing !== null}
        onClose={close}
        title={editing ? t('editLimit', { name: editing.name }) : add}
        size={560}
      >
        {(opened || editing) && renderForm(editing ?? undefined, close)}
      </SidePanel>
      <ConfirmDanger
        opened={going !== null}
        onClose={() => setGoing(null)}
        title={t('removeTitle', { name: going?.name ?? '' })}
        body={t('removeBody')}
        action={common('remove')}
        busy={removal.isPending}
        error={removal.error}
        onConfirm={() => going && removal.mutate(going)}
      />
    </Section>
  )
}

import { Alert, Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { COMMON } from '../i18n/common.ts'
import { useText } from '../i18n/text.ts'
import { useErrorWords } from './states.tsx'

/** Asks before what cannot be undone. With `typed`, the name must be typed: for what breaks running systems. */
export function ConfirmDanger({
  opened,
  onClose,
  title,
  body,
  action,
  typed,
  busy,
  error,
  onConfirm,
}: {
  opened: boolean
  onClose: () => void
  title: string
  body: ReactNode
  /** What the button says: the deed, not "OK". */
  action: string
  typed?: string
  busy: boolean
  error?: unknown
  onConfirm: () => void
}) {
  const t = useText(COMMON)
  const words = useErrorWords()
  const [name, setName] = useState('')
  const close = () => {
    setName('')
    onClose()
  }
  return (
    <Modal opened={opened} onClose={close} title={title} closeButtonProps={{ 'aria-label': t('close') }}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          onConfirm()
        }}
      >
        <Stack gap="sm">
          <Text size="sm" component="div">
            {body}
          </Text>
          {typed && (
            <TextInput
              label={t('confirmTyped', { name: typed })}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              autoComplete="off"
              data-autofocus
            />
          )}
          {error != null && (
            <Alert color="red" role="alert" title={words(error).title}>
              {words(error).detail}
            </Alert>
          )}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              {t('cancel')}
            </Button>
            <Button type="submit" color="red" loading={busy} disabled={typed !== undefined && name !== typed}>
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

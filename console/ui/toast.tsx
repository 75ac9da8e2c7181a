import { Button, Group } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { Icon } from './icons.tsx'

/** Says that something was done; with `undo`, for as long as it is shown. */
export function told(message: string, undo?: { label: string; run: () => void }): void {
  const id = notifications.show({
    message: undo ? (
      <Group justify="space-between" wrap="nowrap">
        {message}
        <Button
          variant="subtle"
          size="compact-sm"
          onClick={() => {
            notifications.hide(id)
            undo.run()
          }}
        >
          {undo.label}
        </Button>
      </Group>
    ) : (
      message
    ),
    color: 'green',
    icon: <Icon name="check" />,
    autoClose: undo ? 12_000 : 4_000,
  })
}

export function toldFailure(title: string, detail: string): void {
  notifications.show({ title, message: detail, color: 'red', icon: <Icon name="warn" />, autoClose: 9_000 })
}

import { Button, FileButton, Group, Text, Textarea } from '@mantine/core'
import { type DragEvent, useState } from 'react'
import { useText } from '../../i18n/text.ts'
import { Icon } from '../../ui/icons.tsx'
import { ROLES_TEXT } from './text.ts'

/** A document to paste, drop or open. */
export function DocumentField({
  label,
  hint,
  value,
  onChange,
  rows,
  error,
}: {
  label: string
  hint: string
  value: string
  onChange: (text: string) => void
  rows: number
  error?: string | null
}) {
  const t = useText(ROLES_TEXT)
  const [over, setOver] = useState(false)
  const take = (file: File | null | undefined) => void file?.text().then(onChange)
  const drop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    take(event.dataTransfer.files[0])
  }
  return (
    <div
      className={over ? 'drop over' : 'drop'}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <Group justify="space-between" mb={2} wrap="nowrap">
        <Text fw={600} size="sm">
          {label}
        </Text>
        <FileButton accept=".json,.txt,application/json" onChange={take}>
          {(props) => (
            <Button {...props} variant="subtle" size="compact-xs" leftSection={<Icon name="upload" size={13} />}>
              {t('openFile')}
            </Button>
          )}
        </FileButton>
      </Group>
      <Textarea
        aria-label={label}
        placeholder={hint}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        error={error}
        autosize
        minRows={rows}
        maxRows={rows + 5}
        spellCheck={false}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 12.5, lineHeight: 1.45 } }}
      />
    </div>
  )
}

import { Group, TextInput } from '@mantine/core'
import { useText } from '../../i18n/text.ts'
import type { CallSearch } from './filter.ts'
import { CALLS_TEXT } from './text.ts'

/** `datetime-local` speaks the reader's own time; the address holds UTC. */
const toLocal = (utc: string | undefined) => {
  if (!utc) return ''
  const at = new Date(utc)
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

export function DateRange({ search, onChange }: { search: CallSearch; onChange: (change: CallSearch) => void }) {
  const t = useText(CALLS_TEXT)
  const set = (name: 'from' | 'to', local: string) =>
    onChange({ [name]: local ? new Date(local).toISOString() : undefined, range: undefined })
  return (
    <Group gap="xs" grow>
      <TextInput
        type="datetime-local"
        label={t('custom')}
        value={toLocal(search.from)}
        onChange={(event) => set('from', event.currentTarget.value)}
      />
      <TextInput
        type="datetime-local"
        label="–"
        aria-label={t('custom')}
        value={toLocal(search.to)}
        onChange={(event) => set('to', event.currentTarget.value)}
      />
    </Group>
  )
}

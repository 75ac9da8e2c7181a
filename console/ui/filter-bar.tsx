import { Button, Group, Select, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { type ReactNode, useState } from 'react'
import { COMMON } from '../i18n/common.ts'
import { useText } from '../i18n/text.ts'
import { Icon } from './icons.tsx'

/** The page's search field: `/` comes here, Escape empties it. */
export function SearchField({
  value,
  onChange,
  placeholder,
  width = 260,
}: {
  value: string | undefined
  onChange: (value: string | undefined) => void
  placeholder: string
  width?: number
}) {
  const [typed, setTyped] = useState(value ?? '')
  const [known, setKnown] = useState(value)
  // The address changed behind the field: by "clear filters", or by going back.
  if (known !== value) {
    setKnown(value)
    if ((value ?? '') !== typed.trim()) setTyped(value ?? '')
  }
  const tell = useDebouncedCallback((text: string) => onChange(text.trim() || undefined), 250)
  return (
    <TextInput
      data-page-search
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value)
        tell(event.currentTarget.value)
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        setTyped('')
        onChange(undefined)
        event.currentTarget.blur()
      }}
      placeholder={placeholder}
      aria-label={placeholder}
      leftSection={<Icon name="search" />}
      className="filter"
      style={{ '--filter-width': `${width}px` }}
    />
  )
}

/** One facet: a choice whose empty value means all. */
export function FilterSelect({
  label,
  value,
  onChange,
  options,
  width = 170,
  searchable = false,
}: {
  label: string
  value: string | undefined
  onChange: (value: string | undefined) => void
  options: readonly { value: string; label: string }[]
  width?: number
  searchable?: boolean
}) {
  const known = value === undefined || options.some((option) => option.value === value)
  return (
    <Select
      aria-label={label}
      placeholder={label}
      value={value ?? null}
      onChange={(next) => onChange(next ?? undefined)}
      data={known ? [...options] : [...options, { value: value, label: value }]}
      clearable
      searchable={searchable}
      className="filter"
      style={{ '--filter-width': `${width}px` }}
      comboboxProps={{ withinPortal: true }}
    />
  )
}

/** Filters in one line; says how to get rid of them. */
export function FilterBar({
  children,
  active,
  onClear,
  end,
}: {
  children: ReactNode
  active: boolean
  onClear: () => void
  end?: ReactNode
}) {
  const t = useText(COMMON)
  return (
    <Group gap="xs" mb="sm" justify="space-between">
      <Group gap="xs">
        {children}
        {active && (
          <Button variant="subtle" onClick={onClear} leftSection={<Icon name="cross" />}>
            {t('clear')}
          </Button>
        )}
      </Group>
      {end && <Group gap="xs">{end}</Group>}
    </Group>
  )
}

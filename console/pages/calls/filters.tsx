import { Button, Group, NumberInput, Popover, Stack, Switch, TextInput } from '@mantine/core'
import { DateRange } from './date-range.tsx'
import { useText } from '../../i18n/text.ts'
import { FilterBar, FilterSelect } from '../../ui/filter-bar.tsx'
import { Icon } from '../../ui/icons.tsx'
import { OVERVIEW_TEXT } from '../overview/text.ts'
import { RANGES, type RangeName } from '../overview/range.ts'
import type { CallSearch } from './filter.ts'
import { CALLS_TEXT } from './text.ts'

const OUTCOMES = ['ok', 'error', 'client-error', 'rate-limited', 'server-error', 'cancelled'] as const
const MORE = ['team', 'application', 'end_user', 'endpoint', 'error_code', 'model_asked'] as const
const MORE_TEXT = {
  team: 'team',
  application: 'application',
  end_user: 'endUser',
  endpoint: 'endpoint',
  error_code: 'errorCode',
  model_asked: 'modelAsked',
} as const

/** Which calls: each choice goes into the address at once. `known` are the names seen in the calls on the page. */
export function CallFilters({
  search,
  onChange,
  known,
  end,
}: {
  search: CallSearch
  onChange: (change: CallSearch) => void
  known: { providers: readonly string[]; models: readonly string[]; keys: readonly { value: string; label: string }[] }
  end: React.ReactNode
}) {
  const t = useText(CALLS_TEXT)
  const words = useText(OVERVIEW_TEXT)
  const option = (value: string) => ({ value, label: value })
  const { id: _, ...rest } = search
  const more = MORE.filter((name) => search[name] !== undefined).length + (search.min_ms ? 1 : 0)
  const clear = () => onChange(Object.fromEntries(Object.keys(rest).map((name) => [name, undefined])))
  return (
    <FilterBar active={Object.values(rest).some((value) => value !== undefined)} onClear={clear} end={end}>
      <FilterSelect
        label={t('range')}
        value={search.range}
        onChange={(range) => onChange({ range, from: undefined, to: undefined })}
        options={(Object.keys(RANGES) as RangeName[]).map((value) => ({ value, label: words(value) }))}
        width={150}
      />
      <FilterSelect
        label={t('outcome')}
        value={search.outcome}
        onChange={(outcome) => onChange({ outcome })}
        options={OUTCOMES.map((value) => ({ value, label: t(value) }))}
        width={145}
      />
      <FilterSelect
        label={t('provider')}
        value={search.provider}
        onChange={(provider) => onChange({ provider })}
        options={known.providers.map(option)}
        width={150}
        searchable
      />
      <FilterSelect
        label={t('model')}
        value={search.model}
        onChange={(model) => onChange({ model })}
        options={known.models.map(option)}
        width={190}
        searchable
      />
      <FilterSelect
        label={t('key')}
        value={search.key_id}
        onChange={(key_id) => onChange({ key_id })}
        options={known.keys}
        width={150}
        searchable
      />
      <Popover position="bottom-start" withArrow trapFocus width={300}>
        <Popover.Target>
          <Button variant="default" leftSection={<Icon name="settings" />}>
            {t('moreFilters')}
            {more > 0 ? ` (${more})` : ''}
          </Button>
        </Popover.Target>
        <Popover.Dropdown>
          <Stack gap="xs">
            <DateRange search={search} onChange={onChange} />
            {MORE.map((name) => (
              <TextInput
                key={name}
                label={t(MORE_TEXT[name])}
                defaultValue={search[name] ?? ''}
                onBlur={(event) => onChange({ [name]: event.currentTarget.value || undefined })}
                onKeyDown={(event) =>
                  event.key === 'Enter' && onChange({ [name]: event.currentTarget.value || undefined })
                }
              />
            ))}
            <NumberInput
              label={t('slower')}
              min={0}
              defaultValue={search.min_ms ?? ''}
              onBlur={(event) => onChange({ min_ms: event.currentTarget.value || undefined })}
            />
          </Stack>
        </Popover.Dropdown>
      </Popover>
    </FilterBar>
  )
}

export function LiveSwitch({ on, state, onChange }: { on: boolean; state: string; onChange: (on: boolean) => void }) {
  const t = useText(CALLS_TEXT)
  return (
    <Group gap="xs" wrap="nowrap">
      <Switch checked={on} onChange={(event) => onChange(event.currentTarget.checked)} label={t('live')} />
      <span
        className="quiet"
        role="status"
        style={{ fontSize: 12, display: 'inline-flex', alignItems: 'center', gap: 5 }}
      >
        {on && <span className={state === 'live' ? 'lamp pulse' : 'lamp off'} aria-hidden="true" />}
        {on ? t(state === 'live' ? 'liveOn' : 'reconnecting') : t('paused')}
      </span>
    </Group>
  )
}

import { Button, Checkbox, Group, Popover, Stack } from '@mantine/core'
import { useLocalStorage } from '@mantine/hooks'
import { type KeyboardEvent, type ReactNode, useMemo } from 'react'
import { COMMON } from '../i18n/common.ts'
import { useText } from '../i18n/text.ts'
import { Icon } from './icons.tsx'

export type Column<Row> = {
  readonly key: string
  readonly title: string
  readonly render: (row: Row) => ReactNode
  readonly numeric?: boolean
  /** Left out on narrow screens. */
  readonly wide?: boolean
  /** Left out until the reader asks for it. */
  readonly extra?: boolean
  readonly width?: number | string
}

/** The columns that the reader chose, kept in the browser under the table's name. */
export function useColumns<Row>(table: string, columns: readonly Column<Row>[]) {
  const [chosen, setChosen] = useLocalStorage<Record<string, boolean>>({
    key: `portreeve-columns-${table}`,
    defaultValue: {},
  })
  const shown = useMemo(() => columns.filter(({ key, extra }) => chosen[key] ?? !extra), [columns, chosen])
  const toggle = (key: string, on: boolean) => setChosen((before) => ({ ...before, [key]: on }))
  return { shown, toggle }
}

export function ColumnChooser<Row>({
  columns,
  shown,
  onToggle,
}: {
  columns: readonly Column<Row>[]
  shown: readonly Column<Row>[]
  onToggle: (key: string, on: boolean) => void
}) {
  const t = useText(COMMON)
  return (
    <Popover position="bottom-end" withArrow trapFocus>
      <Popover.Target>
        <Button variant="default" leftSection={<Icon name="columns" />} visibleFrom="sm">
          {t('columns')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="xs">
          {columns.map(({ key, title }) => {
            const on = shown.some((each) => each.key === key)
            return (
              <Checkbox
                key={key}
                label={title}
                checked={on}
                disabled={on && shown.length === 1}
                onChange={(event) => onToggle(key, event.currentTarget.checked)}
              />
            )
          })}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  )
}

/** Moves the focus between rows, so that a list is walked with the arrow keys and opened with Enter. */
function walk(event: KeyboardEvent<HTMLTableRowElement>, open: (() => void) | undefined): void {
  if (event.target !== event.currentTarget) return
  const row = event.currentTarget
  const move = (next: Element | null) => {
    if (!(next instanceof HTMLElement)) return
    event.preventDefault()
    next.focus()
  }
  if (event.key === 'ArrowDown' || event.key === 'j') move(row.nextElementSibling)
  else if (event.key === 'ArrowUp' || event.key === 'k') move(row.previousElementSibling)
  else if (event.key === 'Home') move(row.parentElement?.firstElementChild ?? null)
  else if (event.key === 'End') move(row.parentElement?.lastElementChild ?? null)
  else if (open && (event.key === 'Enter' || event.key === ' ')) {
    event.preventDefault()
    open()
  }
}

/** A dense table. Give `onOpen` and each row opens by click or Enter; `footer` holds "show more". */
export function DataTable<Row>({
  label,
  columns,
  rows,
  rowKey,
  onOpen,
  selected,
  fresh,
  footer,
}: {
  label: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  rowKey: (row: Row) => string
  onOpen?: (row: Row) => void
  selected?: string | undefined
  /** Keys of rows that have just arrived. */
  fresh?: ReadonlySet<string>
  footer?: ReactNode
}) {
  return (
    <>
      {/* A scrolling region must be reachable by keyboard. */}
      <div className="data-table-wrap" role="region" aria-label={label} tabIndex={0}>
        <table className="data-table">
          <thead>
            <tr>
              {columns.map(({ key, title, numeric, wide, width }) => (
                <th
                  key={key}
                  scope="col"
                  className={`${numeric ? 'num' : ''} ${wide ? 'wide-only' : ''}`}
                  style={width === undefined ? undefined : { width }}
                >
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => {
              const key = rowKey(row)
              const open = onOpen && (() => onOpen(row))
              return (
                <tr
                  key={key}
                  tabIndex={index === 0 || key === selected ? 0 : -1}
                  aria-selected={selected === undefined ? undefined : key === selected}
                  className={fresh?.has(key) ? 'fresh' : undefined}
                  {...(open ? { 'data-open': true } : {})}
                  onClick={(event) => {
                    if (open && !(event.target as HTMLElement).closest('a,button,input,label')) open()
                  }}
                  onKeyDown={(event) => walk(event, open)}
                >
                  {columns.map(({ key, render, numeric, wide }) => (
                    <td key={key} className={`${numeric ? 'num' : ''} ${wide ? 'wide-only' : ''}`}>
                      {render(row)}
                    </td>
                  ))}
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
      {footer && (
        <Group justify="center" p="sm" style={{ borderTop: '1px solid var(--portreeve-line)' }}>
          {footer}
        </Group>
      )}
    </>
  )
}

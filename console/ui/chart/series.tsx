import { Button } from '@mantine/core'
import { useElementSize, useId } from '@mantine/hooks'
import { type KeyboardEvent, useState } from 'react'
import { COMMON } from '../../i18n/common.ts'
import { useText } from '../../i18n/text.ts'
import { labelled, ticks } from './scale.ts'

export type Series = {
  readonly key: string
  readonly label: string
  readonly values: readonly (number | null)[]
  /** 1 to 6: colour, and dash or hatch, so that series are told apart without colour. */
  readonly style: 1 | 2 | 3 | 4 | 5 | 6
  readonly dashed?: boolean
}

const DASH = ['', '', '6 3', '2 3', '8 3 2 3', '1 3', '10 4']
const PAD = { left: 52, right: 10, top: 10, bottom: 24 }

/**
 * Values over time as lines or stacked bars. The arrow keys move along it, a table stands behind it, and series differ in dash or
 * hatch as well as in colour.
 */
export function SeriesChart({
  label,
  at,
  series,
  shape,
  formatValue,
  formatTime,
  formatFull,
  height = 190,
}: {
  label: string
  at: readonly number[]
  series: readonly Series[]
  shape: 'lines' | 'bars'
  formatValue: (value: number) => string
  formatTime: (at: number) => string
  formatFull: (at: number) => string
  height?: number
}) {
  const t = useText(COMMON)
  const { ref, width } = useElementSize()
  const [cursor, setCursor] = useState<number | null>(null)
  const [table, setTable] = useState(false)
  const id = useId()
  const sums = at.map((_, index) => series.reduce((sum, each) => sum + (each.values[index] ?? 0), 0))
  const top =
    shape === 'bars' ? Math.max(0, ...sums) : Math.max(0, ...series.flatMap((s) => s.values.map((v) => v ?? 0)))
  const steps = ticks(top)
  const max = steps.at(-1) || 1
  const inner = { width: Math.max(40, width - PAD.left - PAD.right), height: height - PAD.top - PAD.bottom }
  const slot = inner.width / Math.max(1, at.length)
  const x = (index: number) => PAD.left + slot * (index + 0.5)
  const y = (value: number) => PAD.top + inner.height * (1 - value / max)
  const onKey = (event: KeyboardEvent) => {
    const from = cursor ?? (event.key === 'ArrowLeft' ? at.length : -1)
    const next = { ArrowRight: from + 1, ArrowLeft: from - 1, Home: 0, End: at.length - 1 }[event.key]
    if (event.key === 'Escape') setCursor(null)
    if (next === undefined) return
    event.preventDefault()
    setCursor(Math.min(at.length - 1, Math.max(0, next)))
  }
  const said =
    cursor === null
      ? ''
      : `${formatFull(at[cursor] ?? 0)}: ${series.map((s) => `${s.label} ${show(s.values[cursor], formatValue)}`).join(', ')}`
  return (
    <div>
      <div ref={ref} style={{ position: 'relative' }}>
        <svg
          className="chart"
          width="100%"
          height={height}
          role="img"
          aria-label={`${label}. ${said}`}
          tabIndex={0}
          onKeyDown={onKey}
          onBlur={() => setCursor(null)}
          onPointerLeave={() => setCursor(null)}
          onPointerMove={(event) => {
            const box = event.currentTarget.getBoundingClientRect()
            const index = Math.floor((event.clientX - box.left - PAD.left) / slot)
            setCursor(index >= 0 && index < at.length ? index : null)
          }}
        >
          <defs>
            {series.map(({ key, style }) => (
              <pattern
                key={key}
                id={`${id}-${style}`}
                width="6"
                height="6"
                patternUnits="userSpaceOnUse"
                patternTransform={`rotate(${style * 30})`}
              >
                <rect width="6" height="6" fill={`var(--portreeve-series-${style})`} />
                {style > 1 && <line x1="0" y1="0" x2="0" y2="6" stroke="var(--portreeve-surface)" strokeWidth={1.4} />}
              </pattern>
            ))}
          </defs>
          {steps.map((step) => (
            <g key={step}>
              <line className="grid" x1={PAD.left} x2={PAD.left + inner.width} y1={y(step)} y2={y(step)} />
              <text x={PAD.left - 8} y={y(step) + 4} textAnchor="end">
                {formatValue(step)}
              </text>
            </g>
          ))}
          {labelled(at.length, Math.max(2, Math.floor(inner.width / 80))).map((index) => (
            <text key={index} x={x(index)} y={height - 6} textAnchor="middle">
              {formatTime(at[index] ?? 0)}
            </text>
          ))}
          {cursor !== null && (
            <line
              x1={x(cursor)}
              x2={x(cursor)}
              y1={PAD.top}
              y2={PAD.top + inner.height}
              stroke="var(--portreeve-quiet)"
              strokeDasharray="3 3"
            />
          )}
          {shape === 'bars'
            ? at.map((time, index) => {
                let base = 0
                return (
                  <g key={time}>
                    {series.map(({ key, values, style }) => {
                      const value = values[index] ?? 0
                      const from = base
                      base += value
                      return (
                        value > 0 && (
                          <rect
                            key={key}
                            x={PAD.left + slot * index + Math.min(2, slot * 0.12)}
                            width={Math.max(1, slot - Math.min(4, slot * 0.24))}
                            y={y(base)}
                            height={Math.max(1, y(from) - y(base))}
                            fill={`url(#${id}-${style})`}
                          />
                        )
                      )
                    })}
                  </g>
                )
              })
            : series.map(({ key, values, style, dashed }) => (
                <g key={key}>
                  <path
                    d={linePath(values, x, y)}
                    fill="none"
                    stroke={`var(--portreeve-series-${style})`}
                    strokeWidth={2}
                    strokeLinejoin="round"
                    strokeDasharray={dashed ? '3 4' : DASH[style]}
                  />
                  {values.map((value, index) =>
                    value !== null && values[index - 1] == null && values[index + 1] == null ? (
                      <circle
                        key={at[index]}
                        cx={x(index)}
                        cy={y(value)}
                        r={2.5}
                        fill={`var(--portreeve-series-${style})`}
                      />
                    ) : null,
                  )}
                </g>
              ))}
        </svg>
        {cursor !== null && (
          <div
            className="chart-tip card"
            style={x(cursor) > width / 2 ? { right: width - x(cursor) + 10 } : { left: x(cursor) + 10 }}
          >
            <strong>{formatFull(at[cursor] ?? 0)}</strong>
            {series.map((s) => (
              <div key={s.key} className="chart-tip-line">
                <Swatch style={s.style} shape={shape} dashed={s.dashed} />
                <span>{s.label}</span>
                <b>{show(s.values[cursor], formatValue)}</b>
              </div>
            ))}
          </div>
        )}
      </div>
      <div className="chart-legend">
        {series.map((s) => (
          <span key={s.key} style={{ display: 'inline-flex', alignItems: 'center', gap: 6 }}>
            <Swatch style={s.style} shape={shape} dashed={s.dashed} />
            {s.label}
          </span>
        ))}
        <Button variant="subtle" size="compact-xs" ml="auto" aria-expanded={table} onClick={() => setTable(!table)}>
          {t(table ? 'hideTable' : 'showTable')}
        </Button>
      </div>
      {table && (
        <div
          className="data-table-wrap"
          role="region"
          aria-label={label}
          tabIndex={0}
          style={{ maxHeight: 260, marginTop: 8 }}
        >
          <table className="data-table">
            <thead>
              <tr>
                <th scope="col">{t('time')}</th>
                {series.map((s) => (
                  <th key={s.key} scope="col" className="num">
                    {s.label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {at.map((time, index) => (
                <tr key={time}>
                  <td>{formatFull(time)}</td>
                  {series.map((s) => (
                    <td key={s.key} className="num">
                      {show(s.values[index], formatValue)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  )
}

const show = (value: number | null | undefined, format: (value: number) => string): string =>
  value == null ? '–' : format(value)

function linePath(values: readonly (number | null)[], x: (i: number) => number, y: (v: number) => number): string {
  let path = ''
  let pen = false
  values.forEach((value, index) => {
    if (value === null) {
      pen = false
      return
    }
    path += `${pen ? 'L' : 'M'}${x(index).toFixed(1)} ${y(value).toFixed(1)}`
    pen = true
  })
  return path
}

function Swatch({ style, shape, dashed }: { style: number; shape: 'lines' | 'bars'; dashed?: boolean | undefined }) {
  const color = `var(--portreeve-series-${style})`
  return (
    <svg width="18" height="10" aria-hidden="true">
      {shape === 'lines' ? (
        <line
          x1="0"
          x2="18"
          y1="5"
          y2="5"
          stroke={color}
          strokeWidth="2.5"
          strokeDasharray={dashed ? '3 4' : DASH[style]}
        />
      ) : (
        <>
          <rect width="12" height="10" rx="2" fill={color} />
          {style > 1 && <path d="M2 10L8 0M7 10l5-8" stroke="var(--portreeve-surface)" strokeWidth="1.4" />}
        </>
      )}
    </svg>
  )
}

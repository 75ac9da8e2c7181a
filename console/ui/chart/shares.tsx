import type { ReactNode } from 'react'

export type Share = {
  readonly key: string
  readonly label: ReactNode
  readonly value: number
  readonly shown: string
  readonly note?: ReactNode
}

/** Parts of a whole as bars beside their numbers: a table that is also a picture. */
export function Shares({
  label,
  heads,
  rows,
}: {
  label: string
  heads: readonly [string, string, string]
  rows: readonly Share[]
}) {
  const max = Math.max(1, ...rows.map((row) => row.value))
  return (
    <table className="shares" aria-label={label}>
      <thead>
        <tr>
          <th scope="col">{heads[0]}</th>
          <th scope="col" className="num">
            {heads[1]}
          </th>
          <th scope="col" className="num">
            {heads[2]}
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.key}>
            <td>
              <div className="shares-label">{row.label}</div>
              <div className="shares-bar" style={{ width: `${Math.max(0.5, (row.value / max) * 100)}%` }} />
            </td>
            <td className="num">{row.shown}</td>
            <td className="num quiet">{row.note}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** How much of a bound is used; says it in numbers as well. */
export function Meter({ share, label, tone }: { share: number; label: string; tone?: 'good' | 'warn' | 'bad' }) {
  const width = Math.min(100, Math.max(0, share * 100))
  const state = tone ?? (share >= 1 ? 'bad' : share >= 0.8 ? 'warn' : 'good')
  return (
    <div
      className="meter"
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(width)}
    >
      <div className={`meter-fill ${state}`} style={{ width: `${width}%` }} />
    </div>
  )
}

import type { ReactNode } from 'react'

/** Names and values, in two columns. */
export function Facts({ rows }: { rows: readonly (readonly [name: string, value: ReactNode] | false | null)[] }) {
  return (
    <dl className="facts">
      {rows.map((row) =>
        row ? (
          <div key={row[0]}>
            <dt>{row[0]}</dt>
            <dd>{row[1]}</dd>
          </div>
        ) : null,
      )}
    </dl>
  )
}

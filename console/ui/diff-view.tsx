import { type DiffLine, diffLines } from './diff.ts'

const SIGN: Readonly<Record<DiffLine['kind'], string>> = { same: ' ', added: '+', removed: '−' }

/** Two texts as one, with what goes and what comes told by sign as well as by colour. */
export function DiffView({ before, after, label }: { before: string; after: string; label: string }) {
  return (
    <div className="code-block">
      <pre tabIndex={0} role="region" aria-label={label} style={{ padding: '0.5rem 0', maxHeight: 520 }}>
        {diffLines(before, after).map((line, index) => (
          <div key={index} className={`diff-line ${line.kind}`}>
            <span className="diff-number">{line.before ?? ''}</span>
            <span className="diff-number">{line.after ?? ''}</span>
            <span className="diff-sign">{SIGN[line.kind]}</span>
            {line.text}
          </div>
        ))}
      </pre>
    </div>
  )
}

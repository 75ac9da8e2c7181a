import { Icon, type IconName } from './icons.tsx'

export type Tone = 'good' | 'bad' | 'warn' | 'quiet'

const ICONS: Readonly<Record<Tone, IconName>> = { good: 'check', bad: 'cross', warn: 'warn', quiet: 'minus' }

/** A state told by sign and word; the colour only repeats it. */
export function StatusBadge({ tone, label, icon }: { tone: Tone; label: string; icon?: IconName }) {
  return (
    <span
      className={tone}
      style={{ display: 'inline-flex', alignItems: 'center', gap: 5, fontWeight: 560, whiteSpace: 'nowrap' }}
    >
      <Icon name={icon ?? ICONS[tone]} size={14} />
      {label}
    </span>
  )
}
